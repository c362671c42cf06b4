"""SECURITY.md names a test for each promise: the test is there, under that name."""

from __future__ import annotations

import ast
import re

from .imports import REPOSITORY

PAGE = (REPOSITORY / "SECURITY.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[^`\s:]+)(?:::(\w+))?`", PAGE)


def functions_in(path: str) -> set[str]:
    tree = ast.parse((REPOSITORY / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def rows_of_promises() -> list[list[str]]:
    promised = PAGE.partition("## What is promised")[2].partition("## What is not promised")[0]
    rows = [line.strip("|").split(" | ") for line in promised.splitlines() if line.startswith("|")]
    return [row for row in rows if set(row[0]) - set(" -|") and "because" not in row[0]]


def test_every_test_that_is_named_exists() -> None:
    assert len(NAMED) > 50
    missing = [f"{path}::{name}" for path, name in NAMED if not (REPOSITORY / path).exists()]
    missing += [f"{path}::{name}" for path, name in NAMED if name and name not in functions_in(path)]
    assert missing == []


def test_every_promise_names_its_mechanism_and_a_test() -> None:
    rows = rows_of_promises()

    assert len(rows) > 25
    for what, because, held_by in rows:
        assert what.strip()
        assert because.strip()
        assert "tests/" in held_by or held_by.strip() == "the same two", what
