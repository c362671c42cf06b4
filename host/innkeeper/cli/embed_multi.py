"""``llm embed-multi``: many texts or files into a collection, batch by batch."""

from __future__ import annotations

from collections.abc import Sequence

import click

from innkeeper.remote.collection import Collection

from .embed_collection import open_collection
from .embed_options import database_option, model_option, opened_database
from .embed_progress import watched
from .embed_sources import ENCODINGS, FilesOfFolders, RowsOfFile, RowsOfQuery, Source, WithPrefix
from .options import sandbox_option
from .run import Run


@click.command
@click.argument("collection")
@click.argument(
    "input_path", type=click.Path(exists=True, dir_okay=False, allow_dash=True, readable=True), required=False
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["json", "csv", "tsv", "nl"]),
    help="Format of input file - defaults to auto-detect",
)
@click.option(
    "--files",
    type=(click.Path(file_okay=False, dir_okay=True, allow_dash=False), str),
    multiple=True,
    help="Embed files in this directory - specify directory and glob pattern",
)
@click.option("--encoding", "encodings", multiple=True, help="Encodings to try when reading --files")
@click.option("--binary", is_flag=True, help="Treat --files as binary data")
@click.option("--sql", help="Read input using this SQL query")
@click.option(
    "--attach",
    type=(str, click.Path(file_okay=True, dir_okay=False, allow_dash=False)),
    multiple=True,
    help="Additional databases to attach - specify alias and file path",
)
@click.option("--batch-size", type=click.IntRange(min=1), help="Batch size to use when running embeddings")
@click.option("--prefix", help="Prefix to add to the IDs", default="")
@model_option
@click.option("--prepend", help="Prepend this string to all content before embedding")
@click.option("--store", is_flag=True, help="Store the text itself in the database")
@database_option
@sandbox_option
@click.pass_obj
def embed_multi(
    run: Run,
    collection: str,
    input_path: str | None,
    *,
    format_: str | None,
    files: Sequence[tuple[str, str]],
    encodings: Sequence[str],
    binary: bool,
    sql: str | None,
    attach: Sequence[tuple[str, str]],
    batch_size: int | None,
    prefix: str,
    model_id: str | None,
    key: str | None,
    prepend: str | None,
    store: bool,
    database: str | None,
) -> None:
    """Store embeddings for multiple strings at once in the specified collection

    What is stored already, unchanged, is left alone; a run that was cut short goes on where it stood.

    Input data can come from one of three sources:

    \b
    1. A CSV, TSV, JSON or JSONL file, or - for standard input:
       - CSV/TSV: First column is ID, remaining columns concatenated as content
       - JSON: Array of objects, first field is ID, others concatenated as content
       - JSONL: Newline-delimited JSON objects

    \b
       llm embed-multi docs input.csv -m wordllama
       cat data.json | llm embed-multi docs -
       llm embed-multi docs input.json --format json

    \b
    2. A SQL query against a SQLite database:
       - First column returned is used as ID
       - Other columns concatenated to form content

    \b
       llm embed-multi docs --attach blog blog.db --sql 'SELECT id, content FROM blog.posts'

    \b
    3. Files in directories matching glob patterns:
       - Each file becomes one embedding
       - Relative file paths become IDs

    \b
       llm embed-multi docs --files docs '**/*.md'
       llm embed-multi images --files photos '*.jpg' --binary
       llm embed-multi texts --files texts '*.txt' --encoding utf-8 --encoding latin-1
    """
    if binary and not files:
        raise click.UsageError("--binary must be used with --files")
    if binary and encodings:
        raise click.UsageError("--binary cannot be used with --encoding")
    if not input_path and not sql and not files:
        raise click.UsageError("Either --sql or input path or --files is required")
    if files and (input_path or sql or format_):
        raise click.UsageError("Cannot use --files with --sql, input path or --format")
    for encoding in encodings:
        _check_encoding(encoding)
    with opened_database(run, database) as db:
        source: Source
        if files:
            source = FilesOfFolders(files, () if binary else encodings or ENCODINGS)
        elif sql:
            source = RowsOfQuery(db, sql, attach)
        else:
            source = RowsOfFile(str(input_path), format_)
        into = open_collection(run, db, collection, model_id)
        run.host.session(into.model().found.plugin)  # what it says of its start is said before the bar
        _embed(into, WithPrefix(source, prefix, prepend or ""), store=store, batch_size=batch_size, key=key)


def _embed(into: Collection, source: Source, *, store: bool, batch_size: int | None, key: str | None) -> None:
    try:
        with watched(source) as entries:
            into.embed_multi(entries, store=store, batch_size=batch_size, key=key)
    except KeyboardInterrupt:
        stored = f"Collection '{into.name}' holds {into.count():,} items now."
        click.echo(f"{stored} The same command goes on from there.", err=True)
        raise


def _check_encoding(name: str) -> None:
    try:
        "".encode(name)
    except LookupError as error:
        raise click.UsageError(f"There is no encoding {name!r}.") from error
