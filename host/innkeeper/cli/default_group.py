"""A group with a command that is meant when none is named: ``llm models`` lists, ``llm TEXT`` prompts."""

from __future__ import annotations

from typing import Any

import click

CONTEXT = {"help_option_names": ["-h", "--help"]}


class DefaultGroup(click.Group):
    """*default* is the name of that command."""

    def __init__(self, *args: Any, default: str, **settings: Any) -> None:
        settings.setdefault("context_settings", CONTEXT)
        super().__init__(*args, **settings)
        self.default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own = {name for parameter in self.get_params(ctx) for name in parameter.opts}
        if not args or (args[0].startswith("-") and args[0].partition("=")[0] not in own):
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if self.get_command(ctx, args[0]) is None:
            args = [self.default, *args]
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(f"{name}*" if name == self.default else name, text) for name, text in self.help_lines(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def help_lines(self, ctx: click.Context) -> list[tuple[str, str]]:
        """Return the name and the line of each command, for the group's help."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        return [(name, command.get_short_help_str(60)) for name, command in commands if command and not command.hidden]
