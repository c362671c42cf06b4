"""``llm keys``: API keys, in a file that only the person can read."""

from __future__ import annotations

import sys

import click

from innkeeper.errors import UsageError
from innkeeper.storage.keys import set_key, stored_keys

from .default_group import DefaultGroup
from .run import Run


@click.group(cls=DefaultGroup, default="list")
def keys() -> None:
    """Manage stored API keys for different models"""


@keys.command(name="list")
@click.pass_obj
def list_(run: Run) -> None:
    """List names of all stored keys"""
    names = sorted(stored_keys(run.home))
    if not names:
        click.echo("No keys found")
    for name in names:
        click.echo(name)


@keys.command()
@click.pass_obj
def path(run: Run) -> None:
    """Output the path to the keys.json file"""
    click.echo(run.home.keys_file)


@keys.command()
@click.argument("name")
@click.pass_obj
def get(run: Run, name: str) -> None:
    """Return the value of a stored key

    \b
        export OPENAI_API_KEY=$(llm keys get openai)
    """
    found = stored_keys(run.home).get(name)
    if found is None:
        raise click.ClickException(f"No key found with name '{name}'")
    click.echo(found)


@keys.command(name="set")
@click.argument("name")
@click.option("--value", help="The key itself. It stays in your shell's history: better type it, or pipe it in")
@click.pass_obj
def set_(run: Run, name: str, *, value: str | None) -> None:
    """Save a key in the keys.json file

    \b
        llm keys set openai
        cat key.txt | llm keys set openai
    """
    if value is None:
        is_typed = sys.stdin.isatty()
        value = click.prompt("Enter key", hide_input=True, err=True) if is_typed else sys.stdin.readline()
    key = (value or "").strip()
    if not key:
        raise UsageError("There is no key to store.", hint=f"Type it when asked, or pipe it in: llm keys set {name}")
    set_key(run.home, name, key)
