"""``llm plugins permissions``, ``allow`` and ``deny``: what each plugin may touch is the person's to say."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from innkeeper.errors import UsageError
from innkeeper.untrusted import one_line

from .grant_options import grant_options, grants_of
from .grant_words import allow_command, in_words
from .options import json_option
from .permission_question import say_allowed
from .run import Run

if TYPE_CHECKING:
    from innkeeper.confinement.grants import Grants
    from innkeeper.installation.inventory import InstalledPlugin

PIPED_COLUMNS = 200
"""Where nobody's window bounds the table: wide enough that no line of most is broken."""


@click.command()
@click.argument("name")
@grant_options()
@click.option("--trust", is_flag=True, help="Run this plugin unconfined, with all that you may do")
@click.option("--without-sandbox", is_flag=True, help="Run it unconfined where this machine cannot confine it")
@click.option("--once", is_flag=True, help="For its next run only")
@click.pass_obj
def allow(run: Run, /, name: str, *, trust: bool, without_sandbox: bool, once: bool, **asked: Any) -> None:
    """Allow a plugin to touch something

    \b
        llm plugins allow llm-anthropic --net api.anthropic.com --key anthropic
        llm plugins allow llm-jq --run jq
    """
    from innkeeper.confinement import granting
    from innkeeper.installation.permission_request import variables_of

    plugin = run.host.plugin(name)
    more = grants_of(**asked)._replace(trust=trust, no_sandbox=without_sandbox)
    more = granting.checked(run.home, more._replace(key_variables=variables_of(run.home, plugin, more.keys)))
    if not any(more):
        raise UsageError("There is nothing to allow.", hint="Name what the plugin may touch: llm plugins allow --help")
    change = granting.allow_once if once else granting.allow
    change(run.home, plugin.name, plugin.source, more)
    say_allowed(run, plugin, more, once=once)
    if not once and plugin.is_ready:
        run.refresh(plugin)
    for path in granting.not_there(more):
        click.echo(f"Note: there is nothing at {path} yet. Make it, or allow the folder that it is to be in.", err=True)


@click.command()
@click.argument("name")
@grant_options()
@click.option("--trust", is_flag=True, help="Confine it again")
@click.option("--without-sandbox", is_flag=True, help="Do not run it where this machine cannot confine it")
@click.option("--all", "all_", is_flag=True, help="Everything that it was allowed")
@click.pass_obj
def deny(run: Run, /, name: str, *, trust: bool, without_sandbox: bool, all_: bool, **asked: Any) -> None:
    """Take back what a plugin was allowed

    \b
        llm plugins deny llm-anthropic --net api.anthropic.com
        llm plugins deny llm-anthropic --all
    """
    from innkeeper.confinement import granting
    from innkeeper.confinement.grants import read
    from innkeeper.storage.audit import record

    plugin = run.host.plugin(name)
    typed = grants_of(**asked)._replace(trust=trust, no_sandbox=without_sandbox)
    if not all_ and not any(typed):
        raise UsageError("There is nothing to deny.", hint=f"To take back all: llm plugins deny {plugin.name} --all")
    granted = read(run.home.grants_file(plugin.name), plugin.name, plugin.source)
    gone = granted if all_ else _with_variables(run, plugin, granted, granting.held_of(granted, typed))
    if not granting.deny(run.home, plugin.name, plugin.source, None if all_ else gone):
        raise UsageError(
            f"{plugin.name} was not allowed that.", hint=f"What it may: llm plugins permissions {plugin.name}"
        )
    for line in in_words(gone):
        click.echo(f"{plugin.name} may no longer {line}", err=True)
    record(run.home, plugin.name, "denied", grants=gone.as_fields())
    if plugin.is_ready:
        run.refresh(plugin)


def _with_variables(run: Run, plugin: InstalledPlugin, granted: Grants, gone: Grants) -> Grants:
    """Return *gone* with the variables that may hold a key of it, and none of those that are kept."""
    from innkeeper.installation.permission_request import variables_of

    kept = variables_of(run.home, plugin, [key for key in granted.keys if key not in gone.keys])
    variables = variables_of(run.home, plugin, gone.keys)
    return gone._replace(key_variables=tuple(name for name in variables if name not in kept))


@click.command()
@click.argument("name", required=False)
@json_option
@click.pass_obj
def permissions(run: Run, name: str | None, *, json_: bool) -> None:
    """Show what plugins may touch, and what they ask for

    \b
        llm plugins permissions
        llm plugins permissions llm-anthropic
    """
    host = run.host
    chosen = [host.plugin(name)] if name else host.index.plugins
    found = [_Permissions(run, plugin) for plugin in chosen]
    if json_:
        click.echo(json.dumps({"plugins": [one.as_json() for one in found]}, indent=2))
        return
    shown = found if name else [one for one in found if not one.plugin.is_default or any(one.granted)]
    if not shown:
        click.echo("No plugins are installed. Those that come with Innkeeper: llm plugins --all")
        return
    _show_table(shown)
    for one in shown:
        if any(one.open):
            click.echo(f"\nTo allow what {one.plugin.name} asks for: {allow_command(one.plugin.name, one.open)}")


class _Permissions:
    """What *plugin* may, in *granted*; what it asked for, in *request*, and of that what it may not, in *open*."""

    def __init__(self, run: Run, plugin: InstalledPlugin) -> None:
        from innkeeper.confinement.granting import allowed_once
        from innkeeper.installation.permission_request import requested

        self.plugin = plugin
        self.granted = run.host.granted(plugin)
        self.once = allowed_once(run.home, plugin.name, plugin.source)
        self.request = requested(run.home, plugin)
        self.open = self.request.grants.beyond(self.granted)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.plugin.name,
            "source": self.plugin.source,
            "granted": self.granted.as_fields(),
            "granted_once": self.once.as_fields(),
            "requested": self.request.grants.as_fields(),
            "is_guess": self.request.is_guess,
            "reason": self.request.reason,
            "not_granted": self.open.as_fields(),
        }

    def lines(self) -> list[str]:
        """Return what it may, in words."""
        return in_words(self.granted) + [f"in its next run: {line}" for line in in_words(self.once)]


def _show_table(shown: list[_Permissions]) -> None:
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    columns = (Column(name, overflow="fold") for name in ("plugin", "may", "asks for, and may not"))
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for one in shown:
        guess = " (a guess)" if one.request.is_guess else ""
        wanted = [f"{line}{guess}" for line in in_words(one.open)]
        whose = f"{one.plugin.name}\nfrom {one_line(one.plugin.source)}"
        table.add_row(*map(Text, (whose, "\n".join(one.lines()) or "nothing", "\n".join(wanted))))
    Console(width=None if sys.stdout.isatty() else PIPED_COLUMNS).print(table)
