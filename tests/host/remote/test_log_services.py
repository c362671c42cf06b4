"""What a plugin may write into the person's log: only with their word for it, and no key of theirs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest
from innkeeper.confinement.policy import Policy
from innkeeper.paths import Home
from innkeeper.process.denials import Denials
from innkeeper.remote.host import Host
from innkeeper.remote.log_services import LogServices
from innkeeper.storage.keys import set_key
from innkeeper.storage.logs_database import open_logs
from innkeeper.storage.logs_entries import Entry, Filter, find_entries
from innkeeper.storage.logs_switch import set_logging
from innkeeper_protocol.errors import CallFailed, ErrorCode
from innkeeper_protocol.payloads.host_services import LogResponseParams

HELLO = LogResponseParams(
    model_id="other",
    prompt="hello",
    system="be brief",
    response="hi",
    response_json={"id": 1},
    conversation_id="01k0conversation",
    duration_ms=7,
    datetime_utc="2026-01-01T12:00:00+02:00",
    input_tokens=1,
    output_tokens=2,
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(str(tmp_path))


def ask(home: Home, params: LogResponseParams, *, granted: bool = True) -> Denials:
    policy = Policy(plugin="writer", databases=("logs",) if granted else ())
    denials = Denials("writer", str(Path(home.root) / "plugin.log"))
    LogServices(Host(home), policy, denials).log_response(params, cast(Any, None))
    return denials


def logged(home: Home) -> list[Entry]:
    if not Path(home.logs_file).exists():
        return []
    with open_logs(home.logs_file) as db:
        return find_entries(db, Filter())[::-1]


def test_without_the_persons_word_nothing_is_written(home: Home) -> None:
    with pytest.raises(CallFailed) as failed:
        ask(home, HELLO, granted=False)

    assert failed.value.code == ErrorCode.DENIED
    assert "llm plugins allow writer --database logs" in str(failed.value)
    assert not Path(home.logs_file).exists()


def test_with_it_an_exchange_is_logged_as_a_turn(home: Home) -> None:
    ask(home, HELLO)

    (entry,) = logged(home)
    shown = {
        name: value for name, value in entry.as_json().items() if value not in (None, [], {}) and name not in ("id",)
    }
    assert shown == {
        "model": "other",
        "conversation_id": "01k0conversation",
        "duration_ms": 7,
        "datetime_utc": "2026-01-01T10:00:00+00:00",
        "input_tokens": 1,
        "output_tokens": 2,
        "conversation_name": "hello",
        "conversation_model": "other",
        "prompt": "hello",
        "system": "be brief",
        "response": "hi",
        "response_json": {"id": 1},
    }


def test_an_exchange_of_the_same_conversation_follows_it(home: Home) -> None:
    ask(home, HELLO)
    ask(home, LogResponseParams(model_id="other", prompt="more", response="yes", conversation_id="01k0conversation"))

    assert [(entry.prompt, entry.system, entry.response) for entry in logged(home)] == [
        ("hello", "be brief", "hi"),
        ("more", "be brief", "yes"),
    ]


def test_no_stored_key_gets_there(home: Home) -> None:
    set_key(home, "openai", 'sk-"secret"')
    said = 'the key is sk-"secret"'

    ask(home, LogResponseParams(model_id="m", prompt=said, system=said, response=said, response_json={said: [said]}))

    with open_logs(home.logs_file) as db:
        everything = json.dumps([list(row) for row in db.execute("select text, payload from parts")])
        everything += json.dumps([list(row) for row in db.execute("select response_json from turns")])
    assert "secret" not in everything
    assert "the key is [key]" in everything


def test_nothing_is_written_while_logging_is_off(home: Home) -> None:
    set_logging(home, False)

    ask(home, HELLO)

    assert logged(home) == []


@pytest.mark.parametrize("conversation_id", ["", "x" * 101, "two\nlines", "../up"])
def test_what_is_no_id_of_a_conversation_is_refused(home: Home, conversation_id: str) -> None:
    with pytest.raises(CallFailed) as failed:
        ask(home, LogResponseParams(model_id="m", response="x", conversation_id=conversation_id))

    assert failed.value.code == ErrorCode.INVALID_PARAMS
    assert logged(home) == []


@pytest.mark.parametrize("said", ["0001-01-01T00:00:00+14:00", "yesterday", None])
def test_a_time_that_is_none_is_the_hosts(home: Home, said: str | None) -> None:
    ask(home, LogResponseParams(model_id="m", response="x", datetime_utc=said, duration_ms=-5, input_tokens=1 << 63))

    (entry,) = logged(home)
    assert entry.datetime_utc > "2025"
    assert (entry.duration_ms, entry.input_tokens) == (0, None)
