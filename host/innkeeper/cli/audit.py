"""``llm plugins audit``: what plugins were allowed, used and refused, with times."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from innkeeper.untrusted import one_line

from .grant_words import LETTERS, in_words
from .options import json_option
from .run import Run

if TYPE_CHECKING:
    from innkeeper.confinement.grants import Grants

_SINGLE = {
    "net": "{} {}",
    "key": "{} the key '{}'",
    "database": "{} the database of {}",
    "read": "{} to read {}",
    "write": "{} to write {}",
    "run": "{} to run {}",
}


@click.command()
@click.argument("name", required=False)
@click.option("-n", "--lines", "count", type=click.IntRange(min=1), help="Only that many entries, the last ones")
@json_option
@click.pass_obj
def audit(run: Run, name: str | None, *, count: int | None, json_: bool) -> None:
    """Show what plugins were allowed, used and were refused

    \b
        llm plugins audit llm-anthropic
        llm plugins audit -n 20
    """
    from innkeeper.storage.audit import entries

    host = run.host
    chosen = [host.plugin(name)] if name else host.index.plugins
    found = [{"plugin": plugin.name, **entry} for plugin in chosen for entry in entries(run.home, plugin.name)]
    found.sort(key=lambda entry: str(entry["time"]))  # stable: what happened in one second stays in order
    found = found[-count:] if count else found
    if json_:
        click.echo(json.dumps({"entries": found}, indent=2))
        return
    if not found:
        click.echo("Nothing was allowed, used or refused yet.")
    for entry in found:
        click.echo(one_line(f"{_local(entry)}  {entry['plugin']} {_in_words(entry)}", 2 * LETTERS))


def _local(entry: dict[str, Any]) -> str:
    """Return when it was made as the person's clock shows it."""
    from innkeeper.storage.audit import time_of

    when = time_of(entry)
    return str(entry["time"]) if when is None else time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(when))


def _in_words(entry: dict[str, Any]) -> str:
    event, kind, what = entry["event"], str(entry.get("kind", "")), str(entry.get("what", ""))
    listed = ", ".join(in_words(_grants(entry.get("grants")))) or "nothing beyond its own"
    if event == "started":
        tier = "" if entry.get("tier") != "off" else ", unconfined"
        return f"started{tier}, and may {listed}"
    if event in ("allowed", "allowed_once", "denied"):
        verb = {"allowed": "may now", "allowed_once": "may once", "denied": "may no longer"}[event]
        return f"{verb} {listed}"
    verb = "used" if event == "used" else "was refused"
    reason = f" ({entry['reason']})" if entry.get("reason") else ""
    return _SINGLE.get(kind, "{} {}").format(verb, what) + reason


def _grants(fields: Any) -> Grants:
    """Return the grants that an entry names, as far as they can be read."""
    from innkeeper.confinement.grants import NOTHING, grants_from_fields

    with suppress(TypeError, ValueError):
        return grants_from_fields(fields)
    return NOTHING
