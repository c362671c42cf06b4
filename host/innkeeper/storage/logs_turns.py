"""A turn, one call of a model, on its way into the log database: what was asked, what came of it, and by what means."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec
from innkeeper_sdk.api.parts import Message, ToolResultPart

from .logs_condensed import condensed, known_values
from .logs_database import transaction
from .logs_fragments import ensure_fragment
from .logs_messages import chain_hashes, ensure_chain
from .logs_migrations import ensure_tool_instance
from .logs_parts import literal_text
from .schemas import ensure_schema

NAME_LETTERS = 32
"""Of the name that a conversation gets from its first prompt."""


class GivenTool(msgspec.Struct, frozen=True):
    """A tool that the model could ask for. *arguments* are those of the *toolbox* that it belongs to, if it does."""

    name: str
    description: str | None
    input_schema: dict[str, Any]
    plugin: str | None = None
    by_provider: bool = False
    toolbox: str = ""
    toolbox_plugin: str | None = None
    arguments: dict[str, Any] | None = None

    def hash(self) -> str:
        """Return what the tool is known by."""
        import hashlib

        told: dict[str, Any] = {
            "name": self.name,
            "description": self.description,
            "input_schema": self.input_schema,
        }
        if self.by_provider:
            told["server_side"] = True
        if self.plugin:
            told["plugin"] = self.plugin
        return hashlib.sha256(json.dumps(told).encode("utf-8")).hexdigest()


class GivenFragment(msgspec.Struct, frozen=True):
    """A fragment that the prompt was made with."""

    content: str
    source: str | None


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """*sent* is everything the model was sent, *answer* what it said. *datetime_utc* is when it was asked, ISO 8601."""

    id: str
    conversation_id: str
    model: str
    sent: Sequence[Message]
    answer: Sequence[Message]
    datetime_utc: str
    duration_ms: int
    conversation_name: str = ""
    resolved_model: str | None = None
    options: dict[str, Any] = msgspec.field(default_factory=dict)
    schema: dict[str, Any] | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    token_details: dict[str, Any] | None = None
    response_json: Any = None
    tools: Sequence[GivenTool] = ()
    prompt_fragments: Sequence[GivenFragment] = ()
    system_fragments: Sequence[GivenFragment] = ()


def log_turn(db: sqlite3.Connection, turn: Turn) -> None:
    """Store *turn* as the latest of its conversation, which is made where there is none. Whole or not at all."""
    with transaction(db):
        given = [
            (kind, order, ensure_fragment(db, fragment.content, fragment.source), fragment.content)
            for kind, fragments in (("prompt", turn.prompt_fragments), ("system", turn.system_fragments))
            for order, fragment in enumerate(fragments)
        ]
        parent = ensure_chain(db, turn.sent, fragments={content: row_id for *_, row_id, content in given if content})
        tip = ensure_chain(db, turn.answer, parent=parent)
        _ensure_thread(db, turn)
        _insert_turn(db, turn, parent, tip)
        for kind, order, row_id, _ in given:
            db.execute(
                'insert or replace into turn_fragments (turn_id, fragment_id, "order", kind) values (?, ?, ?, ?)',
                [turn.id, row_id, order, kind],
            )
        _insert_tools(db, turn)
        _index(db, turn, parent, tip)
        db.execute("update threads set tip_message_hash = ? where id = ?", [tip, turn.conversation_id])


def conversation_name(text: str) -> str:
    """Return the name of a conversation that begins with *text*."""
    name = re.sub(r"\s+", " ", text)
    return name if len(name) <= NAME_LETTERS else name[: NAME_LETTERS - 1] + "…"


def _ensure_thread(db: sqlite3.Connection, turn: Turn) -> None:
    db.execute(
        "insert or ignore into threads (id, name, datetime_utc) values (?, ?, ?)",
        [turn.conversation_id, conversation_name(turn.conversation_name), turn.datetime_utc.replace("T", " ")],
    )


def _insert_turn(db: sqlite3.Connection, turn: Turn, parent: str | None, tip: str | None) -> None:
    options = {name: value for name, value in turn.options.items() if value is not None}
    values = known_values(turn.answer, [(tool.name, tool.description) for tool in turn.tools], turn.schema)
    db.execute(
        "insert or replace into turns (id, thread_id, parent_message_hash, tip_message_hash, model, resolved_model,"
        " options_json, schema_id, input_tokens, output_tokens, token_details, duration_ms, datetime_utc,"
        " response_json) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            turn.id,
            turn.conversation_id,
            parent,
            tip,
            turn.model,
            turn.resolved_model,
            json.dumps(options) if options else None,
            ensure_schema(db, turn.schema) if turn.schema else None,
            _count(turn.input_tokens),
            _count(turn.output_tokens),
            json.dumps(turn.token_details) if turn.token_details else None,
            turn.duration_ms,
            turn.datetime_utc,
            condensed(turn.response_json, values),
        ],
    )


def _count(said: int | None) -> int | None:
    """Return a number that a plugin said, if it is one that SQLite can hold and that can be true."""
    return said if said is not None and 0 <= said < 1 << 63 else None


def _insert_tools(db: sqlite3.Connection, turn: Turn) -> None:
    """Store which tools the model had, and which toolbox gave each result that it was sent."""
    instances: dict[str, int] = {}
    for tool in turn.tools:
        db.execute(
            "insert into tools (hash, name, description, input_schema, plugin) values (?, ?, ?, ?, ?)"
            " on conflict (hash) do nothing",
            [tool.hash(), tool.name, tool.description, json.dumps(tool.input_schema), tool.plugin],
        )
        (tool_id,) = db.execute("select id from tools where hash = ?", [tool.hash()]).fetchone()
        if tool.arguments is not None:
            arguments = json.dumps(tool.arguments)
            instances[tool.name] = ensure_tool_instance(db, tool.toolbox, tool.toolbox_plugin, arguments)
        db.execute(
            "insert or replace into turn_tools (turn_id, tool_id, instance_id) values (?, ?, ?)",
            [turn.id, tool_id, instances.get(tool.name)],
        )
    for result in _new_results(turn.sent):
        if result.tool_call_id and result.name in instances:
            db.execute(
                "insert or replace into tool_instantiations (turn_id, tool_call_id, instance_id) values (?, ?, ?)",
                [turn.id, result.tool_call_id, instances[result.name]],
            )


def _new_results(sent: Sequence[Message]) -> list[ToolResultPart]:
    """Return the results of tools that came after the model's last answer."""
    results: list[ToolResultPart] = []
    for message in reversed(sent):
        if message.role not in ("user", "tool"):
            break
        results += [part for part in message.parts if isinstance(part, ToolResultPart)]
    return results


def _index(db: sqlite3.Connection, turn: Turn, parent: str | None, tip: str | None) -> None:
    """Let the turn be found by what was typed, and what the model said."""
    db.execute("delete from turn_search where turn_id = ?", [turn.id])
    hashes = chain_hashes(db, tip)
    own = [
        one for one, message in zip(hashes[len(turn.sent) :], turn.answer, strict=True) if message.role == "assistant"
    ]
    asked = [parent] if parent is not None and turn.sent[-1].role == "user" else []
    prompt, response = literal_text(db, asked), literal_text(db, own)
    if prompt or response:
        db.execute("insert into turn_search (turn_id, prompt, response) values (?, ?, ?)", [turn.id, prompt, response])
