"""``llm doctor``: how this machine confines plugins, what that leaves open, and what is wrong with any of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from innkeeper.errors import InnkeeperError
from innkeeper.untrusted import one_line

from .options import json_option
from .run import Run

if TYPE_CHECKING:
    from innkeeper.confinement.machine import Machine
    from innkeeper.installation.inventory import InstalledPlugin

_TIERS = {
    "ns": "namespaces by bubblewrap, and the lock-down inside (the stronger tier)",
    "inproc": "the lock-down alone (the weaker tier)",
    "": "nothing works here: no plugin is started without --no-sandbox",
}

LETTERS = 300
"""Of a line about a plugin."""


@click.command
@json_option
@click.pass_context
def doctor(ctx: click.Context, *, json_: bool) -> None:
    """Show what this machine can enforce, and what is wrong

    \b
        llm doctor
    """
    from innkeeper.confinement.machine import look

    run = ctx.find_object(Run)
    assert run is not None
    machine = look(os.path.join(run.home.cache_dir, "probe"))
    problems = _problems(run)
    if json_:
        import json

        click.echo(json.dumps(_as_json(run, machine, problems), indent=2))
    else:
        _show(run, machine, problems)
    if not machine.tier:
        ctx.exit(1)


def _as_json(run: Run, machine: Machine, problems: dict[str, list[str]]) -> dict[str, Any]:
    from innkeeper.confinement.machine import what_is_missing, what_stays_open

    return {
        **machine._asdict(),
        "missing": what_is_missing(machine),
        "open": what_stays_open(machine),
        "home": run.home.root,
        "problems": problems,
    }


def _show(run: Run, machine: Machine, problems: dict[str, list[str]]) -> None:
    from innkeeper.confinement.machine import what_is_missing, what_stays_open

    who = ", as root" if machine.is_root else ""
    click.echo(f"system: {machine.system} {machine.kernel} on {machine.processor}, Python {machine.python}{who}")
    click.echo(f"Landlock: {f'version {machine.landlock}' if machine.landlock else 'none'}")
    click.echo(f"seccomp: {'yes' if machine.seccomp else 'none'}")
    click.echo(f"user namespaces: {'they work' if machine.tier == 'ns' else 'they do not work'}")
    click.echo(f"bubblewrap: {machine.bubblewrap or 'none that works'}")
    click.echo(f"confinement: {_TIERS[machine.tier]}")
    for failure in machine.failures:
        click.echo(f"  tried: {one_line(failure, LETTERS)}")
    for sentence in what_is_missing(machine):
        click.echo(f"  {sentence}")
    click.echo("what that leaves open:")
    for sentence in what_stays_open(machine):
        click.echo(f"  {sentence}")
    click.echo(f"home: {run.home.root}")
    if not problems:
        click.echo("Nothing is wrong with any plugin.")
    for name, sentences in problems.items():
        for sentence in sentences:
            click.echo(f"{name}: {one_line(sentence, LETTERS)}")


def _problems(run: Run) -> dict[str, list[str]]:
    """Return what is wrong, or to be known, by the plugin's name; what is about the home is under ``innkeeper``."""
    found = {"innkeeper": _problems_of_home(run)}
    found |= {plugin.name: _problems_of(run, plugin) for plugin in run.host.index.plugins}
    return {name: sentences for name, sentences in found.items() if sentences}


def _problems_of_home(run: Run) -> list[str]:
    from innkeeper.storage.keys import key_names

    try:
        key_names(run.home)
    except InnkeeperError as error:
        return [str(error)]
    return []


def _problems_of(run: Run, plugin: InstalledPlugin) -> list[str]:
    from innkeeper.confinement.granting import not_there
    from innkeeper.installation.fingerprint import is_made_by_this_host

    from .plugin_command import about_hidden, hidden_commands

    sentences = [*plugin.problems, *map(about_hidden, hidden_commands(run, plugin))]
    if plugin.is_ready and not os.path.exists(plugin.interpreter):
        sentences.append(f"Its Python is gone ({plugin.interpreter}): another one is chosen when it is next used.")
    elif plugin.is_ready and not os.path.isdir(plugin.site_packages):
        sentences.append(f"Its environment is damaged: llm plugins repair {plugin.name}")
    elif plugin.is_ready and not is_made_by_this_host(run.home, plugin):
        sentences.append("Its environment is made anew when it is next used: Innkeeper has changed.")
    try:
        granted = run.host.granted(plugin)
    except InnkeeperError as error:
        return [*sentences, str(error)]
    sentences += [f"It may use {path}, and there is nothing." for path in not_there(granted)]
    sentences += [
        f"It may run {path}, and there is no such program." for path in granted.run if not os.path.exists(path)
    ]
    if granted.trust:
        sentences.append(f"It runs unconfined, as you allowed it: llm plugins deny {plugin.name} --trust")
    elif granted.no_sandbox:
        sentences.append(
            f"It would run unconfined where nothing can confine it: llm plugins deny {plugin.name} --without-sandbox"
        )
    return sentences
