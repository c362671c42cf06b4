"""Conversations read back from the log, to go on with them: every message as it was, and turn by turn."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from typing import Any

from innkeeper_sdk.api.attachments import Attachment
from innkeeper_sdk.api.message_chain import joined_prompt, joined_system, system_message
from innkeeper_sdk.api.parts import (
    AttachmentPart,
    Message,
    Part,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)

from .logs_messages import Messages
from .logs_parts import stored_json


@dataclass(kw_only=True)
class StoredTurn:
    """One turn: *sent* is all that the model was sent, what was said before included, *answer* what it said."""

    id: str
    model: str
    sent: list[Message]
    answer: list[Message]
    options: dict[str, Any] = field(default_factory=dict)
    schema: dict[str, Any] | None = None


@dataclass(kw_only=True)
class StoredConversation:
    """A conversation. *messages* is all that was said in it; *model* answered last.

    *tools* and *provider_tools* are those of its first turn, as written after ``-T``: of plugins, and of the provider.
    """

    id: str
    name: str | None
    model: str
    turns: list[StoredTurn]
    messages: list[Message]
    tools: list[str]
    provider_tools: list[str]


def last_conversation_id(db: sqlite3.Connection) -> str | None:
    """Return the id of the conversation that was begun last, None where there is none."""
    row = db.execute("select max(id) as id from (select id from threads union select id from conversations)").fetchone()
    return None if row is None else row["id"]


def load_conversation(db: sqlite3.Connection, conversation_id: str) -> StoredConversation | None:
    """Return the conversation, None where there is none with that id, or nothing was said in it."""
    old = db.execute("select name from conversations where id = ?", [conversation_id]).fetchone()
    thread = db.execute("select name, tip_message_hash from threads where id = ?", [conversation_id]).fetchone()
    found = thread or old
    turns = [*_old_turns(db, conversation_id), *_turns(db, conversation_id)]
    if found is None or not turns:
        return None
    messages = Messages(db).chain(thread["tip_message_hash"]) if thread is not None else []
    tools, provider_tools = _tools(db, conversation_id)
    return StoredConversation(
        id=conversation_id,
        name=found["name"],
        model=turns[-1].model,
        turns=turns,
        messages=messages or [*turns[-1].sent, *turns[-1].answer],
        tools=tools,
        provider_tools=provider_tools,
    )


def _turns(db: sqlite3.Connection, conversation_id: str) -> list[StoredTurn]:
    reader = Messages(db)
    turns = []
    for row in db.execute(
        "select turns.*, schemas.content as schema_json from turns left join schemas on schemas.id = turns.schema_id"
        " where thread_id = ? order by turns.id",
        [conversation_id],
    ).fetchall():
        sent = reader.chain(row["parent_message_hash"])
        turns.append(
            StoredTurn(
                id=row["id"],
                model=row["model"],
                sent=sent,
                answer=reader.chain(row["tip_message_hash"])[len(sent) :],
                options=stored_json(row["options_json"]) or {},
                schema=stored_json(row["schema_json"]),
            )
        )
    return turns


def _old_turns(db: sqlite3.Connection, conversation_id: str) -> list[StoredTurn]:
    """Return the turns that an older `llm` logged; what the new tables have as well is left to them."""
    turns: list[StoredTurn] = []
    said: list[Message] = []
    for row in db.execute(
        "select responses.*, schemas.content as schema_json from responses"
        " left join schemas on schemas.id = responses.schema_id"
        " where conversation_id = ? and responses.id not in (select id from turns) order by responses.id",
        [conversation_id],
    ).fetchall():
        system = joined_system(row["system"], _fragments(db, "system", row["id"]))
        turn = StoredTurn(
            id=row["id"],
            model=row["model"],
            sent=[*(said or system_message(system)), *_old_prompt(db, row)],
            answer=_old_answer(db, row),
            options=stored_json(row["options_json"]) or {},
            schema=stored_json(row["schema_json"]),
        )
        said = [*turn.sent, *turn.answer]
        turns.append(turn)
    return turns


def _old_prompt(db: sqlite3.Connection, row: sqlite3.Row) -> list[Message]:
    results: list[Part] = [
        ToolResultPart(result["name"], result["output"] or "", result["tool_call_id"], exception=result["exception"])
        for result in db.execute("select * from tool_results where response_id = ? order by id", [row["id"]])
    ]
    text = joined_prompt(_fragments(db, "prompt", row["id"]), row["prompt"])
    said: list[Part] = [TextPart(text)] if text else []
    said += [
        AttachmentPart(Attachment.from_row(attachment))
        for attachment in db.execute(
            "select attachments.* from attachments join prompt_attachments on attachment_id = attachments.id"
            ' where response_id = ? order by prompt_attachments."order"',
            [row["id"]],
        )
    ]
    return [Message(role, parts) for role, parts in (("tool", results), ("user", said)) if parts]


def _old_answer(db: sqlite3.Connection, row: sqlite3.Row) -> list[Message]:
    said: list[Part] = [TextPart(row["response"])] if row["response"] else []
    said += [
        ToolCallPart(call["name"], stored_json(call["arguments"]) or {}, call["tool_call_id"])
        for call in db.execute("select * from tool_calls where response_id = ? order by id", [row["id"]])
    ]
    return [Message("assistant", said)] if said else []


def _fragments(db: sqlite3.Connection, kind: str, response_id: str) -> list[str]:
    rows = db.execute(
        f"select content from fragments join {kind}_fragments on fragment_id = fragments.id"
        f' where response_id = ? order by "order"',
        [response_id],
    )
    return [row["content"] for row in rows]


def _tools(db: sqlite3.Connection, conversation_id: str) -> tuple[list[str], list[str]]:
    """Return the tools of plugins, and those of the provider, that the first turn was given."""
    own: dict[str, None] = {}
    provider: dict[str, None] = {}
    for row in db.execute(
        "select tools.name, tools.plugin, tool_instances.name as instance, tool_instances.arguments from turn_tools"
        " join tools on tools.id = turn_tools.tool_id"
        " left join tool_instances on tool_instances.id = turn_tools.instance_id"
        " where turn_tools.turn_id = (select min(id) from turns where thread_id = ?)",
        [conversation_id],
    ):
        written = row["name"]
        if row["instance"]:
            has_arguments = row["arguments"] not in (None, "", "{}")
            written = f"{row['instance']}({row['arguments']})" if has_arguments else row["instance"]
        (own if row["plugin"] else provider)[written] = None
    if not own and not provider:
        own = {
            row["name"]: None
            for row in db.execute(
                "select distinct tools.name from tool_responses join tools on tools.id = tool_responses.tool_id"
                " where tools.plugin is not null and response_id ="
                " (select min(id) from responses where conversation_id = ?)",
                [conversation_id],
            )
        }
    return list(own), list(provider)
