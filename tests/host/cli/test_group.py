"""What the arguments mean before anything runs: whose help is asked for, and which plugin is going to be needed."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import click
import pytest
from innkeeper.cli.early import asks_model
from innkeeper.cli.names import COMMANDS
from innkeeper.cli.plugin_command import help_asked_for
from innkeeper_protocol.payloads.commands import CommandInfo, ParameterInfo

HELP_LINE = "Options:\n  -h, --help  Show this message and exit."
SET = CommandInfo(
    name="set",
    full_help=HELP_LINE,
    parameters=(
        ParameterInfo(name="value", kind="argument", declarations=("value",)),
        ParameterInfo(name="unit", kind="option", declarations=("-u", "--unit")),
        ParameterInfo(name="fast", kind="option", declarations=("--fast",), is_flag=True),
    ),
)
WRAP = CommandInfo(name="wrap", full_help=HELP_LINE, interspersed=False)
BARE = CommandInfo(name="bare", full_help="Usage: llm tool bare\n\n  Takes --help as any other word.")
HOST = CommandInfo(name="host", full_help="Options:\n  -h, --host TEXT  Where\n  --help  Show this message and exit.")
TOOL = CommandInfo(
    name="tool", full_help=HELP_LINE, is_group=True, interspersed=False, commands=(SET, WRAP, BARE, HOST)
)


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("--help", "tool"),
        ("-h", "tool"),
        ("--help set", "tool"),
        ("set --help", "set"),
        ("set 5 --fast --help", "set"),
        ("set -u cm -h", "set"),
        ("set --unit=cm 5 --help", "set"),
        ("wrap --help", "wrap"),
        ("host --help", "host"),
        ("set 5", None),
        ("", None),
    ],
)
def test_help_is_that_of_the_command_it_stands_behind(typed: str, asked: str | None) -> None:
    found = help_asked_for(TOOL, typed.split())

    assert (found.name if found else None) == asked


@pytest.mark.parametrize(
    "typed", ["set --unit --help", "set -- --help", "wrap git --help", "bare --help", "host -h", "unheard-of --help"]
)
def test_what_may_mean_something_else_is_left_to_the_plugin(typed: str) -> None:
    assert help_asked_for(TOOL, typed.split()) is None


@pytest.mark.parametrize(
    ("typed", "model"),
    [
        ("hi", ""),
        ("hi -m echo", "echo"),
        ("--model=echo hi", "echo"),
        ("prompt -mecho hi", "echo"),
        ("chat -m echo", "echo"),
        ("hi -- -m echo", ""),
        ("hi -t terse", None),
        ("-c more", None),
        ("hi --help", None),
    ],
)
def test_model_of_a_prompt_is_guessed_from_its_arguments(typed: str, model: str | None) -> None:
    assert asks_model(typed.split()) == model


ON_THE_WAY_TO_A_START = """
import innkeeper.cli.early, innkeeper.confinement.grants, innkeeper.confinement.tier, innkeeper.installation.fingerprint
import innkeeper.installation.generation, innkeeper.process.launch, innkeeper.remote.commands, innkeeper.remote.host
from innkeeper.paths import find_home
find_home({})
import sys
print(*sorted({"click", "dataclasses", "inspect", "msgspec", "pathlib", "platformdirs", "subprocess"} & {*sys.modules}))
"""


def test_plugin_is_started_before_anything_heavy_is_imported() -> None:
    """Each of these takes longer to import than all of ours up to the start together."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", ON_THE_WAY_TO_A_START], capture_output=True, text=True, timeout=60, check=True
    )

    assert done.stdout == "\n"


def test_lines_of_the_list_are_those_of_the_commands() -> None:
    """The list is kept apart, so that ``llm --help`` imports no command."""
    for name, place in COMMANDS.items():
        command = getattr(import_module(f"innkeeper.cli.{place.module}"), name.replace("-", "_"))
        assert isinstance(command, click.Command)
        assert place.help == command.get_short_help_str(100).rstrip("."), name
