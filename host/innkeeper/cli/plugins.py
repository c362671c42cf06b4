"""``llm plugins``: what is installed, what each registers and may touch, and mending it. Listing starts nothing."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from innkeeper.errors import UsageError
from innkeeper.installation.inventory import InstalledPlugin
from innkeeper.untrusted import cleaned, one_line

from .default_group import DefaultGroup
from .grant_options import grant_options, grants_of
from .options import sandbox_option
from .plugin_command import about_hidden, hidden_commands, run_plugin_command
from .run import Run

if TYPE_CHECKING:
    from innkeeper.confinement.grants import Grants


@click.group(cls=DefaultGroup, default="list")
def plugins() -> None:
    """List installed plugins, and manage what they may do"""


plugins.add_command(run_plugin_command)


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
    from rich.table import Table
    from rich.text import Text

    table = Table("plugin", "version", "registers", box=None, header_style="bold", pad_edge=False)
    for plugin in chosen:
        lines = Text("\n").join(Text(line) for line in _registrations(run, plugin)) or Text("nothing")
        table.add_row(Text(plugin.name), Text(one_line(plugin.version, 40)), lines)
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
    from innkeeper.confinement.grants import load
    from innkeeper.installation.install import repair as repair_plugin

    host = run.host
    plugin = host.plugin(name)
    tier = host.tier(load(run.home, plugin.name))
    repaired = repair_plugin(run.home, plugin.name, tier=tier, describe=host.describe, progress=run.progress.show)
    run.progress.clear()
    click.echo(f"Repaired {repaired.name} {repaired.version}", err=True)


@plugins.command()
@click.argument("name")
@click.option("-n", "--lines", "count", type=click.IntRange(min=1), help="Only that many lines, the last ones")
@click.option("--path", "only_path", is_flag=True, help="Only say where the file is")
@click.pass_obj
def log(run: Run, name: str, *, count: int | None, only_path: bool) -> None:
    """Show what a plugin printed, and what it was refused"""
    path = run.home.log_file(run.host.plugin(name).name)
    if only_path:
        click.echo(path)
        return
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.readlines()
    except FileNotFoundError:
        lines = []
    for line in lines[-count:] if count else lines:
        text = line.rstrip("\n")
        click.echo(cleaned(text, len(text) + 1) if sys.stdout.isatty() else text)


@plugins.command()
@click.argument("name")
@grant_options
@click.option("--trust", is_flag=True, help="Run this plugin unconfined, with all that you may do")
@click.option("--without-sandbox", is_flag=True, help="Run it unconfined where this machine cannot confine it")
@click.pass_obj
def allow(run: Run, /, name: str, *, trust: bool, without_sandbox: bool, **asked: Any) -> None:
    """Allow a plugin to touch something

    \b
        llm plugins allow llm-anthropic --net api.anthropic.com --key anthropic
        llm plugins allow llm-jq --run jq
    """
    from innkeeper.confinement import grants as granting

    plugin = run.host.plugin(name)
    more = granting.checked(run.home, grants_of(plugin, **asked)._replace(trust=trust, no_sandbox=without_sandbox))
    if more == granting.Grants():
        raise UsageError("There is nothing to allow.", hint="Name what the plugin may touch: llm plugins allow --help")
    granting.save(run.home, plugin.name, granting.load(run.home, plugin.name).add(more))
    for line in described(more):
        click.echo(f"{plugin.name} may now {line}", err=True)


@plugins.command()
@click.argument("name")
@grant_options
@click.option("--trust", is_flag=True, help="Confine it again")
@click.option("--all", "all_", is_flag=True, help="Everything that it was allowed")
@click.pass_obj
def deny(run: Run, /, name: str, *, trust: bool, all_: bool, **asked: Any) -> None:
    """Take back what a plugin was allowed

    \b
        llm plugins deny llm-anthropic --net api.anthropic.com
        llm plugins deny llm-anthropic --all
    """
    from innkeeper.confinement import grants as granting

    plugin = run.host.plugin(name)
    before = granting.load(run.home, plugin.name)
    gone = granting.checked(run.home, grants_of(plugin, **asked)._replace(trust=trust))
    after = granting.Grants() if all_ else before.remove(gone)
    if after == before:
        raise UsageError(
            f"{plugin.name} was not allowed that.", hint=f"What it may: llm plugins permissions {plugin.name}"
        )
    granting.save(run.home, plugin.name, after)


def described(grants: Grants) -> list[str]:
    """Return what *grants* allow, each as the end of a sentence: ``reach api.example.com``."""
    lines = [f"reach {host}" for host in grants.net]
    lines += [f"use the key '{key}'" for key in grants.keys]
    lines += [f"use a key from the variable {variable}" for variable in grants.key_variables]
    lines += [f"read and write your database of {database}" for database in grants.databases]
    lines += [f"see the variable {variable}" for variable in grants.env]
    lines += [f"read {path}" for path in grants.read]
    lines += [f"write {path}" for path in grants.write]
    lines += [f"run {program}" for program in grants.run]
    flags = {
        "make network connections by itself, through the host's proxy": grants.own_sockets,
        "listen on a socket in its own temporary folder": grants.unix_server,
        "do all that you may do: it runs unconfined": grants.trust,
        "run unconfined where this machine cannot confine it": grants.no_sandbox,
    }
    lines += [text for text, is_set in flags.items() if is_set]
    if grants.memory_bytes:
        lines.append(f"take {grants.memory_bytes / 1024**3:.1f} GiB of memory")
    if grants.file_bytes:
        lines.append(f"write files of {grants.file_bytes / 1024**2:.0f} MiB")
    return lines
