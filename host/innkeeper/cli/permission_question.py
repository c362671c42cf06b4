"""What a plugin asks for when it was installed, put to the person: once, in plain words, and never taken for granted.

On a terminal they are asked; ``--yes`` is their yes; otherwise nothing is granted, and they read which command does it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from innkeeper.untrusted import one_line

from .grant_words import allow_command, in_words
from .run import Run

if TYPE_CHECKING:
    from innkeeper.confinement.grants import Grants
    from innkeeper.installation.inventory import InstalledPlugin
    from innkeeper.installation.permission_request import Requested

REASON_LETTERS = 500


def settle_permissions(run: Run, plugin: InstalledPlugin, given: Grants, *, yes: bool) -> InstalledPlugin:
    """Allow *plugin* what was *given* on the command line, and put what it asks for beyond that to the person.

    Whoever was allowed something new is asked anew what it registers. Returns the plugin as it is then.
    """
    from innkeeper.confinement.granting import allow, answered, other_source, record_answer
    from innkeeper.installation.inventory import read_index
    from innkeeper.installation.permission_request import requested, variables_of

    home, name, source = run.home, plugin.name, plugin.source
    other = other_source(home, name, source)
    if other is not None:
        click.echo(
            f"  What {name} was allowed before was for the one from {one_line(other)}: this one starts anew.", err=True
        )
    before = run.host.granted(plugin)
    refused = [denial.what for denial in run.host.ledger.denials(plugin).all() if denial.kind == "net"]
    request = _for_this_machine(run, requested(home, plugin, environ=run.host.environ, refused=refused))
    allowed = given._replace(key_variables=variables_of(home, plugin, given.keys))
    left = request.grants.beyond(before.add(allowed))
    new = left.beyond(answered(home, name, source))
    if any(new):
        _show(plugin, request, new)
        if yes or _can_ask():
            record_answer(home, name, source, new)
        if yes or (_can_ask() and click.confirm("Allow it?", default=False, err=True)):
            allowed = allowed.add(new)
        else:
            click.echo(f"  It may not. To allow it: {allow_command(name, new)}", err=True)
    elif any(left):
        click.echo(f"  It asks for more than it may. To allow it: {allow_command(name, left)}", err=True)
    if any(left):
        run.host.ledger.denials(
            plugin
        ).forget()  # what it was refused while it said what it registers was just spoken of
    if not any(allowed.beyond(before)):
        return plugin
    allow(home, name, source, allowed)
    say_allowed(run, plugin, allowed)
    run.refresh(plugin)
    return read_index(home).named(name) or plugin


def say_allowed(run: Run, plugin: InstalledPlugin, allowed: Grants, *, once: bool = False) -> None:
    """Say what *plugin* may now do, and keep it in its audit."""
    from innkeeper.storage.audit import record

    when = " in its next run" if once else ""
    for line in in_words(allowed):
        click.echo(f"{plugin.name} may now{when} {line}", err=True)
    record(run.home, plugin.name, "allowed_once" if once else "allowed", grants=allowed.as_fields())


def _for_this_machine(run: Run, request: Requested) -> Requested:
    """Leave out what cannot be enforced here, and would keep the plugin from starting at all."""
    if request.grants.own_sockets and run.host.tier(request.grants) != "ns":
        return request._replace(grants=request.grants._replace(own_sockets=False))
    return request


def _show(plugin: InstalledPlugin, request: Requested, new: Grants) -> None:
    verb = "seems to need to" if request.is_guess else "asks to"
    click.echo(f"{plugin.name} {verb}:", err=True)
    for line in in_words(new):
        click.echo(f"  {line}", err=True)
    if request.is_guess:
        click.echo("  (A guess from its source: it does not say what it needs.)", err=True)
    if request.reason:
        click.echo(f"  It says why: {one_line(request.reason, REASON_LETTERS)}", err=True)
    for program in request.missing:
        click.echo(f"  It runs {one_line(program, 100)}, too, which is not on this machine.", err=True)


def _can_ask() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()
