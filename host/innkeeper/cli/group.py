"""The group of all commands. A command is imported when it is run, or when its own help is asked for."""

from __future__ import annotations

from importlib import import_module

import click

from innkeeper.version import VERSION

from .default_group import DefaultGroup
from .main import VERSION_LINE
from .names import COMMANDS, DEFAULT

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
    """Finds commands by name; what names none is a prompt."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        found: click.Command = getattr(import_module(f"{__package__}.{place.module}"), cmd_name.replace("-", "_"))
        return found

    def help_lines(self, ctx: click.Context) -> list[tuple[str, str]]:
        return [(name, place.help) for name, place in COMMANDS.items()]


def group() -> Commands:
    """Return the whole command line."""
    commands = Commands(name="llm", help=HELP, default=DEFAULT)
    return click.version_option(VERSION, message=VERSION_LINE.format("%(version)s"))(commands)
