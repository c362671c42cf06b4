"""``llm similar``: the items of a collection that are most like a text, a file, or one of them."""

from __future__ import annotations

import json
import textwrap
from dataclasses import asdict

import click
from innkeeper_sdk.api.collection import Entry

from innkeeper.remote.collection import Collection

from .embed_options import content_of, content_options, database_option, existing_database
from .options import sandbox_option
from .run import Run
from .terminal_output import echo


@click.command
@click.argument("collection")
@click.argument("id", required=False)
@content_options(" for comparison")
@click.option("-n", "--number", type=int, default=10, help="Number of results to return")
@click.option("-p", "--plain", is_flag=True, help="Output in plain text format")
@database_option
@click.option("--prefix", help="Just IDs with this prefix", default="")
@sandbox_option
@click.pass_obj
def similar(
    run: Run,
    collection: str,
    id: str | None,  # noqa: A002  # as it stands in the help
    *,
    input_path: str | None,
    content: str | None,
    binary: bool,
    number: int,
    plain: bool,
    database: str | None,
    prefix: str,
) -> None:
    """Return top N similar IDs from a collection using cosine similarity

    \b
        llm similar notes -c 'birds that eat fish'
        llm similar notes monday.md -n 3 -p
    """
    if not id and not content and not input_path:
        raise click.ClickException("Must provide content or an ID for the comparison")
    with existing_database(run, database, missing="No embeddings table found in database") as db:
        try:
            searched = Collection(run.host, collection, db, create=False)
        except Collection.DoesNotExist as error:
            raise click.ClickException("Collection does not exist") from error
        try:
            if id:
                found = searched.similar_by_id(id, number, prefix=prefix)
            else:
                run.host.launch_early(searched.model().found.plugin)
                value = content_of(input_path, content, binary=binary)
                found = searched.similar(value, number, prefix=prefix)
        except Collection.DoesNotExist as error:
            raise click.ClickException("ID not found in collection") from error
    for entry in found:
        echo(_plain(entry) if plain else json.dumps(asdict(entry)))


def _plain(entry: Entry) -> str:
    """Return an entry for a person: its id and score, and its content and metadata below, indented."""
    lines = [f"{entry.id} ({entry.score})\n"]
    if entry.content:
        lines.append(textwrap.indent(entry.content, "  "))
    if entry.metadata:
        lines.append(textwrap.indent(json.dumps(entry.metadata), "  "))
    return "\n".join([*lines, ""])
