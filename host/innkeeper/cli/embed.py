"""``llm embed``: the vector of one text or file, printed, or stored in a collection."""

from __future__ import annotations

import base64
import json
from typing import Any

import click

from innkeeper.remote.embeddings import find_embedding_model
from innkeeper.storage.embeddings_cosine import numbers

from .embed_collection import open_collection
from .embed_options import content_of, content_options, database_option, metadata_object, model_option, opened_database
from .options import sandbox_option
from .run import Run


@click.command
@click.argument("collection", required=False)
@click.argument("id", required=False)
@content_options("")
@model_option
@click.option("--store", is_flag=True, help="Store the text itself in the database")
@database_option
@click.option("--metadata", callback=metadata_object, help="JSON object metadata to store")
@click.option("-f", "--format", "format_", type=click.Choice(["json", "blob", "base64", "hex"]), help="Output format")
@sandbox_option
@click.pass_obj
def embed(
    run: Run,
    collection: str | None,
    id: str | None,  # noqa: A002  # as it stands in the help
    *,
    input_path: str | None,
    content: str | None,
    binary: bool,
    model_id: str | None,
    key: str | None,
    store: bool,
    database: str | None,
    metadata: dict[str, Any] | None,
    format_: str | None,
) -> None:
    """Embed text and store or return the result

    \b
        llm embed -m wordllama -c 'A pelican is a bird'
        llm embed notes monday -i monday.md -m wordllama --store
    """
    if collection and not id:
        raise click.ClickException("Must provide both collection and id")
    if store and not collection:
        raise click.ClickException("Must provide collection when using --store")
    if not collection or not id:
        model = find_embedding_model(run.host, model_id)
        run.host.launch_early(model.found.plugin)
        value = content_of(input_path, content, binary=binary)
        show(model.embed_batch([value], key=key).block, format_ or "json")
        return
    with opened_database(run, database) as db:
        into = open_collection(run, db, collection, model_id)
        value = content_of(input_path, content, binary=binary)
        into.embed(id, value, metadata, store, key=key)
        if format_ is not None:
            show(into.vector(id) or b"", format_)


def show(vector: bytes, format_: str) -> None:
    """Print a vector, given as it is stored."""
    if format_ == "json":
        click.echo(json.dumps(numbers(vector)))
    elif format_ == "blob":
        click.echo(vector)
    elif format_ == "base64":
        click.echo(base64.b64encode(vector).decode("ascii"))
    else:
        click.echo(vector.hex())
