"""``llm doctor``: how this machine confines plugins, what that leaves open, and what is wrong with any of them."""

from __future__ import annotations

import os
import platform

import click

from innkeeper.confinement.tier import probe
from innkeeper.installation.fingerprint import is_current

from .options import json_option
from .run import Run

_TIERS = {
    "ns": "namespaces by bubblewrap, and the lock-down inside (the stronger tier)",
    "inproc": "the lock-down alone: a plugin can learn names, sizes and times of files that it cannot read",
    "": "nothing: no plugin is started without --no-sandbox",
}


@click.command
@json_option
@click.pass_obj
def doctor(run: Run, *, json_: bool) -> None:
    """Show what this machine can enforce, and what is wrong"""
    found = probe(os.path.join(run.home.cache_dir, "probe"))
    stale = [plugin.name for plugin in run.host.index.plugins if plugin.is_ready and not is_current(run.home, plugin)]
    problems = {plugin.name: plugin.problems for plugin in run.host.index.plugins if plugin.problems}
    if json_:
        import json

        click.echo(
            json.dumps(
                {
                    "tier": found["tier"],
                    "bubblewrap": found["bubblewrap"],
                    "failures": found["failures"],
                    "kernel": platform.release(),
                    "machine": platform.machine(),
                    "root": os.geteuid() == 0,
                    "to_be_made_anew": stale,
                    "problems": problems,
                },
                indent=2,
            )
        )
        return
    click.echo(f"kernel: {platform.system()} {platform.release()} on {platform.machine()}")
    click.echo(f"confinement: {_TIERS[found['tier']]}")
    if found["bubblewrap"]:
        click.echo(f"bubblewrap: {found['bubblewrap']}")
    for failure in found["failures"]:
        click.echo(f"not available: {failure}")
    if os.geteuid() == 0:
        click.echo("you are root: the kernel does not enforce the limit on processes by user")
    click.echo(f"home: {run.home.root}")
    for name in stale:
        click.echo(f"{name}: its environment is made anew when it is next used")
    for name, texts in problems.items():
        for text in texts:
            click.echo(f"{name}: {text}")
