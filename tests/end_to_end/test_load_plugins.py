"""LLM_LOAD_PLUGINS: which of the installed plugins a run may use. What it leaves out is not started, not even read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .inn import Inn

HELLO = ("-m", "markov", "-o", "length", "2", "-o", "delay", "0", "hello there")


def loading(names: str) -> dict[str, dict[str, str]]:
    return {"environment": {"LLM_LOAD_PLUGINS": names}}


def listed(inn: Inn, names: str, *options: str) -> list[str]:
    return [plugin["name"] for plugin in json.loads(inn.ok("plugins", *options, **loading(names)))]


@pytest.mark.parametrize(
    ("names", "plugins"),
    [("", []), ("llm-markov", ["llm-markov"]), ("llm-echo,llm-markov", ["llm-markov", "llm-echo"])],
)
def test_only_named_plugins_are_there(published: Inn, names: str, plugins: list[str]) -> None:
    assert listed(published, names) == plugins
    models = published.ok("models", **loading(names))
    assert [name for name in ("markov", "echo") if name in models] == [name.removeprefix("llm-") for name in plugins]


def test_default_plugins_are_there_all_the_same(published: Inn) -> None:
    assert "innkeeper-local" in listed(published, "", "--all")


def test_named_plugin_answers_and_another_does_not_exist(published: Inn) -> None:
    assert published.ok(*HELLO, **loading("llm-markov"))
    assert published.fails(*HELLO, **loading("llm-echo")).startswith("Error: Unknown model: markov\n")
    assert published.fails("plugins", "log", "markov", **loading("")) == (
        "Error: Plugin 'markov' is installed, but LLM_LOAD_PLUGINS leaves it out.\n"
    )


def test_unknown_name_is_reported_and_the_rest_goes_on(published: Inn) -> None:
    outcome = published.run(*HELLO, **loading("llm-nothing,llm-markov"))

    assert outcome.status == 0
    assert outcome.stdout.split()
    assert outcome.stderr == "Warning: LLM_LOAD_PLUGINS names 'llm-nothing', and no such plugin is installed.\n"


def test_commands_of_others_are_prompts_again(commands: Inn) -> None:
    assert commands.ok("my-command", **loading("commander")) == "Command output\n"
    assert commands.ok("my-command", **loading("shadow")) == "the other one None\n"
    assert "my-command" not in commands.ok("--help", **loading("parrot"))
    assert commands.ok("-m", "parrot", "my-command", **loading("parrot")) == "you said my-command\n"


def test_plugin_that_is_left_out_is_not_read(commands: Inn, tmp_path: Path) -> None:
    """Only the index is here, so whatever of a plugin is read is missing."""
    (tmp_path / "index.json").write_bytes((commands.home / "index.json").read_bytes())
    inn = Inn(tmp_path)

    assert "What plugin 'parrot' registers cannot be read" in inn.fails("models", "--options", **loading("parrot"))
    assert "smollm2" in inn.ok("models", "--options", **loading(""))
