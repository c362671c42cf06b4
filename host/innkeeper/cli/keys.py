"""``llm keys``: API keys, in a file that only the person can read, or in the system's keyring."""

from __future__ import annotations

import sys

import click

from innkeeper.errors import UsageError
from innkeeper.storage.keys import key_names, set_key, set_key_in_keyring, stored_key

from .default_group import DefaultGroup
from .run import Run


@click.group(cls=DefaultGroup, default="list")
def keys() -> None:
    """Manage stored API keys for different models"""


@keys.command(name="list")
@click.pass_obj
def list_(run: Run) -> None:
    """List names of all stored keys"""
    names = key_names(run.home)
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
    found = stored_key(run.home, name)
    if found is None:
        raise click.ClickException(f"No key found with name '{name}'")
    click.echo(found)


@keys.command(name="set")
@click.argument("name")
@click.option("--value", help="The key itself. It stays in your shell's history: better type it, or pipe it in")
@click.option("--keyring", "in_keyring", is_flag=True, help="Keep it in the system's keyring")
@click.pass_obj
def set_(run: Run, name: str, *, value: str | None, in_keyring: bool) -> None:
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
    store = set_key_in_keyring if in_keyring else set_key
    store(run.home, name, key)
    for plugin in run.host.index.plugins:
        if plugin.is_ready and name in run.host.granted(plugin).keys:
            run.refresh(plugin)  # it may register more with the key
