"""The options that name a schema: for a prompt that is to be answered with it, and for looking through the log."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any, TypeVar

from innkeeper.errors import UsageError
from innkeeper.untrusted import one_line

from .run import Run

F = TypeVar("F", bound=Callable[..., Any])

SHOWN_LETTERS = 200


def schema_options(command: F) -> F:
    """Add ``--schema`` as *schema* and ``--schema-multi`` as *schema_multi*."""
    import click

    command = click.option("--schema-multi", help="Schema for multiple results: an object with a list of items")(
        command
    )
    return click.option("--schema", help="Schema DSL, JSON schema, filepath or ID; t:NAME for that of a template")(
        command
    )


def chosen_schema(run: Run, schema: str | None, schema_multi: str | None, database: str | None) -> Any:
    """Return the JSON schema that the options mean, None for none. Raises UsageError, StorageError."""
    written = schema_multi or schema
    if not written:
        return None
    found = _read(run, written, database or run.home.logs_file)
    if not schema_multi:
        return found
    from innkeeper_sdk.api.schemas import multi_schema

    return multi_schema(found)


def _read(run: Run, written: str, database: str) -> Any:
    """Return what *written* means: ``t:NAME``, a JSON object, fields in short, a file, or the id of a stored one."""
    text = written.strip()
    if text.startswith("t:"):
        return _of_template(run, text.removeprefix("t:"))
    if text.startswith("{"):
        return _object(text, "The schema")
    if " " in text or "," in text:
        return _in_short(written)
    path = os.path.join(run.host.cwd or "", os.path.expanduser(text))
    if os.path.exists(path):
        return _in_file(path)
    found = _stored(text, database)
    if found is None:
        raise UsageError(
            f"There is no schema '{one_line(text, SHOWN_LETTERS)}'.",
            why="It is no JSON object, no file, and no id of a stored schema; one field alone needs its type.",
            hint=f"For one field: --schema '{one_line(text, SHOWN_LETTERS)} str'. What is stored: llm schemas",
        )
    return found


def _of_template(run: Run, name: str) -> Any:
    from innkeeper.conversation.templates import find_template

    found = find_template(run.host, name).template.schema_object
    if not found:
        raise UsageError(f"Template '{one_line(name, SHOWN_LETTERS)}' has no schema.")
    return found


def _in_short(written: str) -> Any:
    from innkeeper_sdk.api.schemas import schema_dsl

    try:
        return schema_dsl(written)
    except ValueError as error:
        raise UsageError(str(error), hint="Fields are NAME, NAME TYPE or NAME TYPE: DESCRIPTION.") from error


def _in_file(path: str) -> Any:
    try:
        with open(path, encoding="utf-8") as file:
            return _object(file.read(), f"The schema in {path}")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The schema in {path} cannot be read.", why=str(error)) from error


def _stored(schema_id: str, database: str) -> Any:
    from innkeeper.storage.logs_database import open_logs
    from innkeeper.storage.schemas import find_schema

    if not os.path.exists(database):
        return None
    with open_logs(database) as db:
        return find_schema(db, schema_id)


def _object(text: str, what: str) -> Any:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{what} is not JSON.", why=str(error)) from error
    if not isinstance(found, dict):
        raise UsageError(f"{what} is not a JSON object.")
    return found
