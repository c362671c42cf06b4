"""What the protocol's package promises to those who install it, and to an interrupt."""

from __future__ import annotations

import ast
import re

import pytest

from .imports import REPOSITORY, source_files

OLDEST_PYTHON = (3, 10)
"""What may run a plugin: its environment has the protocol and the SDK in it."""


@pytest.mark.parametrize("folder", ["protocol/innkeeper_protocol", "plugin_sdk/innkeeper_sdk", "plugin_sdk/llm"])
def test_what_runs_in_a_plugins_environment_parses_on_the_oldest_python(folder: str) -> None:
    for path in source_files(folder):
        ast.parse(path.read_text(encoding="utf-8"), str(path), feature_version=OLDEST_PYTHON)


def test_locks_of_a_peer_are_taken_by_with_only() -> None:
    """Ctrl-C raises between ``acquire()`` and ``try``, and the lock is held for ever; it cannot do so in a ``with``.

    What threads sleep on is no such lock, and the flusher, whose thread gets no signals, may try for one.
    """
    found = {
        f"{path.name}: {ast.unparse(node.func)}"
        for path in source_files("protocol/innkeeper_protocol/peer")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "acquire"
    }
    assert found == {"coalescing.py: self._sending.acquire", "reading.py: asleep.acquire", "waiting.py: asleep.acquire"}


def test_readme_names_every_room_of_the_protocol() -> None:
    readme = (REPOSITORY / "protocol/README.md").read_text(encoding="utf-8")
    table = readme.split("| module | what |", 1)[1]
    named = {name.strip("/") for name in re.findall(r"`([a-z_/]+?)`", table)}
    package = REPOSITORY / "protocol/innkeeper_protocol"
    rooms = {path.stem for path in package.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert rooms - named == {"__init__", "version"}


def test_every_module_says_which_rules_it_serves_or_has_none() -> None:
    """The core is written rule by rule: who reads a module finds its rules in SPEC.md."""
    core = ("framing", "messages", "codec", "values", "streams", "connection", "negotiation")
    for name in core:
        text = (REPOSITORY / f"protocol/innkeeper_protocol/{name}.py").read_text(encoding="utf-8")
        assert "Source: SPEC.md " in (ast.get_docstring(ast.parse(text)) or ""), name
