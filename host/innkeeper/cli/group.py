"""The group of all commands. A command is imported when it is run, or when its own help is asked for."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from innkeeper.installation.inventory import Index
from innkeeper.remote.commands import Command, all_commands, find_command
from innkeeper.version import VERSION

from .default_group import DefaultGroup
from .main import INTERRUPTED, VERSION_LINE
from .names import COMMANDS, DEFAULT
from .run import Run

HELP = """Access large language models from the command line. Every plugin has its own environment, process and sandbox.

The first prompt is answered by a small model that runs on this machine:

\b
    llm 'Three names for a pet pelican'

More models come with plugins:

\b
    llm install llm-anthropic
    llm keys set anthropic
    llm -m claude-haiku-4.5 'Three names for a pet pelican'

What can be said with a prompt: llm prompt --help
"""


class Commands(DefaultGroup):
    """Finds commands by name, the built-in ones first, then those of plugins; what names none is a prompt."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*COMMANDS, *(command.name for command in _shown(ctx))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = COMMANDS.get(cmd_name)
        if place is not None:
            found: click.Command = getattr(import_module(f"{__package__}.{place.module}"), cmd_name.replace("-", "_"))
            return found
        command = find_command(_index(ctx), COMMANDS, cmd_name)
        if command is None:
            return None
        from .plugin_command import PluginCommand

        return PluginCommand(command)

    def help_lines(self, ctx: click.Context) -> list[tuple[str, str]]:
        return [(name, place.help) for name, place in COMMANDS.items()]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_commands(ctx, formatter)
        rows = [(command.name, command.entry["help"]) for command in _shown(ctx)]
        if rows:
            with formatter.section("Commands of plugins"):
                formatter.write_dl(rows)


def _shown(ctx: click.Context) -> list[Command]:
    """Return the commands of plugins that help lists."""
    commands = all_commands(_index(ctx), COMMANDS)
    return [command for command in commands if not command.hidden_by and not command.entry["hidden"]]


def _index(ctx: click.Context) -> Index:
    run = ctx.find_object(Run)
    assert run is not None
    return run.host.index


def invoke(arguments: list[str], run: Run) -> int:
    """Run the command that *arguments* name; return its exit status. What click itself has to say is shown."""
    try:
        result = group().main(arguments, prog_name="llm", standalone_mode=False, obj=run)
    except click.ClickException as error:
        run.progress.clear()
        error.show()
        return error.exit_code
    except click.Abort:
        run.progress.clear()
        print("Aborted!", file=sys.stderr)
        return INTERRUPTED
    return result if isinstance(result, int) else 0


def group() -> Commands:
    """Return the whole command line."""
    commands = Commands(name="llm", help=HELP, default=DEFAULT)
    return click.version_option(VERSION, message=VERSION_LINE.format("%(version)s"))(commands)
