"""Reads a wheel, or the place where one was installed, without running anything of it."""

from __future__ import annotations

import configparser
import csv
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from email.parser import HeaderParser

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Pep508
from packaging.utils import InvalidName, canonicalize_name
from packaging.version import InvalidVersion, Version

from innkeeper.errors import InstallError

from .inventory import canonical_name

GROUP = "llm"
"""The entry points that make a distribution a plugin."""

MOST_METADATA_BYTES = 16 * 1024 * 1024
"""No honest METADATA, RECORD or entry_points.txt is larger."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """What a distribution says of itself. *entry_points* are those of the group ``llm``: name to ``module:object``.

    *files* are its paths as RECORD has them. *requires* are the canonical names of what it depends on, *extras* those
    of what one may ask for with it.
    """

    name: str
    version: str
    requires_python: str
    requires: frozenset[str]
    requirements: tuple[str, ...]
    entry_points: dict[str, str]
    files: tuple[str, ...]
    extras: frozenset[str] = frozenset()


def read_wheel(path: str) -> Distribution:
    """Return what the wheel at *path* says. Raises InstallError for a file that is no wheel."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            folder = _dist_info([name.partition("/")[0] for name in names], path)

            def read(name: str) -> str | None:
                entry = f"{folder}/{name}"
                if entry not in names:
                    return None
                if archive.getinfo(entry).file_size > MOST_METADATA_BYTES:
                    raise InstallError(f"{os.path.basename(path)} has a {name} that is too large to be honest.")
                return archive.read(entry).decode("utf-8", "replace")

            return _distribution(read, path)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        raise InstallError(f"{os.path.basename(path)} cannot be read as a wheel.", why=str(error)) from error


def read_installed(site_packages: str, name: str) -> Distribution | None:
    """Return what the distribution *name* in *site_packages* says, or None when it is not there."""
    for folder in sorted(os.listdir(site_packages)):
        stem = folder.removesuffix(".dist-info")
        if stem == folder or canonical_name(stem.rpartition("-")[0]) != name:
            continue

        def read(file_name: str, folder: str = folder) -> str | None:
            try:
                with open(os.path.join(site_packages, folder, file_name), encoding="utf-8", errors="replace") as file:
                    return file.read(MOST_METADATA_BYTES)
            except FileNotFoundError:
                return None

        return _distribution(read, folder)
    return None


def _dist_info(top_level: list[str], path: str) -> str:
    folders = {name for name in top_level if name.endswith(".dist-info")}
    if len(folders) != 1:
        raise InstallError(f"{os.path.basename(path)} is no wheel: it has {len(folders)} .dist-info folders, not one.")
    return folders.pop()


def _distribution(read: Callable[[str], str | None], path: str) -> Distribution:
    metadata = HeaderParser().parsestr(read("METADATA") or "")
    name, version = str(metadata.get("Name", "")).strip(), str(metadata.get("Version", "")).strip()
    try:
        name, version = canonicalize_name(name, validate=True), str(Version(version))
    except (InvalidName, InvalidVersion) as error:
        raise InstallError(
            f"{os.path.basename(path)} does not say which distribution it is.", why=ascii(error)
        ) from error
    requirements = tuple(str(text) for text in metadata.get_all("Requires-Dist", []))
    return Distribution(
        name=name,
        version=version,
        requires_python=str(metadata.get("Requires-Python", "")).strip(),
        requires=frozenset(_names(requirements)),
        requirements=requirements,
        entry_points=_entry_points(read("entry_points.txt") or ""),
        files=_files(read("RECORD") or ""),
        extras=frozenset(canonical_name(str(name).strip()) for name in metadata.get_all("Provides-Extra", [])),
    )


def _files(record: str) -> tuple[str, ...]:
    try:
        return tuple(row[0] for row in csv.reader(record.splitlines()) if row)
    except csv.Error:
        return ()  # uv, which needs it, says what is wrong


def _names(requirements: tuple[str, ...]) -> list[str]:
    names = []
    for text in requirements:
        try:
            names.append(canonical_name(Pep508(text).name))
        except InvalidRequirement:
            continue  # uv says so, in context, when it matters
    return names


def _entry_points(text: str) -> dict[str, str]:
    parser = configparser.RawConfigParser(delimiters=("=",), strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # the documented way to keep the case
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    return dict(parser.items(GROUP)) if parser.has_section(GROUP) else {}
