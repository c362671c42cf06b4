"""The log, held against the real `llm`: each reads what the other wrote, and finds every hash to be right."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from innkeeper.storage.logs_conversations import load_conversation
from innkeeper.storage.logs_database import open_logs
from innkeeper.storage.logs_entries import Filter, find_entries
from innkeeper.storage.logs_turns import GivenFragment, GivenTool, Turn, log_turn
from innkeeper_sdk.api.attachments import Attachment
from innkeeper_sdk.api.parts import (
    AttachmentPart,
    Message,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from innkeeper_sdk.api.schemas import make_schema_id

PNG = b"\x89PNG\r\n\x1a\n"
NOVEL = "It was the best of times. " * 10
WEATHER = GivenTool(
    name="weather",
    description="The weather somewhere, in words that a person who has never seen any would understand.",
    input_schema={"type": "object", "properties": {"place": {"type": "string"}}},
    plugin="llm-weather",
)
READ = GivenTool(
    name="Files_read",
    description=None,
    input_schema={"type": "object", "properties": {}},
    plugin="llm-files",
    toolbox="Files",
    toolbox_plugin="llm-files",
    arguments={"root": "/srv"},
)
SCHEMA = {"type": "object", "properties": {"name": {"type": "string", "description": "how it is called, in full"}}}


def conversation(folder: Path) -> list[Turn]:
    """Return two turns with one of everything in them."""
    photo = folder / "photo.png"
    photo.write_bytes(PNG + b"photo")
    system = Message("system", [TextPart(f"{NOVEL.strip()}\n\nbe brief")])
    question = Message(
        "user",
        [
            TextPart(f"{NOVEL}\nWhat is in these? “Ünïcode”"),
            AttachmentPart(Attachment(type="image/png", path=str(photo))),
            AttachmentPart(Attachment(type="image/png", content=PNG + b"inline")),
            AttachmentPart(Attachment(type="image/png", url="https://example.com/a.png")),
        ],
    )
    calls = Message(
        "assistant",
        [
            ReasoningPart("Let me see.", provider_metadata={"signature": "s" * 80}),
            TextPart("I will look."),
            ToolCallPart(
                "weather", {"place": "Paris, where it nearly always rains when one has no umbrella"}, "call-1"
            ),
            ToolCallPart("Files_read", {}, "call-2"),
            ToolCallPart("web_search", {"q": "x"}, "call-3", server_executed=True),
            ToolResultPart("web_search", "found", "call-3", server_executed=True),
        ],
        provider_metadata={"id": "msg-1"},
    )
    results = Message(
        "tool",
        [
            ToolResultPart("weather", "rain", "call-1", attachments=[Attachment(type="image/png", content=PNG)]),
            ToolResultPart("Files_read", "", "call-2", exception="OSError: no"),
        ],
    )
    answer = Message("assistant", [TextPart('{"name": "a pelican"}')])
    common: dict[str, Any] = {
        "conversation_id": "01k0conversation",
        "model": "claude",
        "tools": [WEATHER, READ],
        "prompt_fragments": [GivenFragment(NOVEL, "novel.txt")],
        "system_fragments": [GivenFragment(NOVEL, "novel.txt")],
    }
    first = Turn(
        id="01k0turn1",
        sent=[system, question],
        answer=[calls],
        datetime_utc="2026-01-01T00:00:00.123456+00:00",
        duration_ms=1234,
        conversation_name="What  is in these, and more than fits into a name",
        resolved_model="claude-1",
        options={"temperature": 0.5, "unset": None},
        input_tokens=10,
        output_tokens=20,
        token_details={"cached": 3},
        response_json={"id": "1", "echo": calls.to_dict(), "tool": WEATHER.description, "$": "no mark", "t": {"$": 1}},
        **common,
    )
    second = Turn(
        id="01k0turn2",
        sent=[system, question, calls, results],
        answer=[answer],
        datetime_utc="2026-01-01T00:00:05+00:00",
        duration_ms=50,
        schema=SCHEMA,
        response_json={"text": f"before {NOVEL} after", "schema": dict(reversed(SCHEMA.items()))},
        **common,
    )
    return [first, second]


def ours(path: Path, **wanted: Any) -> list[dict[str, Any]]:
    """Return what we say was logged, as ``llm logs --json -e`` prints it."""
    with open_logs(str(path)) as db:
        entries = find_entries(db, Filter(**wanted))
    if not wanted.get("query"):
        entries.reverse()
    shown: list[dict[str, Any]] = json.loads(json.dumps([entry.as_json() for entry in entries]))
    return shown


CLI = """
import sys
from llm.cli import cli
cli.main(sys.argv[1:], standalone_mode=False)
"""


def theirs(real: Callable[..., str], *options: str) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = json.loads(real(CLI, "logs", "list", "--json", "-e", "-n", "0", *options))
    return shown


VERIFY = """
import json, llm, sqlite_utils
from llm.logs import LogStore
store = LogStore(sqlite_utils.Database("logs.db"))
assert store.verify() == [], store.verify()
print(json.dumps([message.to_dict() for message in store.thread_messages("01k0conversation")]))
"""


def test_real_llm_reads_what_we_logged(real: Callable[..., str], tmp_path: Path) -> None:
    turns = conversation(tmp_path)
    with open_logs(str(tmp_path / "logs.db")) as db:
        for turn in turns:
            log_turn(db, turn)

    messages = json.loads(real(VERIFY))

    assert messages == [message.to_dict() for message in (*turns[1].sent, *turns[1].answer)]
    shown = theirs(real)
    assert shown == ours(tmp_path / "logs.db")
    assert [entry["response_json"] for entry in shown] == [turn.response_json for turn in turns]
    assert [entry["conversation_name"] for entry in shown] == ["What is in these, and more than…"] * 2


def test_real_llm_goes_on_with_a_conversation_of_ours(real: Callable[..., str], tmp_path: Path) -> None:
    hello = Turn(
        id="01k0turn1",
        conversation_id="01k0conversation",
        model="echo",
        sent=[Message("system", [TextPart("be brief")]), Message("user", [TextPart("hello")])],
        answer=[Message("assistant", [TextPart("hi")])],
        datetime_utc="2026-01-01T00:00:00+00:00",
        duration_ms=1,
    )
    with open_logs(str(tmp_path / "logs.db")) as db:
        log_turn(db, hello)

    real(CLI, "prompt", "--continue", "and again")

    with open_logs(str(tmp_path / "logs.db")) as db:
        found = load_conversation(db, "01k0conversation")
    assert found is not None
    assert [message.role for message in found.messages] == ["system", "user", "assistant", "user", "assistant"]
    assert found.messages[:3] == [*hello.sent, *hello.answer]
    assert [turn.sent for turn in found.turns] == [hello.sent, found.messages[:4]]


LOGS_EVERYTHING = """
import json, llm, sqlite_utils
from llm.parts import StreamEvent

class Fake(llm.Model):
    model_id = "fake"
    can_stream = True
    supports_tools = True
    supports_schema = True
    attachment_types = {"image/png"}
    class Options(llm.Options):
        heat: float = None

    def execute(self, prompt, stream, response, conversation):
        response.set_usage(input=7, output=9, details={"deep": 1})
        response.response_json = {"text": "a" * 100, "echo": [tool.description for tool in prompt.tools],
                                  "schema": prompt.schema, "odd": {"$raw": 1}}
        yield StreamEvent(type="reasoning", chunk="hm, ")
        yield StreamEvent(type="reasoning", chunk="hm", provider_metadata={"signature": "x" * 70})
        yield StreamEvent(type="text", chunk="a" * 100)
        if not prompt.tool_results and prompt.tools:
            response.add_tool_call(llm.ToolCall(name="double", arguments={"number": 4}, tool_call_id="c1"))
            response.add_tool_call(llm.ToolCall(name="Box_open", arguments={}, tool_call_id="c2"))

def double(number: int) -> int:
    "Twice the number, " + "which is what one gets by adding it to itself: so often is enough."
    return number * 2
double.__doc__ = "Twice the number, which is what one gets by adding it to itself: so often is enough."

class Box(llm.Toolbox):
    def __init__(self, lid: str = "closed"):
        self.lid = lid
    def open(self):
        "Open it"
        png = llm.Attachment(content=b"\\x89PNG\\r\\n\\x1a\\n1", type="image/png")
        return llm.ToolOutput("open", attachments=[png])

db = sqlite_utils.Database("logs.db")
model = Fake()
novel = llm.Fragment("It was the best of times. " * 10, "novel.txt")
open("photo.png", "wb").write(b"\\x89PNG\\r\\n\\x1a\\nphoto")
conversation = model.conversation()
chain = conversation.chain("look", system="sys", tools=[double, Box("ajar")], fragments=[novel],
    system_fragments=[novel], options={"heat": 0.5}, attachments=[llm.Attachment(path="photo.png"),
    llm.Attachment(type="image/png", url="https://example.com/x.png")])
chain.text()
chain.log_to_db(db)
answer = conversation.prompt("as json", schema={"type": "object", "properties": {"name": {"type": "string"}}})
answer.text()
answer.log_to_db(db)
print(conversation.id)
"""

MESSAGES = """
import json, sqlite_utils, sys
from llm.logs import LogStore
store = LogStore(sqlite_utils.Database("logs.db"))
print(json.dumps([message.to_dict() for message in store.thread_messages(sys.argv[1])]))
"""


def test_we_read_what_the_real_llm_logged(real: Callable[..., str], tmp_path: Path) -> None:
    conversation_id = real(LOGS_EVERYTHING).strip()

    shown = ours(tmp_path / "logs.db")

    assert shown == theirs(real)
    assert len(shown) == 3
    assert shown[1]["tool_results"][1]["instance"]["name"] == "Box"
    assert shown[2]["schema_json"]["properties"] == {"name": {"type": "string"}}
    with open_logs(str(tmp_path / "logs.db")) as db:
        found = load_conversation(db, conversation_id)
    assert found is not None
    assert [message.to_dict() for message in found.messages] == json.loads(real(MESSAGES, conversation_id))
    assert [[*turn.sent, *turn.answer] for turn in found.turns][-1] == found.messages


def test_the_same_entries_are_found_by_the_same_filters(real: Callable[..., str], tmp_path: Path) -> None:
    conversation_id = real(LOGS_EVERYTHING).strip()
    path = tmp_path / "logs.db"
    first, second, third = ours(path)
    novel = first["prompt_fragments"][0]["hash"]
    schema = {"type": "object", "properties": {"name": {"type": "string"}}}

    for options, wanted, expected in (
        (["-f", novel], {"fragment_hashes": [novel]}, [first["id"], second["id"]]),
        (["--tools"], {"any_tools": True}, [second["id"]]),
        (["-T", "double"], {"tools": ["double"]}, [second["id"]]),
        (["-T", "other"], {"tools": ["other"]}, []),
        (["--cid", conversation_id], {"conversation_id": conversation_id}, [first["id"], second["id"], third["id"]]),
        (["--cid", "other"], {"conversation_id": "other"}, []),
        (["--id-gt", first["id"]], {"id_gt": first["id"]}, [second["id"], third["id"]]),
        (["--id-gte", third["id"]], {"id_gte": third["id"]}, [third["id"]]),
        (["-m", "fake"], {"model": "fake"}, [first["id"], second["id"], third["id"]]),
        (["-m", "other"], {"model": "other"}, []),
        (["-q", "json"], {"query": "json"}, [third["id"]]),
        (["-q", "times"], {"query": "times"}, []),
        (["-q", "look", "-l"], {"query": "look", "latest": True}, [first["id"]]),
        (["--schema", json.dumps(schema)], {"schema_id": make_schema_id(schema)[0]}, [third["id"]]),
        (["--schema", "other int, one"], {"schema_id": "other"}, []),
    ):
        assert [entry["id"] for entry in ours(path, **wanted)] == expected, wanted
        assert [entry["id"] for entry in theirs(real, *options)] == expected, options


OLD_ROWS = """
insert into conversations values ('01k0old', 'name', 'fake');
insert into schemas values ('s1', '{"type": "object"}');
insert into responses (id, model, prompt, system, options_json, response, conversation_id, duration_ms, datetime_utc,
    input_tokens, schema_id, prompt_json, response_json, reasoning) values
    ('01k0r1', 'fake', 'first', 'sys', '{"heat": 1}', 'answer one', '01k0old', 5, '2025-01-01T00:00:00', 3, 's1',
     '{"p": 1}', '{"r": 1}', 'hm'),
    ('01k0r2', 'fake', '', null, '{}', 'answer two', '01k0old', 6, '2025-01-01T00:00:01', null, null, null, null, null);
insert into attachments values ('a1', 'image/png', null, null, x'89504e47');
insert into attachments values ('a2', 'image/png', null, 'https://example.com/a.png', null);
insert into prompt_attachments values ('01k0r1', 'a1', 0);
insert into fragments values (1, 'h1', 'a fragment', '2025', 'f.txt');
insert into fragment_aliases values ('short', 1);
insert into prompt_fragments values ('01k0r1', 1, 0);
insert into system_fragments values ('01k0r1', 1, 0);
insert into tools values (1, 'th', 'double', 'Twice', '{"type": "object"}', 'llm-double');
insert into tool_responses values (1, '01k0r1');
insert into tool_calls values (1, '01k0r1', 1, 'double', '{"number": 4}', 'c1');
insert into tool_instances values (1, 'llm-box', 'Box', '{}');
insert into tool_results values (1, '01k0r2', 1, 'double', '8', 'c1', 1, 'ValueError: no');
insert into tool_results_attachments values (1, 'a2', 0);
"""


def test_what_llm_logged_before_it_had_turns_is_read_alike(real: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "logs.db"
    with open_logs(str(path)) as db:
        db.executescript(OLD_ROWS)

    shown = ours(path)
    expected = theirs(real)

    # The real one says less here: nothing of whose the calls were, and of sizes no more than the number.
    for entry in shown:
        for call in entry["tool_calls"] + entry["tool_results"]:
            assert call.pop("server_executed") is False
        for attachment in entry["attachments"]:
            assert attachment.pop("content") is True
    ours_of, theirs_of = (entries[1]["tool_results"][0].pop("attachments") for entries in (shown, expected))
    assert [one["url"] for one in ours_of] == [one["url"] for one in theirs_of] == ["https://example.com/a.png"]
    assert shown == expected
    assert [entry["id"] for entry in ours(path, query="first")] == ["01k0r1"]
    with open_logs(str(path)) as db:
        found = load_conversation(db, "01k0old")
    assert found is not None
    assert [message.to_dict() for message in found.messages] == [
        {"role": "system", "parts": [{"type": "text", "text": "a fragment\n\nsys"}]},
        {
            "role": "user",
            "parts": [
                {"type": "text", "text": "a fragment\nfirst"},
                {"type": "attachment", "attachment": {"type": "image/png", "content": "iVBORw=="}},
            ],
        },
        {
            "role": "assistant",
            "parts": [
                {"type": "text", "text": "answer one"},
                {"type": "tool_call", "name": "double", "arguments": {"number": 4}, "tool_call_id": "c1"},
            ],
        },
        {
            "role": "tool",
            "parts": [
                {
                    "type": "tool_result",
                    "name": "double",
                    "output": "8",
                    "tool_call_id": "c1",
                    "exception": "ValueError: no",
                }
            ],
        },
        {"role": "assistant", "parts": [{"type": "text", "text": "answer two"}]},
    ]
    assert found.tools == ["double"]


def test_a_turn_that_cannot_be_stored_leaves_nothing(tmp_path: Path) -> None:
    turns = conversation(tmp_path)
    with open_logs(str(tmp_path / "logs.db")) as db:
        db.execute("drop table turn_tools")
        with pytest.raises(sqlite3.OperationalError, match="turn_tools"):
            log_turn(db, turns[0])
        left = [db.execute(f"select count(*) from {table}").fetchone()[0] for table in ("messages", "turns", "threads")]

    assert left == [0, 0, 0]
