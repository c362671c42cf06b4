"""Commands of plugins on the command line: their help comes from what the plugin said when it was installed, and only
running one starts its plugin. ``llm plugins run`` reaches those whose name means another command.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from innkeeper.errors import UsageError
from innkeeper.remote import commands
from innkeeper.remote.commands import BUILT_IN, Command

from .names import COMMANDS, ENDPOINT
from .options import sandbox_option
from .run import Run

if TYPE_CHECKING:
    from innkeeper_protocol.payloads.commands import CommandInfo

    from innkeeper.installation.inventory import InstalledPlugin

PROGRAM = "llm"

VERBATIM = {"ignore_unknown_options": True, "allow_interspersed_args": False, "help_option_names": []}
"""Settings with which click hands all that was typed to the plugin, whose own click reads it."""


class PluginCommand(click.Command):
    """*command*, called from *program*. Its arguments are not read here."""

    def __init__(self, command: Command, program: str = PROGRAM) -> None:
        super().__init__(command.name, short_help=command.entry["help"], context_settings=VERBATIM)
        self._command = command
        self._program = program

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.args = args
        return args

    def invoke(self, ctx: click.Context) -> Any:
        """Run it, or show its help; return the exit status."""
        run = ctx.find_object(Run)
        assert run is not None
        return _run(run, self._command, ctx.args, self._program)


@click.command(name="run", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("name")
@click.argument("command_name", metavar="COMMAND")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@sandbox_option
@click.pass_obj
def run_plugin_command(run: Run, name: str, command_name: str, arguments: tuple[str, ...]) -> int:
    """Run a command of a plugin, also one whose name is taken

    \b
        llm plugins run llm-jq jq --help
    """
    plugin = run.host.plugin(name)
    own = [one for one in commands.all_commands(run.host.index, COMMANDS) if one.plugin is plugin]
    command = next((one for one in own if one.name == command_name), None)
    if command is None:
        listed = ", ".join(one.name for one in own)
        raise UsageError(
            f"Plugin '{plugin.name}' has no command '{command_name}'.",
            hint=f"It has: {listed}" if listed else "It has none at all.",
        )
    return _run(run, command, arguments, f"{PROGRAM} plugins run {plugin.name}")


def hidden_commands(run: Run, plugin: InstalledPlugin) -> list[Command]:
    """Return the commands of *plugin* whose name means another command."""
    every = commands.all_commands(run.host.index, COMMANDS)
    return [command for command in every if command.plugin.name == plugin.name and command.hidden_by]


def about_hidden(command: Command) -> str:
    """Say in a sentence what hides *command*, and how to run it all the same."""
    other = "the built-in one" if command.hidden_by == BUILT_IN else f"that of {command.hidden_by}"
    return f"its command '{command.name}' is hidden by {other}; to run it: {PROGRAM} {command.full_name}"


def _run(run: Run, command: Command, arguments: Sequence[str], program: str) -> int:
    if any(argument in HELP_OPTIONS for argument in arguments):
        info = commands.command_info(run.host, command)
        asked = info and help_asked_for(info, arguments)
        if asked:
            click.echo(asked.full_help.replace(f"Usage: {PROGRAM} ", f"Usage: {program} ", 1))
            return 0
    if command.plugin.is_default and (command.plugin.name, command.name, *arguments[:1]) == ENDPOINT:
        from .openai_endpoint import Endpoint

        return Endpoint(run, command, program).main(arguments[1:])
    try:
        ended = commands.run_command(run.host, command, arguments, lend=run.progress.lend, program=program)
    finally:
        run.progress.take_back()
    if ended.changed:
        run.refresh(command.plugin)
    return ended.exit_code


HELP_OPTIONS = ("--help", "-h")


def help_asked_for(info: CommandInfo, arguments: Sequence[str]) -> CommandInfo | None:
    """Return the command, *info* or one below it, whose help *arguments* ask for.

    None where they ask for none, or where only the plugin can tell: then it is started, and answers itself.
    """
    names = _help_options(info)
    with_value = {
        declaration
        for parameter in info.parameters
        if parameter.kind == "option" and not parameter.is_flag
        for declaration in parameter.declarations
    }
    before = ""
    for number, argument in enumerate(arguments):
        is_value = before in with_value
        if is_value and argument in names:
            return None
        if argument in names:
            return info
        if argument == "--":
            return None
        if not argument.startswith("-") and not is_value:
            child = next((one for one in info.commands if one.name == argument), None)
            if child is not None:
                return help_asked_for(child, arguments[number + 1 :])
            if not info.interspersed:
                return None
        before = argument
    return None


def _help_options(info: CommandInfo) -> set[str]:
    """Return the options that ask *info* for its help: a command may mean something else by ``-h``, or have none."""
    lines = (line.strip().split("  ")[0].split(", ") for line in info.full_help.split("\n"))
    return {option for options in lines if "--help" in options for option in options if option in HELP_OPTIONS}
