"""``llm plugins refresh``: have plugins say anew what they register, where that hangs on a server or on files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from innkeeper.errors import InnkeeperError
from innkeeper.untrusted import one_line

from .options import sandbox_option
from .run import Run

if TYPE_CHECKING:
    from innkeeper.installation.inventory import InstalledPlugin

LETTERS = 300
"""Of a list of names, and of a problem."""


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@sandbox_option
@click.pass_obj
def refresh(run: Run, names: tuple[str, ...]) -> int:
    """Ask plugins anew what they register: all, or those named

    \b
        llm plugins refresh llm-ollama
    """
    chosen = [run.host.plugin(name) for name in names] or [one for one in run.host.index.plugins if one.is_ready]
    status = 0
    for plugin in chosen:
        run.progress.show(f"Asking {plugin.name}")
        try:
            refreshed = run.host.refresh(plugin)
        except InnkeeperError as error:
            run.progress.clear()
            click.echo(f"Error: {error}", err=True)
            status = 1
            continue
        run.progress.clear()
        click.echo(f"{plugin.name}: {_what_changed(plugin, refreshed)}", err=True)
        for problem in refreshed.problems:
            click.echo(f"  It did not register everything: {one_line(problem, LETTERS)}", err=True)
    return status


def _what_changed(before: InstalledPlugin, now: InstalledPlugin) -> str:
    """Return in words how what a plugin registers differs."""
    old, new = _registered(before), _registered(now)
    changes = [
        f"{word} {one_line(', '.join(names), LETTERS)}"
        for word, names in (
            ("new:", [name for name in new if name not in old]),
            ("gone:", [name for name in old if name not in new]),
        )
        if names
    ]
    return "; ".join(changes) or "as before"


def _registered(plugin: InstalledPlugin) -> list[str]:
    """Return the name of each thing that *plugin* registers, as people type it."""
    return [
        *(str(model["id"]) for model in (*plugin.models, *plugin.embedding_models)),
        *(f"llm {command['name']}" for command in plugin.commands),
        *(f"-t {prefix}:" for prefix in plugin.template_loaders),
        *(f"-f {prefix}:" for prefix in plugin.fragment_loaders),
        *(f"-T {tool['name']}" for tool in plugin.tools),
    ]
