"""``llm collections``: which collections of embeddings there are, and where."""

from __future__ import annotations

import json

import click

from innkeeper.remote.collection import Collection
from innkeeper.storage.embeddings import list_collections

from .default_group import DefaultGroup
from .embed_options import database_option, existing_database
from .options import json_option
from .run import Run
from .terminal_output import echo

MISSING = "No collections table found in {}"


@click.group(cls=DefaultGroup, default="list")
def collections() -> None:
    """View and manage collections of embeddings"""


@collections.command()
@click.pass_obj
def path(run: Run) -> None:
    """Output the path to the embeddings database"""
    click.echo(run.home.embeddings_file)


@collections.command(name="list")
@database_option
@json_option
@click.pass_obj
def list_(run: Run, *, database: str | None, json_: bool) -> None:
    """View a list of collections"""
    with existing_database(run, database, missing=MISSING) as db:
        found = list_collections(db)
    if json_:
        click.echo(
            json.dumps(
                [{"name": name, "model": model, "num_embeddings": count} for name, model, count in found], indent=4
            )
        )
        return
    for name, model, count in found:
        echo(f"{name}: {model}\n  {count} embedding{'' if count == 1 else 's'}")


@collections.command()
@click.argument("collection")
@database_option
@click.pass_obj
def delete(run: Run, collection: str, *, database: str | None) -> None:
    """Delete the specified collection

    \b
        llm collections delete my-collection
    """
    with existing_database(run, database, missing=MISSING) as db:
        try:
            Collection(run.host, collection, db, create=False).delete()
        except Collection.DoesNotExist as error:
            raise click.ClickException("Collection does not exist") from error
