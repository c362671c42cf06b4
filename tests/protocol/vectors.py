"""Reads the golden vectors of protocol/vectors, as their README describes them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .spec_page import PROTOCOL

FOLDER = PROTOCOL / "vectors"

Vector = dict[str, Any]

asked_for: set[tuple[str, str]] = set()
"""Every file and section that a test took its cases from."""


def section(file: str, name: str) -> list[Any]:
    """Return one section of a file as cases for ``pytest.mark.parametrize``."""
    asked_for.add((file, name))
    return [pytest.param(vector, id=vector_id(vector)) for vector in content(file)[name]]


def content(file: str) -> dict[str, list[Vector]]:
    """Return a whole file."""
    found: dict[str, list[Vector]] = json.loads((FOLDER / file).read_text(encoding="utf-8"))
    return found


def vector_id(vector: Vector) -> str:
    """Return a name for *vector* that no other has in its section."""
    return " ".join(vector[key] for key in ("method", "part", "name") if key in vector)


def bytes_of(vector: Vector) -> bytes:
    """Return the bytes of *vector*, written out or repeated."""
    if "repeat" in vector:
        return bytes.fromhex(vector["repeat"]["bytes"]) * int(vector["repeat"]["times"])
    return bytes.fromhex(vector["bytes"])


def value_of(written: Any) -> Any:
    """Return a value as it is on the wire: ``{"$bytes": "00ff"}`` stands for bytes."""
    if isinstance(written, dict):
        if set(written) == {"$bytes"}:
            return bytes.fromhex(written["$bytes"])
        return {key: value_of(value) for key, value in written.items()}
    if isinstance(written, list):
        return [value_of(value) for value in written]
    return written
