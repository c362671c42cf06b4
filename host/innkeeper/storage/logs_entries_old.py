"""Entries of the log from the tables that `llm` filled before it had a message store. Nothing is written to them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from .logs_entries import Entry, Filter, JSONMap
from .logs_parts import stored_json


def find_old_entries(db: sqlite3.Connection, wanted: Filter) -> list[Entry]:
    """Return the responses that are *wanted* and are not turns as well, the newest, or the nearest, first."""
    conditions, parameters = wanted.conditions("responses", "conversation_id")
    conditions.append("responses.id not in (select id from turns)")
    for number, fragment_hash in enumerate(wanted.fragment_hashes):
        parameters[f"fragment_{number}"] = fragment_hash
        one = f"select id from fragments where hash = :fragment_{number}"
        conditions.append(
            f"(responses.id in (select response_id from prompt_fragments where fragment_id in ({one}))"
            f" or responses.id in (select response_id from system_fragments where fragment_id in ({one})))"
        )
    if wanted.any_tools:
        conditions.append("responses.id in (select response_id from tool_results)")
    for number, tool in enumerate(wanted.tools):
        parameters[f"tool_{number}"] = tool
        conditions.append(
            "responses.id in (select response_id from tool_results join tools on tools.id = tool_results.tool_id"
            f" where tools.name = :tool_{number})"
        )
    rank, join, order = "0.0", "", "responses.id desc"
    if wanted.query:
        parameters["query"] = wanted.query
        conditions.append("responses_fts match :query")
        join = " join responses_fts on responses_fts.rowid = responses.rowid"
        rank = "bm25(responses_fts, 10.0, 1.0)"
        order = "rank" if wanted.by_rank else order
    rows = db.execute(
        "select responses.*, conversations.name as conversation_name, conversations.model as conversation_model,"
        f" schemas.content as schema_json, {rank} as rank from responses"
        " left join conversations on conversations.id = responses.conversation_id"
        f" left join schemas on schemas.id = responses.schema_id{join}"
        f" where {' and '.join(conditions)} order by {order}"
        f"{' limit ' + str(int(wanted.count)) if wanted.count else ''}",
        parameters,
    ).fetchall()
    return [_entry(db, row) for row in rows]


def _entry(db: sqlite3.Connection, row: sqlite3.Row) -> Entry:
    return Entry(
        id=row["id"],
        model=row["model"],
        resolved_model=row["resolved_model"],
        options=stored_json(row["options_json"]) or {},
        conversation_id=row["conversation_id"],
        duration_ms=row["duration_ms"],
        datetime_utc=row["datetime_utc"] or "",
        input_tokens=row["input_tokens"],
        output_tokens=row["output_tokens"],
        token_details=row["token_details"],
        conversation_name=row["conversation_name"],
        conversation_model=row["conversation_model"],
        schema=stored_json(row["schema_json"]),
        prompt=row["prompt"] or "",
        system=row["system"],
        response=row["response"] or "",
        reasoning=row["reasoning"],
        prompt_json=stored_json(row["prompt_json"]),
        response_json=stored_json(row["response_json"]),
        prompt_fragments=_fragments(db, "prompt_fragments", row["id"]),
        system_fragments=_fragments(db, "system_fragments", row["id"]),
        tools=_tools(db, row["id"]),
        tool_calls=_tool_calls(db, row["id"]),
        tool_results=_tool_results(db, row["id"]),
        attachments=_attachments(db, "prompt_attachments", "response_id", row["id"]),
        rank=row["rank"],
    )


def _fragments(db: sqlite3.Connection, table: str, response_id: str) -> list[JSONMap]:
    rows = db.execute(
        "select fragments.hash, fragments.content,"
        " (select json_group_array(alias) from fragment_aliases where fragment_id = fragments.id) as aliases"
        f" from {table} join fragments on fragments.id = {table}.fragment_id"
        f' where {table}.response_id = ? order by {table}."order"',
        [response_id],
    )
    return [{"hash": row["hash"], "content": row["content"], "aliases": json.loads(row["aliases"])} for row in rows]


def _attachments(db: sqlite3.Connection, table: str, column: str, owner: Any) -> list[JSONMap]:
    rows = db.execute(
        "select attachments.id, type, path, url, length(content) as content_length from attachments"
        f" join {table} on {table}.attachment_id = attachments.id where {table}.{column} = ?"
        f' order by {table}."order"',
        [owner],
    )
    return [{**dict(row), "content": bool(row["content_length"]) or None} for row in rows]


def _tools(db: sqlite3.Connection, response_id: str) -> list[JSONMap]:
    rows = db.execute(
        "select id, hash, name, description, input_schema from tools join tool_responses on tool_id = tools.id"
        " where response_id = ?",
        [response_id],
    )
    return [{**dict(row), "input_schema": stored_json(row["input_schema"]) or {}, "instance": None} for row in rows]


def _tool_calls(db: sqlite3.Connection, response_id: str) -> list[JSONMap]:
    rows = db.execute(
        "select id, tool_id, name, arguments, tool_call_id from tool_calls where response_id = ? order by id",
        [response_id],
    )
    return [{**dict(row), "arguments": stored_json(row["arguments"]) or {}, "server_executed": False} for row in rows]


def _tool_results(db: sqlite3.Connection, response_id: str) -> list[JSONMap]:
    rows: Sequence[sqlite3.Row] = db.execute(
        "select tool_results.*, tool_instances.name as instance_name, tool_instances.plugin as instance_plugin,"
        " tool_instances.arguments as instance_arguments from tool_results"
        " left join tool_instances on tool_instances.id = tool_results.instance_id where response_id = ?"
        " order by tool_results.id",
        [response_id],
    ).fetchall()
    return [
        {
            "id": row["id"],
            "tool_id": row["tool_id"],
            "name": row["name"],
            "output": row["output"] or "",
            "tool_call_id": row["tool_call_id"],
            "exception": row["exception"],
            "server_executed": False,
            "instance": {
                "name": row["instance_name"],
                "plugin": row["instance_plugin"],
                "arguments": row["instance_arguments"],
            }
            if row["instance_name"]
            else None,
            "attachments": _attachments(db, "tool_results_attachments", "tool_result_id", row["id"]),
        }
        for row in rows
    ]
