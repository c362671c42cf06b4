"""Entries of the log from the tables of the message store.

A turn's prompt is what came after the model's last answer before it, its response what stands between that and its tip.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from innkeeper_sdk.api.attachments import Attachment
from innkeeper_sdk.api.parts import (
    AttachmentPart,
    Message,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)

from .logs_condensed import NotKept, known_values, resolved
from .logs_entries import Entry, Filter, JSONMap
from .logs_messages import Messages, chain_hashes
from .logs_parts import stored_json

P = TypeVar("P", bound=Part)


def find_turns(db: sqlite3.Connection, wanted: Filter) -> list[Entry]:
    """Return the turns that are *wanted*, the newest, or the nearest, first."""
    conditions, parameters = wanted.conditions("turns", "thread_id")
    for number, fragment_hash in enumerate(wanted.fragment_hashes):
        parameters[f"fragment_{number}"] = fragment_hash
        conditions.append(
            "turns.id in (select turn_id from turn_fragments join fragments on fragments.id = fragment_id"
            f" where fragments.hash = :fragment_{number})"
        )
    if wanted.any_tools:
        conditions.append(_was_sent_result(""))
    for number, tool in enumerate(wanted.tools):
        parameters[f"tool_{number}"] = tool
        conditions.append(_was_sent_result(f"and parts.tool_name = :tool_{number}"))
    rank, join, order = "0.0", "", "turns.id desc"
    if wanted.query:
        parameters["query"] = wanted.query
        conditions.append("turn_search_fts match :query")
        join = (
            " join turn_search on turn_search.turn_id = turns.id"
            " join turn_search_fts on turn_search_fts.rowid = turn_search.id"
        )
        rank = "bm25(turn_search_fts, 10.0, 1.0)"  # what a person typed says more of a turn than what a model said
        order = "rank" if wanted.by_rank else order
    rows = db.execute(
        f"select turns.*, threads.name as conversation_name, schemas.content as schema_json, {rank} as rank"
        " from turns left join threads on threads.id = turns.thread_id"
        f" left join schemas on schemas.id = turns.schema_id{join}"
        f"{' where ' + ' and '.join(conditions) if conditions else ''}"
        f" order by {order}{' limit ' + str(int(wanted.count)) if wanted.count else ''}",
        parameters,
    ).fetchall()
    reader = _Reader(db)
    return [reader.entry(row) for row in rows]


def _was_sent_result(condition: str) -> str:
    """Return the condition that the last message sent, or the one before a user's, has a tool's result in it."""
    with_result = f"select parts.message_hash from parts where parts.type = 'tool_result' {condition}"
    return (
        f"(turns.parent_message_hash in ({with_result}) or turns.parent_message_hash in (select messages.hash from"
        f" messages where messages.role = 'user' and messages.parent_hash in ({with_result})))"
    )


class _Reader:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._messages = Messages(db)

    def entry(self, row: sqlite3.Row) -> Entry:
        hashes = chain_hashes(self._db, row["tip_message_hash"])
        sent_hashes = chain_hashes(self._db, row["parent_message_hash"])
        messages = self._messages.load(hashes or sent_hashes)
        sent, answer = messages[: len(sent_hashes)], messages[len(sent_hashes) :]
        first = len(sent)
        while first and sent[first - 1].role in ("user", "tool"):
            first -= 1
        asked = sent[first:]
        schema = stored_json(row["schema_json"])
        tools = self._tools(row["id"])
        system = sent[0] if sent and sent[0].role == "system" else None
        entry = Entry(
            id=row["id"],
            model=row["model"],
            resolved_model=row["resolved_model"],
            options=stored_json(row["options_json"]) or {},
            conversation_id=row["thread_id"],
            duration_ms=row["duration_ms"],
            datetime_utc=row["datetime_utc"] or "",
            input_tokens=row["input_tokens"],
            output_tokens=row["output_tokens"],
            token_details=row["token_details"],
            conversation_name=row["conversation_name"],
            conversation_model=row["model"],
            schema=schema,
            prompt=_text(_parts_of((one for one in asked if one.role == "user"), TextPart)),
            system=(_text(_parts_of([system], TextPart)) or None) if system is not None else None,
            response=_text(_parts_of(answer, TextPart)),
            reasoning=_text(_parts_of(answer, ReasoningPart)) or None,
            response_json=_response_json(row["response_json"], answer, tools, schema),
            tools=tools,
            attachments=[
                attachment_summary(part.attachment)
                for part in _parts_of(asked, AttachmentPart)
                if part.attachment is not None
            ],
            rank=row["rank"],
        )
        self._add_fragments(entry)
        self._add_calls(entry, asked, answer, hashes[len(sent_hashes) :], sent_hashes[first:])
        return entry

    def _tools(self, turn_id: str) -> list[JSONMap]:
        rows = self._db.execute(
            "select tools.*, tool_instances.name as instance_name, tool_instances.arguments as instance_arguments"
            " from tools join turn_tools on turn_tools.tool_id = tools.id"
            " left join tool_instances on tool_instances.id = turn_tools.instance_id where turn_tools.turn_id = ?",
            [turn_id],
        )
        return [
            {
                "id": row["id"],
                "hash": row["hash"],
                "name": row["name"],
                "description": row["description"],
                "input_schema": stored_json(row["input_schema"]) or {},
                "instance": {"name": row["instance_name"], "arguments": row["instance_arguments"]}
                if row["instance_name"]
                else None,
            }
            for row in rows
        ]

    def _add_fragments(self, entry: Entry) -> None:
        rows = self._db.execute(
            "select turn_fragments.kind, fragments.hash, fragments.content,"
            " (select json_group_array(alias) from fragment_aliases where fragment_id = fragments.id) as aliases"
            " from turn_fragments join fragments on fragments.id = turn_fragments.fragment_id"
            ' where turn_fragments.turn_id = ? order by turn_fragments."order"',
            [entry.id],
        )
        for row in rows:
            kept = entry.prompt_fragments if row["kind"] == "prompt" else entry.system_fragments
            kept.append({"hash": row["hash"], "content": row["content"], "aliases": stored_json(row["aliases"])})

    def _add_calls(
        self,
        entry: Entry,
        asked: Sequence[Message],
        answer: Sequence[Message],
        answer_hashes: Sequence[str],
        asked_hashes: Sequence[str],
    ) -> None:
        """Add the calls that the model asked for, and the results that it was sent, or that its provider got."""
        tool_ids = {tool["name"]: tool["id"] for tool in entry.tools}
        call_ids = self._row_ids("tool_call", answer_hashes)
        entry.tool_calls = [
            {
                "id": call_ids.get(part.tool_call_id),
                "tool_id": tool_ids.get(part.name),
                "name": part.name,
                "arguments": part.arguments,
                "tool_call_id": part.tool_call_id,
                "server_executed": part.server_executed,
            }
            for part in _parts_of(answer, ToolCallPart)
        ]
        for messages, hashes, by_server in ((asked, asked_hashes, False), (answer, answer_hashes, True)):
            result_ids = self._row_ids("tool_result", hashes)
            entry.tool_results += [
                {
                    "id": result_ids.get(part.tool_call_id),
                    "tool_id": tool_ids.get(part.name),
                    "name": part.name,
                    "output": part.output,
                    "tool_call_id": part.tool_call_id,
                    "exception": part.exception,
                    "server_executed": by_server,
                    "instance": self._instance(entry.id, part.tool_call_id),
                    "attachments": [attachment_summary(attachment) for attachment in part.attachments],
                }
                for part in _parts_of(messages, ToolResultPart)
            ]

    def _row_ids(self, kind: str, hashes: Sequence[str]) -> dict[str | None, int]:
        ids: dict[str | None, int] = {}
        for one in hashes:
            for row in self._db.execute(
                "select id, payload from parts where message_hash = ? and type = ?", [one, kind]
            ):
                ids[(stored_json(row["payload"]) or {}).get("tool_call_id")] = row["id"]
        return ids

    def _instance(self, turn_id: str, tool_call_id: str | None) -> JSONMap | None:
        row = self._db.execute(
            "select name, plugin, arguments from tool_instantiations join tool_instances on tool_instances.id ="
            " tool_instantiations.instance_id where turn_id = ? and tool_call_id = ?",
            [turn_id, tool_call_id],
        ).fetchone()
        return None if row is None else dict(row)


def attachment_summary(attachment: Attachment) -> JSONMap:
    """Return what is shown of an attachment."""
    size = len(attachment.content or b"") or None
    return {
        "id": attachment._id,
        "type": attachment.type,
        "path": attachment.path,
        "url": attachment.url,
        "content": bool(size) or None,
        "content_length": size,
    }


def _response_json(text: str | None, answer: Sequence[Message], tools: Sequence[JSONMap], schema: Any) -> Any:
    """Return the provider's answer; None where its references lead nowhere: those to values of a model's own do."""
    if not text:
        return None
    try:
        return resolved(text, known_values(answer, [(tool["name"], tool["description"]) for tool in tools], schema))
    except (NotKept, ValueError, TypeError):
        return None


def _parts_of(messages: Iterable[Message], kind: type[P]) -> list[P]:
    return [part for message in messages for part in message.parts if isinstance(part, kind)]


def _text(parts: Sequence[TextPart] | Sequence[ReasoningPart]) -> str:
    return "".join(part.text for part in parts)
