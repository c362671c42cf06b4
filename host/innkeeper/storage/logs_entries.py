"""What was logged, as people look at it: one entry a turn, whichever of its generations of tables it is in.

Turns are in the tables of the message store; what an older `llm` logged is in ``responses``, and read from there. The
fields are those that ``llm logs --json`` shows.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

JSONMap = dict[str, Any]


@dataclass(kw_only=True)
class Entry:
    """One turn. *rank* orders entries that were searched for: the smaller, the nearer."""

    id: str
    model: str
    resolved_model: str | None = None
    options: JSONMap = field(default_factory=dict)
    conversation_id: str | None = None
    duration_ms: int | None = None
    datetime_utc: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    token_details: str | None = None
    conversation_name: str | None = None
    conversation_model: str | None = None
    schema: Any = None
    prompt: str = ""
    system: str | None = None
    response: str = ""
    reasoning: str | None = None
    prompt_json: Any = None
    response_json: Any = None
    prompt_fragments: list[JSONMap] = field(default_factory=list)
    system_fragments: list[JSONMap] = field(default_factory=list)
    tools: list[JSONMap] = field(default_factory=list)
    tool_calls: list[JSONMap] = field(default_factory=list)
    tool_results: list[JSONMap] = field(default_factory=list)
    attachments: list[JSONMap] = field(default_factory=list)
    rank: float = 0.0

    def as_json(self) -> JSONMap:
        """Return what ``llm logs --json`` prints of it."""
        return {
            "id": self.id,
            "model": self.model,
            "resolved_model": self.resolved_model,
            "options_json": self.options,
            "conversation_id": self.conversation_id,
            "duration_ms": self.duration_ms,
            "datetime_utc": self.datetime_utc,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "token_details": self.token_details,
            "conversation_name": self.conversation_name,
            "conversation_model": self.conversation_model,
            "schema_json": self.schema,
            "prompt": self.prompt,
            "system": self.system,
            "response": self.response,
            "reasoning": self.reasoning,
            "prompt_json": self.prompt_json,
            "response_json": self.response_json,
            "prompt_fragments": self.prompt_fragments,
            "system_fragments": self.system_fragments,
            "tools": self.tools,
            "tool_calls": self.tool_calls,
            "tool_results": self.tool_results,
            "attachments": self.attachments,
        }


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which entries are wanted, and how many: the newest ones, or the nearest to *query* unless *latest* is set.

    *query* is in the language of SQLite's FTS5. *tools* are names of tools whose results the model was sent.
    """

    count: int | None = None
    model: str | None = None
    conversation_id: str | None = None
    fragment_hashes: Sequence[str] = ()
    tools: Sequence[str] = ()
    any_tools: bool = False
    schema_id: str | None = None
    id_gt: str | None = None
    id_gte: str | None = None
    ids: Sequence[str] = ()
    query: str | None = None
    latest: bool = False

    @property
    def by_rank(self) -> bool:
        """Whether the nearest come first."""
        return bool(self.query) and not self.latest

    def conditions(self, table: str, conversation_column: str) -> tuple[list[str], JSONMap]:
        """Return those conditions, with their parameters, that read alike for *table*, be it ``turns`` or the other."""
        simple: list[tuple[Any, str, Any]] = [
            (self.model, f"({table}.model = :model or {table}.resolved_model = :model)", self.model),
            (self.conversation_id, f"{table}.{conversation_column} = :conversation", self.conversation_id),
            (self.schema_id, f"{table}.schema_id = :schema", self.schema_id),
            (self.id_gt, f"{table}.id > :id_gt", self.id_gt),
            (self.id_gte, f"{table}.id >= :id_gte", self.id_gte),
            (self.ids, f"{table}.id in (select value from json_each(:ids))", json.dumps(list(self.ids))),
        ]
        names = ("model", "conversation", "schema", "id_gt", "id_gte", "ids")
        conditions = [condition for wanted, condition, _ in simple if wanted]
        parameters = {name: value for name, (wanted, _, value) in zip(names, simple, strict=True) if wanted}
        return conditions, parameters


def find_entries(db: sqlite3.Connection, wanted: Filter) -> list[Entry]:
    """Return the entries that are *wanted*, the newest, or the nearest, first.

    Raises sqlite3.OperationalError for a query that FTS5 does not understand.
    """
    from .logs_entries_old import find_old_entries
    from .logs_entries_turns import find_turns

    entries = [*find_turns(db, wanted), *find_old_entries(db, wanted)]
    if wanted.by_rank:
        entries.sort(key=lambda entry: entry.rank)
    else:
        entries.sort(key=lambda entry: entry.id, reverse=True)
    return entries[: wanted.count] if wanted.count else entries


def latest_conversation(db: sqlite3.Connection) -> str | None:
    """Return the id of the conversation that something was last said in."""
    row = db.execute(
        "select conversation_id from (select thread_id as conversation_id, id from turns"
        " union all select conversation_id, id from responses) order by id desc limit 1"
    ).fetchone()
    return None if row is None else row["conversation_id"]
