"""``llm schemas``: schemas that prompts were asked with, and the short way to write one."""

from __future__ import annotations

import json
import textwrap
from typing import Any

import click
from innkeeper_sdk.api.schemas import schema_dsl, schema_summary
from innkeeper_sdk.api.tables import output_rows_as_json

from innkeeper.errors import UsageError
from innkeeper.storage.logs_database import open_logs
from innkeeper.storage.schemas import StoredSchema, find_schema, list_schemas

from .database_option import database_option, database_path_option, existing_database
from .default_group import DefaultGroup
from .options import json_option
from .run import Run
from .terminal_output import echo


@click.group(cls=DefaultGroup, default="list")
def schemas() -> None:
    """Manage stored schemas

    \b
        llm --schema 'name, age int, bio: one sentence' 'Invent a dog'
        llm schemas
    """


@schemas.command(name="list")
@database_path_option
@database_option
@click.option("-q", "--query", "queries", multiple=True, help="Search for schemas matching this string")
@click.option("--full", is_flag=True, help="Output full schema contents")
@json_option
@click.option("--nl", is_flag=True, help="Output as newline-delimited JSON")
@click.pass_obj
def list_(
    run: Run,
    *,
    path: str | None,
    database: str | None,
    queries: tuple[str, ...],
    full: bool,
    json_: bool,
    nl: bool,
) -> None:
    """List stored schemas"""
    with open_logs(existing_database(run, path or database)) as db:
        found = list_schemas(db, queries)
    if json_ or nl:
        for line in output_rows_as_json(map(_as_row, found), nl=nl):
            click.echo(line)
        return
    for schema in found:
        echo(_as_yaml(schema, full=full))


@schemas.command()
@click.argument("schema_id")
@database_path_option
@database_option
@click.pass_obj
def show(run: Run, schema_id: str, *, path: str | None, database: str | None) -> None:
    """Show a stored schema"""
    with open_logs(existing_database(run, path or database)) as db:
        found = find_schema(db, schema_id)
    if found is None:
        raise _not_there(schema_id)
    echo(json.dumps(found, indent=2))


@schemas.command()
@click.argument("fields")
@click.option("--multi", is_flag=True, help="Wrap in an array")
def dsl(fields: str, *, multi: bool) -> None:
    """Convert fields in short to a JSON schema

    \b
        llm schemas dsl 'name, age int, bio: their bio'
    """
    try:
        click.echo(json.dumps(schema_dsl(fields, multi), indent=2))
    except ValueError as error:
        raise UsageError(str(error)) from error


def _not_there(schema_id: str) -> UsageError:
    error = UsageError(f"There is no schema with the id {schema_id}.", hint="What is stored: llm schemas")
    error.exit_code = 1
    return error


def _as_row(schema: StoredSchema) -> dict[str, Any]:
    return {
        "id": schema.id,
        "content": schema.content,
        "recently_used": schema.recently_used,
        "times_used": schema.times_used,
    }


def _as_yaml(schema: StoredSchema, *, full: bool) -> str:
    times = f"{schema.times_used} time{'' if schema.times_used == 1 else 's'}, most recently {schema.recently_used}"
    content = json.dumps(schema.content, indent=2) if full else schema_summary(schema.content)
    field = "schema" if full else "summary"
    lines = [f"- id: {schema.id}", f"  {field}: |", textwrap.indent(content, "    "), "  usage: |", f"    {times}"]
    return "\n".join(lines)
