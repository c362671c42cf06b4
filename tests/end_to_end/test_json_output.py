"""``--json``, as host/README.md documents it: whoever reads a field there finds it in what is printed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .inn import Inn
from .plugin_source import write_plugin
from .recorder_plugin import RECORDER

README = (Path(__file__).parents[2] / "host" / "README.md").read_text("utf-8")

EMBEDDER = """
import llm

@llm.hookimpl
def register_embedding_models(register):
    register(Length())

class Length(llm.EmbeddingModel):
    model_id = "length"
    def embed_batch(self, items):
        for item in items:
            yield [float(len(item)), 1.0]
"""

Fields = tuple[set[str], set[str]]
"""Those that are always there, and those that may be."""


def documented() -> dict[str, tuple[str, Fields]]:
    """Return by command whether it prints a list or an object, and its fields."""
    rows = re.findall(r"^\| (`llm .*--json`) \| (a list|an object)(.*) \|$", README, re.MULTILINE)
    found = {}
    for commands, kind, text in rows:
        always, _, sometimes = text.partition("; ")
        fields = set(re.findall(r"`(\w+)`", always)), set(re.findall(r"`(\w+)`", sometimes))
        for command in re.findall(r"`llm (.*?) --json`", commands):
            found[command] = (kind, fields)
    return found


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inn]:
    """A home with something in it for each command to list."""
    folder = tmp_path_factory.mktemp("filled")
    inn = Inn(folder / "home")
    inn.ok("install", write_plugin(folder, "recorder", RECORDER), write_plugin(folder, "embedder", EMBEDDER))
    (folder / "notes.txt").write_text("notes")
    inn.ok("-m", "recorder", "--schema", "name str", "-f", str(folder / "notes.txt"), "hi")
    inn.ok("embed", "words", "1", "-m", "length", "-c", "word")
    return inn


@pytest.mark.parametrize("command", sorted(documented()))
def test_command_prints_what_is_documented(filled: Inn, command: str) -> None:
    kind, (always, sometimes) = documented()[command]
    question = ["-m", "recorder", "hi"] if command == "prompt" else []
    options = ["--all"] if command == "plugins list" else []

    printed: Any = json.loads(filled.ok(*command.split(), *options, *question, "--json"))

    assert isinstance(printed, list if kind == "a list" else dict)
    assert printed, "there is something to be looked at"
    for one in printed if isinstance(printed, list) else [printed] if always else []:
        assert always <= set(one) <= always | sometimes


def test_no_command_with_json_is_left_out() -> None:
    from click import Context
    from innkeeper.cli.group import group
    from innkeeper.cli.names import COMMANDS

    found = set()
    context = Context(group())
    for name in COMMANDS:
        command = context.command.get_command(context, name)  # type: ignore[attr-defined]  # it is a group
        for path, one in [
            (name, command),
            *((f"{name} {sub}", it) for sub, it in getattr(command, "commands", {}).items()),
        ]:
            if any("--json" in parameter.opts for parameter in one.params):
                found.add(path)

    assert found == set(documented())


def test_failure_is_one_object_with_the_documented_fields(filled: Inn) -> None:
    outcome = filled.run("plugins", "permissions", "nobody", "--json")

    assert outcome.status == 1
    (error,) = json.loads(outcome.stdout).values()
    assert set(error) == set(re.findall(r'"(\w+)"', re.findall(r'`\{"error": (\{.*?\})\}`', README)[0]))
