"""``llm fragments``: pieces of text that prompts share, kept in the log database."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import click

from innkeeper.conversation.fragments import resolve_fragments
from innkeeper.conversation.wanted import Wanted
from innkeeper.errors import FragmentError
from innkeeper.remote.loaders import FRAGMENTS
from innkeeper.storage.fragments import StoredFragment, list_fragments, remove_fragment_alias, set_fragment_alias
from innkeeper.storage.logs_database import open_logs

from .default_group import DefaultGroup
from .loader_list import loader_texts
from .options import json_option, sandbox_option
from .run import Run
from .stdin import piped_text
from .terminal_output import echo

SHOWN_LETTERS = 100
"""Of a fragment in the list."""


def _alias(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if not re.fullmatch(r"[a-zA-Z0-9_-]+", value):
        raise click.BadParameter("Fragment alias must be alphanumeric")
    return value


@click.group(cls=DefaultGroup, default="list")
def fragments() -> None:
    """Manage fragments that are stored in the database

    Fragments are reusable snippets of text that are shared across multiple prompts.

    \b
        llm fragments set docs ./docs.md
        llm -f docs 'What is missing here?'
    """


@fragments.command(name="list")
@click.option("-q", "--query", "queries", multiple=True, help="Search for fragments matching these strings")
@click.option("--aliases", is_flag=True, help="Show only fragments with aliases")
@json_option
@click.pass_obj
def list_(run: Run, *, queries: tuple[str, ...], aliases: bool, json_: bool) -> None:
    """List current fragments"""
    with open_logs(run.home.logs_file) as db:
        found = list_fragments(db, queries, only_named=aliases)
    if json_:
        click.echo(json.dumps([_as_dict(fragment) for fragment in found], indent=4))
        return
    for fragment in found:
        echo(_as_yaml(fragment))


@fragments.command(name="set")
@click.argument("alias", callback=_alias)
@click.argument("fragment")
@sandbox_option
@click.pass_obj
def set_(run: Run, alias: str, fragment: str) -> None:
    """Set an alias for a fragment

    Accepts an alias and a file path, URL, hash or '-' for stdin

    \b
        llm fragments set mydocs ./docs.md
    """
    found = _texts(run, fragment)
    if len(found) != 1:
        raise FragmentError(f"{fragment} is {len(found)} fragments, and an alias stands for one.")
    with open_logs(run.home.logs_file) as db:
        set_fragment_alias(db, alias, str(found[0]), found[0].source or None)


@fragments.command()
@click.argument("alias_or_hash")
@sandbox_option
@click.pass_obj
def show(run: Run, alias_or_hash: str) -> None:
    """Display the fragment stored under an alias or hash

    \b
        llm fragments show mydocs
    """
    for text in map(str, _texts(run, alias_or_hash)):
        echo(text)


@fragments.command()
@click.argument("alias", callback=_alias)
@click.pass_obj
def remove(run: Run, alias: str) -> None:
    """Remove a fragment alias

    \b
        llm fragments remove docs
    """
    with open_logs(run.home.logs_file) as db:
        if not remove_fragment_alias(db, alias):
            click.echo(f"No fragment is called {alias}", err=True)


@fragments.command()
@click.pass_obj
def loaders(run: Run) -> None:
    """Show fragment loaders registered by plugins"""
    click.echo("\n\n".join(loader_texts(run, FRAGMENTS)) or "No fragment loaders found")


def _texts(run: Run, name: str) -> list[Any]:
    found = resolve_fragments(
        run.host, [Wanted(name)], stdin=lambda: piped_text() or sys.stdin.read(), with_attachments=False
    )
    return found.fragments


def _as_dict(fragment: StoredFragment) -> dict[str, Any]:
    return {**fragment._asdict(), "aliases": list(fragment.aliases)}


def _as_yaml(fragment: StoredFragment) -> str:
    """Return a fragment as an item of a YAML list; what YAML cannot print, such as control characters, is escaped."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes texts of several lines as such."""

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    Dumper.add_representer(str, text)
    shown = _as_dict(fragment)
    if len(fragment.content) > SHOWN_LETTERS:
        shown["content"] = fragment.content[: SHOWN_LETTERS - 3] + "..."
    return str(yaml.dump([shown], Dumper=Dumper, sort_keys=False, allow_unicode=True, width=sys.maxsize)).strip()
