"""Options and inputs that the commands about embeddings share."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any, TypeVar

import click

from innkeeper.errors import UsageError
from innkeeper.storage.embeddings_database import connect, failing_plainly, has_tables

from .run import Run

F = TypeVar("F", bound=Callable[..., Any])


def database_option(command: F) -> F:
    """Add ``-d``: another database than that of the home."""
    return click.option(
        "-d",
        "--database",
        type=click.Path(file_okay=True, allow_dash=False, dir_okay=False, writable=True),
        envvar="LLM_EMBEDDINGS_DB",
        help="Path to embeddings database",
    )(command)


def model_option(command: F) -> F:
    """Add ``-m`` and ``--key``."""
    command = click.option("--key", help="API key to use, or the name of a stored one")(command)
    return click.option("-m", "--model", "model_id", envvar="LLM_EMBEDDING_MODEL", help="Embedding model to use")(
        command
    )


def content_options(purpose: str) -> Callable[[F], F]:
    """Add ``-i``, ``-c`` and ``--binary``. *purpose* ends their help: to embed what for."""

    def add(command: F) -> F:
        command = click.option("--binary", is_flag=True, help="Treat input as binary data")(command)
        command = click.option("-c", "--content", help=f"Content to embed{purpose}")(command)
        path = click.Path(exists=True, readable=True, dir_okay=False, allow_dash=True)
        return click.option("-i", "--input", "input_path", type=path, help=f"File to embed{purpose}")(command)

    return add


def content_of(input_path: str | None, content: str | None, *, binary: bool) -> str | bytes:
    """Return what to embed: *content*, or the file at *input_path*, or what comes on stdin. Raises ClickException."""
    found: str | bytes = content or ""
    if not found:
        found = _read(input_path, binary=binary)
    if not found:
        raise click.ClickException("No content provided")
    return found


def _read(path: str | None, *, binary: bool) -> str | bytes:
    try:
        if path and path != "-":
            with open(path, "rb") as file:
                raw = file.read()
        else:
            raw = sys.stdin.buffer.read()
    except OSError as error:
        raise click.ClickException(f"{path or 'stdin'} cannot be read: {error}") from error
    if binary:
        return raw
    try:
        return raw.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        found = UsageError(
            f"{path if path and path != '-' else 'What came on stdin'} is not text.",
            why=f"It is not UTF-8: {error}",
            hint="To embed it as it is, with a model that takes bytes: --binary",
        )
        found.exit_code = 1
        raise found from error


def metadata_object(context: click.Context, parameter: click.Parameter, value: str | None) -> dict[str, Any] | None:
    """Return the object that ``--metadata`` gives as JSON. Raises BadParameter."""
    if value is None:
        return None
    try:
        found = json.loads(value)
    except (ValueError, RecursionError) as error:
        raise click.BadParameter("metadata must be valid JSON") from error
    if not isinstance(found, dict):
        raise click.BadParameter("metadata must be a JSON object")
    return found


@contextmanager
def opened_database(run: Run, path: str | None) -> Iterator[sqlite3.Connection]:
    """Open the database at *path*, or that of the home, made where there is none; close it when the block ends."""
    with closing(connect(path or run.home.embeddings_file)) as db:
        yield db


@contextmanager
def existing_database(run: Run, path: str | None, *, missing: str) -> Iterator[sqlite3.Connection]:
    """Open the database at *path*, or that of the home; nothing is made.

    Raises ClickException with *missing*, which may name the path as ``{}``, where the tables are not there.
    """
    where = path or run.home.embeddings_file
    if not os.path.exists(where):
        raise click.ClickException(missing.format(where))
    with closing(connect(where)) as db:
        with failing_plainly(where):
            if not has_tables(db):
                raise click.ClickException(missing.format(where))
        yield db
