"""What is kept of prompts, how it is shown, and how a conversation goes on; beside the real `llm` on one database."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pexpect
import pytest

from .inn import Inn

PNG = b"\x89PNG\r\n\x1a\n"


def entries(inn: Inn, database: Path | str, *options: str) -> list[dict[str, Any]]:
    """Return what is logged, oldest first."""
    found: list[dict[str, Any]] = json.loads(inn.ok("logs", "-d", str(database), "--json", "-n", "0", *options))
    return found


def told(answer: str) -> dict[str, Any]:
    """Return what the model says that it was sent."""
    found: dict[str, Any] = json.loads(answer)
    return found


@pytest.fixture
def database(tmp_path: Path) -> str:
    return str(tmp_path / "logs.db")


def fill(inn: Inn, database: str, folder: Path) -> None:
    """Log a conversation of three turns with everything in it, and four prompts of other kinds."""
    photo, notes = folder / "photo.png", folder / "notes.txt"
    photo.write_bytes(PNG + b"photo")
    notes.write_text("These are notes.\n" * 10, "utf-8")
    common = ("-m", "recorder", "-d", database)
    inn.ok(
        *common, "use tools", "-s", "be brief", "-f", str(notes), "--sf", str(notes), "-a", str(photo),
        "--at", "https://example.com/a.png", "image/png", "-o", "heat", "0.5", "-T", "double", "-T", 'Box("ajar")',
    )  # fmt: skip
    inn.ok(*common, "-c", "as json", "--schema", "name, age int")
    inn.ok(*common, "think", "-n")
    inn.ok(*common, "think hard")
    inn.ok(*common, "code for me")
    inn.ok(*common, "a list", "--schema-multi", "name, age int")
    inn.ok(*common, "colours and `signs`")


REAL_CLI = """
import json, sys
from click.testing import CliRunner
from llm.cli import cli
for options in json.load(sys.stdin):
    result = CliRunner().invoke(cli, ["logs", "list", "-d", sys.argv[1], *options], color=True)
    assert result.exit_code == 0, (options, result.output)
    print(json.dumps(result.output))
"""

OPTIONS = [
    [],
    ["-n", "0"],
    ["-n", "0", "-u"],
    ["-n", "0", "-t"],
    ["-n", "0", "-e"],
    ["-n", "0", "-s"],
    ["-n", "0", "-s", "-u"],
    ["-n", "0", "--json"],
    ["-n", "0", "--json", "-t"],
    ["-n", "0", "--json", "-e"],
    ["-r"],
    ["-x", "-n", "0"],
    ["--xl", "-n", "0"],
    ["-c"],
    ["-q", "json"],
    ["-q", "tools", "-s"],
    ["-q", "a OR tools", "-l", "-s"],
    ["-m", "recorder", "-n", "1"],
    ["-m", "recorder-1", "-s"],
    ["-m", "other"],
    ["-T", "double", "-s"],
    ["-T", "Box_open", "-s"],
    ["--tools", "-s"],
    ["--schema", "name, age int", "-s"],
    ["--schema", "name, age int", "--data"],
    ["--schema-multi", "name, age int", "--data-array"],
    ["--schema-multi", "name, age int", "--data-key", "items"],
    ["--schema-multi", "name, age int", "--data-key", "items", "--data-ids"],
]


def test_log_is_shown_as_the_real_one_shows_it(
    recorder: Inn, real: Callable[..., str], tmp_path: Path, database: str
) -> None:
    fill(recorder, database, tmp_path)

    theirs = [json.loads(line) for line in real(REAL_CLI, database, stdin=json.dumps(OPTIONS)).splitlines()]

    ours = [recorder.ok("logs", "-d", database, *options) for options in OPTIONS]
    for options, our, their in zip(OPTIONS, ours, theirs, strict=True):
        assert our == their, options
    assert len([text for text in ours if text]) == len(OPTIONS) - 1


def test_a_conversation_goes_on_with_all_that_was_said(recorder: Inn, tmp_path: Path, database: str) -> None:
    fill(recorder, database, tmp_path)
    first = entries(recorder, database)[0]["conversation_id"]

    seen = told(recorder.ok("--cid", first, "-d", database, "tell me"))

    assert seen["messages"] == [
        ["system", ["text"]],
        ["user", ["text", "attachment", "attachment"]],
        ["assistant", ["text", "tool_call", "tool_call"]],
        ["tool", ["tool_result", "tool_result"]],
        ["user", ["attachment"]],
        ["assistant", ["text"]],
        ["user", ["text"]],
        ["assistant", ["text"]],
        ["user", ["text"]],
    ]
    notes = "These are notes.\n" * 10
    assert seen["responses"] == [
        [f"{notes}\nuse tools", "I will use tools.", 2, ["double", "Box_open"]],
        ["", "Tools said: 42, ajar", 1, []],
        ["as json", '{"name": "Rex", "age": 3}', 0, []],
    ]
    assert seen["heat"] == 1.0
    assert entries(recorder, database)[-1]["conversation_id"] == first


def test_what_a_provider_wants_to_see_again_comes_back(recorder: Inn, database: str) -> None:
    recorder.ok("-m", "recorder", "-d", database, "think")

    seen = told(recorder.ok("-c", "-d", database, "tell me"))

    assert seen["messages"][1] == ["assistant", ["reasoning", "text"]]
    assert seen["responses"] == [["think", "I thought.", 0, []]]
    assert [entry["reasoning"] for entry in entries(recorder, database)] == ["Let me see. Yes.", None]


def test_the_latest_conversation_is_the_one_begun_last(recorder: Inn, database: str) -> None:
    common = ("-m", "recorder", "-d", database)
    recorder.ok(*common, "one")
    (first,) = entries(recorder, database)
    recorder.ok(*common, "two")
    recorder.ok(*common, "--cid", first["conversation_id"], "back to one")

    seen = told(recorder.ok("-d", database, "-c", "tell me"))

    assert [turn[0] for turn in seen["responses"]] == ["two"]


def test_another_model_may_go_on(recorder: Inn, database: str) -> None:
    recorder.ok("-m", "blind", "-d", database, "look")

    seen = told(recorder.ok("-m", "rec", "-c", "-d", database, "tell me"))

    assert [turn[:2] for turn in seen["responses"]] == [["look", "I see nothing."]]
    assert [entry["model"] for entry in entries(recorder, database)] == ["blind", "recorder"]


def test_without_anything_to_go_on_with_a_conversation_begins(recorder: Inn, database: str) -> None:
    assert told(recorder.ok("-m", "recorder", "-c", "-d", database, "tell me"))["responses"] == []


def test_unknown_conversation_is_said(recorder: Inn, database: str) -> None:
    message = recorder.fails("-m", "recorder", "--cid", "nowhere", "-d", database, "hi")

    assert "No conversation found with id=nowhere" in message


def test_conversation_whose_file_is_gone_says_which(recorder: Inn, tmp_path: Path, database: str) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(PNG)
    recorder.ok("-m", "recorder", "-d", database, "look", "-a", str(photo))
    photo.unlink()

    message = recorder.fails("-c", "-d", database, "tell me")

    assert "photo.png" in message
    assert "cannot go on" in message


def test_logging_is_off_when_the_person_says_so(inn: Inn, recorder: Inn, tmp_path: Path) -> None:
    environment = {"LLM_USER_PATH": str(recorder.home)}
    assert inn.ok("logs", "status", environment=environment).startswith("Logging is ON")
    before = _count(recorder)

    recorder.ok("logs", "off")
    try:
        assert recorder.ok("logs", "status").startswith("Logging is OFF")
        recorder.ok("-m", "blind", "not this")
        after = _count(recorder)
        recorder.ok("-m", "blind", "--log", "but this")
    finally:
        recorder.ok("logs", "on")
    recorder.ok("-m", "blind", "-n", "nor this")
    recorder.ok("-m", "blind", "and this")

    assert after == before
    assert [entry["prompt"] for entry in entries(recorder, recorder.home / "logs.db")[before:]] == [
        "but this",
        "and this",
    ]
    assert "mutually exclusive" in recorder.fails("-m", "blind", "--log", "-n", "hi", status=2)


def _count(inn: Inn) -> int:
    path = inn.home / "logs.db"
    return len(entries(inn, path)) if path.exists() else 0


def test_an_answer_that_broke_off_is_not_logged_but_those_before_it_are(recorder: Inn, database: str) -> None:
    recorder.fails("-m", "recorder", "-d", database, "fail")
    recorder.fails("-m", "recorder", "-d", database, "use tools", "-T", "double", "-T", "Box", "--cl", "1")

    assert [entry["prompt"] for entry in entries(recorder, database)] == ["use tools"]


def test_no_key_gets_into_the_log(recorder: Inn, database: str) -> None:
    """The provider's answer repeats the key it was asked with: one that was given, and one that is stored."""
    recorder.ok("keys", "set", "stored", "--value", "sk-stored-0123456789")

    recorder.ok("-m", "recorder", "-d", database, "leak", "--key", "sk-given-0123456789")
    recorder.ok("-m", "recorder", "-d", database, "leak", "--key", "stored")

    assert [entry["response_json"] for entry in entries(recorder, database)] == [
        {"authorization": "Bearer [key]", "id": "r1"}
    ] * 2
    assert b"0123456789" not in Path(database).read_bytes()


def test_log_is_its_owners_alone_and_can_be_copied(recorder: Inn, tmp_path: Path, database: str) -> None:
    recorder.ok("-m", "blind", "look")
    path = recorder.ok("logs", "path").strip()
    copy = tmp_path / "copy.db"

    said = recorder.ok("logs", "backup", str(copy))

    assert path == str(recorder.home / "logs.db")
    assert [stat.S_IMODE(os.stat(one).st_mode) for one in (path, copy)] == [0o600, 0o600]
    assert said.startswith("Backed up ")
    assert entries(recorder, copy) == entries(recorder, path)
    assert str(copy) in recorder.fails("logs", "backup", str(copy))


def test_search_that_is_none_is_refused_plainly(recorder: Inn, database: str) -> None:
    recorder.ok("-m", "blind", "-d", database, "look")

    assert "cannot be searched for" in recorder.fails("logs", "-d", database, "-q", '"unclosed', status=2)


def test_a_database_that_is_not_there_or_none_is_said(recorder: Inn, tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("this is not a database, " * 50, "utf-8")

    assert "No log database found" in recorder.fails("logs", "-d", str(tmp_path / "no.db"))
    assert "not a database" in recorder.fails("logs", "-d", str(tmp_path / "text.db"))
    answered = recorder.run("-m", "blind", "-d", str(tmp_path / "text.db"), "look")
    assert (answered.status, answered.stdout) == (1, "I see nothing.\n")
    assert "not a database" in answered.stderr


def test_log_shows_no_control_sequences_on_a_terminal(recorder: Inn, database: str) -> None:
    recorder.ok("-m", "recorder", "-d", database, "colours")

    terminal = recorder.at_terminal("logs", "-d", database)
    terminal.expect(pexpect.EOF)

    assert terminal.before is not None
    assert "red " in terminal.before
    assert "\x1b" not in terminal.before
    assert "\x1b[31mred" in recorder.ok("logs", "-d", database)


def test_json_of_a_prompt_is_its_entry_in_the_log(recorder: Inn, database: str) -> None:
    shown = json.loads(
        recorder.ok("-m", "recorder", "-d", database, "--json", "use tools", "-T", "double", "-T", "Box")
    )
    unlogged = json.loads(recorder.ok("-m", "recorder", "-d", database, "--json", "-n", "hello"))

    assert shown == entries(recorder, database)
    assert [entry["response"] for entry in shown] == ["I will use tools.", "Tools said: 42, closed"]
    assert [entry["response"] for entry in unlogged] == ["You said: hello"]


def test_json_of_a_failure_is_an_object_too(recorder: Inn) -> None:
    outcome = recorder.run("-m", "recorder", "--json", "-n", "fail")

    assert outcome.status == 1
    assert json.loads(outcome.stdout)["error"]["message"] == "no more"


def test_real_llm_goes_on_with_what_we_logged(recorder: Inn, real: Callable[..., str], database: str) -> None:
    """And we with what it said then. Its plugin `llm-echo` tells what it saw; ours has a model of that name, too."""
    recorder.ok("-m", "echo", "-d", database, "think")

    real("from llm.cli import cli; cli()", "prompt", "-m", "echo", "-d", database, "-c", "again")

    seen = told(recorder.ok("-m", "recorder", "-c", "-d", database, "tell me"))
    assert [turn[0] for turn in seen["responses"]] == ["think", "again"]
    assert [message[0] for message in seen["messages"]] == ["user", "assistant", "user", "assistant", "user"]
    db = sqlite3.connect(database)
    assert db.execute("select count(*) from threads").fetchone() == (1,)
    db.close()
