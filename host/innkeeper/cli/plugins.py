"""``llm plugins``: what is installed, what each registers and may touch, and mending it. Listing starts nothing."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from innkeeper.installation.inventory import InstalledPlugin
from innkeeper.untrusted import one_line

from .audit import audit
from .default_group import DefaultGroup
from .import_data import import_data
from .options import sandbox_option
from .permissions import allow, deny, permissions
from .plugin_command import about_hidden, hidden_commands, run_plugin_command
from .plugin_log import log
from .refresh import refresh
from .run import Run


@click.group(cls=DefaultGroup, default="list")
def plugins() -> None:
    """List installed plugins, and manage what they may do"""


for command in (run_plugin_command, refresh, import_data, permissions, allow, deny, audit, log):
    plugins.add_command(command)


@plugins.command(name="list")
@click.option("--all", "all_", is_flag=True, help="Include the default plugins")
@click.option("--hook", "hooks", multiple=True, help="Only plugins that implement this hook")
@click.option("--json", "json_", is_flag=True, help="Output as JSON, as it is anyway where stdout is no terminal")
@click.pass_obj
def list_(run: Run, *, all_: bool, hooks: tuple[str, ...], json_: bool) -> None:
    """List installed plugins, and what each registers

    \b
        llm plugins
        llm plugins --hook register_models
    """
    chosen = [
        plugin
        for plugin in run.host.index.plugins
        if (all_ or not plugin.is_default) and (not hooks or {*hooks} & {*plugin.hooks})
    ]
    if json_ or not sys.stdout.isatty():
        click.echo(json.dumps([as_json(run, plugin) for plugin in chosen], indent=2))
    elif not chosen:
        click.echo("No plugins are installed. Those that come with Innkeeper: llm plugins --all")
    else:
        _show_table(run, chosen)


def as_json(run: Run, plugin: InstalledPlugin) -> dict[str, Any]:
    """Return *plugin* as `llm` lists it, with what it registers, where it came from and what it runs on."""
    hidden = {command.name: f"llm {command.full_name}" for command in hidden_commands(run, plugin)}
    registers = {
        "models": [model["id"] for model in plugin.models],
        "embedding_models": [model["id"] for model in plugin.embedding_models],
        "commands": [command["name"] for command in plugin.commands],
        "template_loaders": plugin.template_loaders,
        "fragment_loaders": plugin.fragment_loaders,
        "tools": [tool["name"] for tool in plugin.tools],
    }
    return {
        "name": plugin.name,
        "hooks": plugin.hooks,
        "version": plugin.version,
        **{name: found for name, found in registers.items() if found},
        **({"hidden_commands": hidden} if hidden else {}),
        "requirement": plugin.requirement,
        "source": plugin.source_kind,
        "runtime": plugin.runtime,
        "ready": plugin.is_ready,
        **({"problems": plugin.problems} if plugin.problems else {}),
    }


def _show_table(run: Run, chosen: list[InstalledPlugin]) -> None:
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    columns = (Column(name, overflow="fold") for name in ("plugin", "version", "runtime", "registers"))
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for plugin in chosen:
        lines = Text("\n").join(Text(line) for line in _registrations(run, plugin)) or Text("nothing")
        table.add_row(Text(plugin.name), Text(one_line(plugin.version, 40)), Text(plugin.runtime), lines)
    Console().print(table)


def _registrations(run: Run, plugin: InstalledPlugin) -> list[str]:
    lines = [
        f"{what.replace('_', ' ')}: {one_line(', '.join(found), 300)}"
        for what, found in as_json(run, plugin).items()
        if isinstance(found, list) and what not in ("hooks", "problems")
    ]
    problems = [*map(about_hidden, hidden_commands(run, plugin)), *plugin.problems]
    return [*lines, *(f"problem: {one_line(problem, 300)}" for problem in problems)]


@plugins.command()
@click.argument("name")
@sandbox_option
@click.pass_obj
def repair(run: Run, name: str) -> None:
    """Make a plugin's environment anew, as it was asked for

    \b
        llm plugins repair llm-markov
    """
    from innkeeper.installation.install import repair as repair_plugin

    host = run.host
    plugin = host.plugin(name)
    tier = host.tier(host.granted(plugin))
    repaired = repair_plugin(run.home, plugin.name, tier=tier, describe=host.describe, progress=run.progress.show)
    run.progress.clear()
    click.echo(f"Repaired {repaired.name} {repaired.version}", err=True)
