"""Which command a name means, and what stays within reach though its name is taken."""

from __future__ import annotations

from innkeeper.installation.inventory import Index, InstalledPlugin
from innkeeper.remote.commands import BUILT_IN, all_commands, find_command


def plugin(name: str, *commands: str) -> InstalledPlugin:
    entries = [{"name": command, "help": "", "hidden": False} for command in commands]
    return InstalledPlugin(name=name, version="1.0", commands=entries)


INDEX = Index([plugin("llm-first", "jq", "prompt"), plugin("llm-second", "jq", "cmd")])
OWN = {"prompt": "a built-in command"}


def test_first_installed_wins_and_built_in_commands_win_over_all() -> None:
    found = [(command.plugin.name, command.name, command.hidden_by) for command in all_commands(INDEX, OWN)]

    assert found == [
        ("llm-first", "jq", ""),
        ("llm-first", "prompt", BUILT_IN),
        ("llm-second", "jq", "llm-first"),
        ("llm-second", "cmd", ""),
    ]


def test_name_means_the_command_that_nothing_hides() -> None:
    meant = {name: find_command(INDEX, OWN, name) for name in ("jq", "cmd", "prompt", "ls")}

    assert {name: found and found.plugin.name for name, found in meant.items()} == {
        "jq": "llm-first",
        "cmd": "llm-second",
        "prompt": None,
        "ls": None,
    }


def test_full_name_reaches_a_hidden_one() -> None:
    hidden = [command.full_name for command in all_commands(INDEX, OWN) if command.hidden_by]

    assert hidden == ["plugins run llm-first prompt", "plugins run llm-second jq"]
