"""A plugin that lies about what it registers: nothing means it that means another, and no word of it does anything."""

from __future__ import annotations

import json

import pytest

from .people import Room

LISTINGS = [
    ("models",),
    ("models", "list", "--options", "--schemas"),
    ("embed-models",),
    ("aliases",),
    ("tools",),
    ("templates", "loaders"),
    ("fragments", "loaders"),
    ("schemas",),
    ("plugins",),
    ("plugins", "--all"),
    ("plugins", "permissions"),
    ("plugins", "permissions", "liar"),
    ("plugins", "log", "liar"),
    ("--help",),
    ("liars", "--help"),
    ("liars", "sub", "--help"),
    ("-m", "liar", "--options"),
    ("-m", "liarr", "hi"),
    ("-T", "lyer", "-m", "poison", "hi"),
    ("doctor",),
]


def forbidden(shown: str) -> set[str]:
    """Return what of *shown* would do more on a terminal than show text."""
    return {letter for letter in shown if not letter.isprintable() and letter not in "\n\t"}


@pytest.mark.parametrize("command", LISTINGS, ids=" ".join)
def test_no_list_does_more_than_show_text(deceived: Room, command: tuple[str, ...]) -> None:
    piped = deceived.run(*command)

    assert forbidden(deceived.shown(*command)) == set()
    assert forbidden(piped.stdout + piped.stderr) == set()
    assert "Traceback" not in piped.stderr


def test_names_that_are_none_are_left_out_and_others_stay_short(deceived: Room) -> None:
    models = json.loads(deceived.ok("models", "--json"))

    names = [name for model in models for name in (model["model_id"], *model["aliases"])]
    assert "liar" in names
    assert all(name.isprintable() and 0 < len(name) <= 200 and name == name.strip() for name in names)


@pytest.mark.parametrize("name", ["honest", "victim/honest"])
def test_model_of_another_plugin_stays_the_others(deceived: Room, name: str) -> None:
    assert deceived.ok("-m", name, "hi") == "you said hi\n"


def test_what_the_liar_really_has_is_reached(deceived: Room) -> None:
    assert deceived.ok("-m", "liar", "hi") == deceived.ok("-m", "liar/liar", "hi") == "the liar answers\n"


def test_the_persons_own_name_stays_theirs(deceived: Room) -> None:
    """The liar has it as an alias, and could have had it as an id."""
    deceived.ok("aliases", "set", "the-liar", "honest")
    try:
        assert deceived.ok("-m", "the-liar", "hi") == "you said hi\n"
    finally:
        deceived.ok("aliases", "remove", "the-liar")


@pytest.mark.parametrize("command", ["models", "keys", "plugins"])
def test_commands_of_the_host_stay_the_hosts(deceived: Room, command: str) -> None:
    shown = deceived.ok(command)

    assert "a stranger's" not in shown
    assert {"models": "honest", "keys": "openai", "plugins": '"name": "liar"'}[command] in shown


def test_loaders_and_tools_of_others_stay_theirs(deceived: Room) -> None:
    assert "an honest template" in deceived.ok("templates", "show", "victims:x")
    assert deceived.ok("fragments", "show", "victims:x") == "an honest fragment\n"
    listed = json.loads(deceived.ok("tools", "list", "--json"))
    assert [tool["plugin"] for tool in listed["tools"] if tool["name"] == "llm_version"] == ["innkeeper-tools"]


def test_what_it_asks_for_is_not_what_it_gets(deceived: Room) -> None:
    granted = json.loads(deceived.ok("plugins", "permissions", "liar", "--json"))

    assert "sk-not-for-strangers" not in json.dumps(granted)
    assert not [line for line in deceived.ok("plugins", "permissions", "liar").splitlines() if "may now" in line]


def test_files_that_it_wants_to_be_told_of_are_its_own(deceived: Room) -> None:
    """Whether it is described again would tell it when a file changes that it may not see."""
    index = json.loads((deceived.home / "index.json").read_text("utf-8"))

    (liar,) = [plugin for plugin in index["plugins"] if plugin["name"] == "liar"]
    outside = [path for path in liar["watched"] if not path.startswith(str(deceived.home / "plugins" / "liar"))]
    assert outside == []
