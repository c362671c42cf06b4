"""``llm logs``: what was asked and answered, and whether it is kept."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

import click
from innkeeper_sdk.api.text import extract_fenced_code_block

from innkeeper.conversation.fragments import resolve_fragments
from innkeeper.conversation.wanted import by_person
from innkeeper.errors import StorageError, UsageError
from innkeeper.remote.catalogue import find_model
from innkeeper.storage.aliases import read_aliases
from innkeeper.storage.logs_database import open_logs
from innkeeper.storage.logs_entries import Entry, Filter, find_entries, latest_conversation
from innkeeper.storage.logs_switch import is_logging, set_logging

from .database_option import database_option, database_path_option, existing_database
from .default_group import DefaultGroup
from .options import json_option, sandbox_option
from .run import Run
from .schema_options import chosen_schema, schema_options
from .stdin import piped_text
from .terminal_output import echo

SHOWN_ENTRIES = 3


@click.group(cls=DefaultGroup, default="list")
def logs() -> None:
    """Tools for exploring logged prompts and responses

    \b
        llm logs -n 1
        llm logs -q pelican --short
    """


@logs.command()
@click.pass_obj
def path(run: Run) -> None:
    """Output the path to the logs.db file"""
    click.echo(run.home.logs_file)


@logs.command()
@click.pass_obj
def status(run: Run) -> None:
    """Show current status of database logging"""
    database = run.home.logs_file
    click.echo(f"Logging is {'ON for all prompts' if is_logging(run.home) else 'OFF'}")
    if not os.path.exists(database):
        click.echo(f"No log database found at {database}")
        return
    with open_logs(database) as db:
        tables = ("threads", "turns", "conversations", "responses")
        count = {table: db.execute(f"select count(*) from {table}").fetchone()[0] for table in tables}
    click.echo(f"Found log database at {database}")
    click.echo(f"Number of threads logged:\t{count['threads']}")
    click.echo(f"Number of turns logged:\t\t{count['turns']}")
    if count["conversations"] or count["responses"]:
        click.echo(f"Number of legacy conversations:\t{count['conversations']}")
        click.echo(f"Number of legacy responses:\t{count['responses']}")
    click.echo(f"Database file size: \t\t{_size(os.path.getsize(database))}")


@logs.command()
@click.argument("path", type=click.Path(dir_okay=False))
@click.pass_obj
def backup(run: Run, path: str) -> None:
    """Backup your logs database to this file"""
    with open_logs(existing_database(run, None)) as db:
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise _not_copied(path, error) from error
        try:
            db.execute("vacuum into ?", [path])
        except sqlite3.Error as error:
            os.unlink(path)
            raise _not_copied(path, error) from error
    click.echo(f"Backed up {_size(os.path.getsize(path))} to {path}")


@logs.command()
@click.pass_obj
def on(run: Run) -> None:
    """Turn on logging for all prompts"""
    set_logging(run.home, True)


@logs.command()
@click.pass_obj
def off(run: Run) -> None:
    """Turn off logging for all prompts"""
    set_logging(run.home, False)


@logs.command(name="list")
@click.option("-n", "--count", type=int, help=f"Number of entries to show - defaults to {SHOWN_ENTRIES}, use 0 for all")
@database_path_option
@database_option
@click.option("-m", "--model", help="Filter by model or model alias")
@click.option("-q", "--query", help="Search for logs matching this string")
@click.option("-f", "--fragment", "fragments", multiple=True, help="Filter for prompts using these fragments")
@click.option("-T", "--tool", "tools", multiple=True, help="Filter for prompts with results from these tools")
@click.option("--tools", "any_tools", is_flag=True, help="Filter for prompts with results from any tools")
@schema_options
@click.option("-l", "--latest", is_flag=True, help="Return latest results matching search query")
@click.option("--data", is_flag=True, help="Output newline-delimited JSON data for schema")
@click.option("--data-array", is_flag=True, help="Output JSON array of data for schema")
@click.option("--data-key", help="Return JSON objects from array in this key")
@click.option("--data-ids", is_flag=True, help="Attach corresponding IDs to JSON objects")
@click.option("-t", "--truncate", is_flag=True, help="Truncate long strings in output")
@click.option("-s", "--short", is_flag=True, help="Shorter YAML output with truncated prompts")
@click.option("-u", "--usage", is_flag=True, help="Include token usage")
@click.option("-r", "--response", is_flag=True, help="Just output the last response")
@click.option("-x", "--extract", is_flag=True, help="Extract first fenced code block")
@click.option("--xl", "--extract-last", "extract_last", is_flag=True, help="Extract last fenced code block")
@click.option("-c", "--current", is_flag=True, help="Show logs from the current conversation")
@click.option("--cid", "--conversation", "conversation_id", help="Show logs for this conversation ID")
@click.option("--id-gt", help="Return responses with ID > this")
@click.option("--id-gte", help="Return responses with ID >= this")
@json_option
@click.option("-e", "--expand", is_flag=True, help="Expand fragments to show their content")
@sandbox_option
@click.pass_obj
def list_(
    run: Run,
    *,
    count: int | None,
    path: str | None,
    database: str | None,
    model: str | None,
    query: str | None,
    fragments: tuple[str, ...],
    tools: tuple[str, ...],
    any_tools: bool,
    schema: str | None,
    schema_multi: str | None,
    latest: bool,
    data: bool,
    data_array: bool,
    data_key: str | None,
    data_ids: bool,
    truncate: bool,
    short: bool,
    usage: bool,
    response: bool,
    extract: bool,
    extract_last: bool,
    current: bool,
    conversation_id: str | None,
    id_gt: str | None,
    id_gte: str | None,
    json_: bool,
    expand: bool,
) -> None:
    """Show logged prompts and their responses"""
    if short and (json_ or response):
        other = " or ".join(name for name, is_set in (("--json", json_), ("--response", response)) if is_set)
        raise UsageError(f"Cannot use --short and {other} together")
    database = existing_database(run, path or database)
    if (current or response) and not conversation_id:
        conversation_id = _current(database)
    wanted = Filter(
        count=_count(count, conversation_id),
        model=_model_id(run, model),
        conversation_id=conversation_id,
        fragment_hashes=_hashes(run, fragments, database),
        tools=tools,
        any_tools=any_tools,
        schema_id=_schema_id(chosen_schema(run, schema, schema_multi, database)),
        id_gt=id_gt,
        id_gte=id_gte,
        query=query,
        latest=latest,
    )
    entries = _found(database, wanted)
    if data or data_array or data_key or data_ids:
        _show_data(entries, as_array=data_array, key=data_key, with_ids=data_ids)
        return
    if not query:
        entries.reverse()
    if extract or extract_last:
        blocks = (extract_fenced_code_block(entry.response, extract_last) for entry in entries)
        block = next((block for block in blocks if block is not None), None)
        if block is not None:
            echo(block)
            return
    if json_:
        from .logs_json import as_json

        click.echo(as_json(entries, expand=expand, truncate=truncate))
    elif response and entries:
        echo(entries[-1].response)
    else:
        for text in _for_people(entries, short, conversation_id is not None, expand, truncate, usage):
            echo(text)


def _for_people(  # noqa: PLR0917  # called in one place
    entries: Sequence[Entry], short: bool, one_conversation: bool, expand: bool, truncate: bool, usage: bool
) -> Iterator[str]:
    if short:
        from .logs_short import short_entry

        yield from (short_entry(entry, usage=usage) for entry in entries)
    else:
        from .logs_markdown import Markdown

        markdown = Markdown(one_conversation=one_conversation, expand=expand, truncate=truncate, usage=usage)
        yield from map(markdown.entry, entries)


def _current(database: str) -> str:
    with open_logs(database) as db:
        found = latest_conversation(db)
    if found is None:
        raise StorageError("No conversations found")
    return found


def _count(count: int | None, conversation_id: str | None) -> int | None:
    """Return how many entries to show; None for all. A conversation is shown whole."""
    if count is None:
        return None if conversation_id else SHOWN_ENTRIES
    return count if count > 0 else None


def _model_id(run: Run, name: str | None) -> str | None:
    """Return the id that the log knows a model by; its name itself where no plugin has it any more."""
    if not name:
        return None
    found = find_model(run.host.index, read_aliases(run.home), name)
    return name if found is None else found.model_id


def _hashes(run: Run, fragments: Sequence[str], database: str) -> list[str]:
    found = resolve_fragments(run.host, by_person(list(fragments)), stdin=lambda: piped_text() or "", database=database)
    return [fragment.id() for fragment in found.fragments]


def _schema_id(schema: Any) -> str | None:
    if not schema:
        return None
    from innkeeper_sdk.api.schemas import make_schema_id

    return make_schema_id(schema)[0]


def _found(database: str, wanted: Filter) -> list[Entry]:
    with open_logs(database) as db:
        try:
            return find_entries(db, wanted)
        except sqlite3.OperationalError as error:
            if not wanted.query:
                raise
            raise UsageError(
                f"This cannot be searched for: {wanted.query}",
                why=str(error),
                hint="Quote words with signs in them: -q '\"c++\"'. "
                "More: https://sqlite.org/fts5.html#full_text_query_syntax",
            ) from error


def _show_data(entries: Sequence[Entry], *, as_array: bool, key: str | None, with_ids: bool) -> None:
    """Show the JSON in the responses, one object a line or as an array; with *key* the objects listed under it."""
    from innkeeper_sdk.api.tables import find_unused_key, output_rows_as_json

    shown: list[Any] = []
    for entry in entries:
        try:
            value = json.loads(entry.response)
        except (ValueError, RecursionError):
            continue
        listed = value.get(key) if isinstance(value, dict) and key is not None else None
        items = listed if isinstance(listed, list) and all(isinstance(item, dict) for item in listed) else [value]
        for item in items:
            if with_ids and isinstance(item, dict):
                item[find_unused_key(item, "response_id")] = entry.id
                item[find_unused_key(item, "conversation_id")] = entry.conversation_id
            shown.append(item)
    for line in output_rows_as_json(shown, nl=not as_array, compact=True):
        click.echo(line)


def _not_copied(path: str, error: Exception) -> StorageError:
    return StorageError(f"The log database was not copied to {path}.", why=str(error))


def _size(count: float) -> str:
    """Return a number of bytes for people."""
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1024:
            return f"{count:.2f}{unit}"
        count /= 1024
    return f"{count:.2f}TB"
