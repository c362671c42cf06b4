"""``llm plugins log``: what a plugin printed, with the host's notes of what it was refused.

The file is open to the plugin for what it prints, so it can cut it short. What it was refused is in the audit, too,
which it cannot reach: what is missing of that is shown after the rest.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator

import click

from innkeeper.paths import Home
from innkeeper.untrusted import cleaned

from .run import Run

APART_S = 2
"""Between a note in the log and its entry in the audit, which are written one after the other."""


@click.command()
@click.argument("name")
@click.option("-n", "--lines", "count", type=click.IntRange(min=1), help="Only that many lines, the last ones")
@click.option("--path", "only_path", is_flag=True, help="Only say where the file is")
@click.pass_obj
def log(run: Run, name: str, *, count: int | None, only_path: bool) -> None:
    """Show what a plugin printed, and what it was refused"""
    from innkeeper.masking import Mask
    from innkeeper.storage.keys import stored_keys

    plugin = run.host.plugin(name).name
    path = run.home.log_file(plugin)
    if only_path:
        click.echo(path)
        return
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = [line.rstrip("\n") for line in file]
    except FileNotFoundError:
        lines = []
    lines += _missing(run.home, plugin, frozenset(lines))
    mask = Mask(stored_keys(run.home).values())
    for line in lines[-count:] if count else lines:
        text = mask(line)
        click.echo(cleaned(text, len(text) + 1) if sys.stdout.isatty() else text)


def _missing(home: Home, plugin: str, lines: frozenset[str]) -> Iterator[str]:
    """Yield the notes that should be among *lines*. The log began when the older one was put aside: no plugin can set
    that time.
    """
    from innkeeper.process.log import noted
    from innkeeper.storage.audit import entries, time_of

    older = f"{home.log_file(plugin)}.1"
    began = os.stat(older).st_ctime if os.path.exists(older) else 0.0
    for entry in entries(home, plugin):
        when = time_of(entry)
        if entry["event"] != "refused" or when is None or when < began:
            continue
        text = f"refused {entry.get('kind')} {entry.get('what')}: {entry.get('reason')}"
        if not any(noted(time.localtime(when - ago), text) in lines for ago in range(APART_S)):
            yield noted(time.localtime(when), text)
