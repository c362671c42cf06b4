"""The command line, held against the real `llm`: whatever command, option and argument that has, this has as well."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
from innkeeper.cli.default_group import DefaultGroup
from innkeeper.cli.group import Commands, group
from innkeeper.cli.names import COMMANDS
from innkeeper.cli.openai_endpoint import endpoint
from innkeeper.installation.defaults import shipped_manifest_file

COMMANDS_OF_THE_REAL_ONE = """
import click, json
from llm.cli import cli

def told(command, context):
    parameters = command.get_params(context)
    yield context.command_path, {
        "default": getattr(command, "default_cmd_name", None),
        "options": {
            name: [parameter.is_flag, parameter.nargs, parameter.envvar]
            for parameter in parameters if isinstance(parameter, click.Option)
            for name in (*parameter.opts, *parameter.secondary_opts)
        },
        "arguments": [
            [parameter.nargs, parameter.required] for parameter in parameters if isinstance(parameter, click.Argument)
        ],
    }
    for name in command.list_commands(context) if isinstance(command, click.Group) else ():
        child = command.get_command(context, name)
        yield from told(child, click.Context(child, info_name=name, parent=context))

print(json.dumps(dict(told(cli, click.Context(cli, info_name="llm")))))
"""

Told = dict[str, Any]


def ours(command: click.Command, context: click.Context) -> Iterator[tuple[str, Told]]:
    """Yield what the program above tells of each command, of one of ours and those below it."""
    default = command.default if isinstance(command, DefaultGroup) else None
    parameters = command.get_params(context)
    yield (
        context.command_path,
        {
            "default": default,
            "options": {
                name: [parameter.is_flag, parameter.nargs, parameter.envvar]
                for parameter in parameters
                if isinstance(parameter, click.Option)
                for name in (*parameter.opts, *parameter.secondary_opts)
            },
            "arguments": [[one.nargs, one.required] for one in parameters if isinstance(one, click.Argument)],
        },
    )
    names = COMMANDS if isinstance(command, Commands) else getattr(command, "commands", ())
    for name in names:
        child = command.get_command(context, name) if isinstance(command, click.Group) else None
        assert child is not None
        yield from ours(child, click.Context(child, info_name=name, parent=context))


def of_the_plugin(command: dict[str, Any], path: str) -> Iterator[tuple[str, Told]]:
    """Yield the same of a command of a plugin, from its manifest."""
    parameters = command.get("parameters", [])
    yield (
        path,
        {
            "options": {
                name: [one.get("is_flag", False), len(one["metavar"].split()), None]
                for one in parameters
                if one["kind"] == "option"
                for name in one["declarations"]
            },
            "arguments": [[1, one.get("required", False)] for one in parameters if one["kind"] == "argument"],
        },
    )
    for child in command.get("commands", []):
        yield from of_the_plugin(child, f"{path} {child['name']}")


def test_no_command_option_or_argument_of_the_real_one_is_missing(real: Callable[..., str]) -> None:
    theirs: dict[str, Told] = json.loads(real(COMMANDS_OF_THE_REAL_ONE))
    whole = group()
    have = dict(ours(whole, click.Context(whole, info_name="llm")))
    manifest = json.loads(Path(shipped_manifest_file("innkeeper-openai")).read_text("utf-8"))
    have |= of_the_plugin(manifest["commands"][0], "llm openai")
    have |= ours(endpoint, click.Context(endpoint, info_name="llm openai endpoint"))  # described there, run by us

    assert len(theirs) > 60
    assert theirs.keys() - have.keys() == set()
    missing = {path: _missing(told, path, have) for path, told in theirs.items()}
    assert {path: lacks for path, lacks in missing.items() if lacks} == {}


def _missing(told: Told, path: str, have: dict[str, Told]) -> list[Any]:
    """Return what *told* has of the command at *path*, and ours has not, or otherwise."""
    found = have[path]
    options, default = found["options"], found.get("default")
    if default and not told["default"]:  # `llm plugins` lists, and has commands beside
        options = {**options, **have[f"{path} {default}"]["options"]}
    lacks: list[Any] = [
        [name, wanted] for name, wanted in told["options"].items() if name != "--help" and options.get(name) != wanted
    ]
    if told["default"] not in (None, default):
        lacks.append(told["default"])
    if told["arguments"] != found["arguments"]:
        lacks.append([told["arguments"], found["arguments"]])
    return lacks
