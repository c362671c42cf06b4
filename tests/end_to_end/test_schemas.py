"""Answers that fit a schema: the ways to say which, and what is kept of them."""

from __future__ import annotations

import json
from pathlib import Path

from .inn import Inn

DOG = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer", "description": "in years"}},
    "required": ["name", "age"],
}
IN_SHORT = "name, age int: in years"
DOGS = {
    "type": "object",
    "properties": {"items": {"type": "array", "items": DOG}},
    "required": ["items"],
}


def schema_seen(inn: Inn, *options: str) -> object:
    return json.loads(inn.ok("-m", "recorder", "tell me", *options))["schema"]


def test_every_way_to_say_a_schema(recorder: Inn, tmp_path: Path) -> None:
    database = str(tmp_path / "logs.db")
    (tmp_path / "dog.json").write_text(json.dumps(DOG), "utf-8")
    recorder.ok("-m", "recorder", "--schema", IN_SHORT, "--save", "dog-template")
    recorder.ok("-m", "recorder", "-d", database, "--schema", IN_SHORT, "a dog")
    listed = recorder.ok("schemas", "-d", database)
    stored = listed.splitlines()[0].removeprefix("- id: ")

    for written in (IN_SHORT, json.dumps(DOG), str(tmp_path / "dog.json"), stored, "t:dog-template"):
        assert schema_seen(recorder, "-d", database, "--schema", written) == DOG, written
    assert schema_seen(recorder, "-n", "--schema-multi", IN_SHORT) == DOGS
    assert schema_seen(recorder, "-n", "-t", "dog-template") == DOG


def test_answers_are_json_and_can_be_looked_through(recorder: Inn, tmp_path: Path) -> None:
    database = str(tmp_path / "logs.db")
    common = ("-m", "recorder", "-d", database)

    answer = recorder.ok(*common, "--schema", IN_SHORT, "a dog")
    recorder.ok(*common, "--schema-multi", IN_SHORT, "dogs")
    recorder.ok(*common, "no dog")

    assert json.loads(answer) == {"name": "Rex", "age": 3}
    dogs = recorder.ok("logs", "-d", database, "--schema-multi", IN_SHORT, "--data-key", "items")
    assert dogs == '{"name": "Rex", "age": 3}\n' * 2


def test_schemas_are_listed_with_their_use(recorder: Inn, tmp_path: Path) -> None:
    database = str(tmp_path / "logs.db")
    for _ in range(2):
        recorder.ok("-m", "recorder", "-d", database, "--schema", IN_SHORT, "a dog")
    recorder.ok("-m", "recorder", "-d", database, "--schema", "other str", "a thing")

    listed = json.loads(recorder.ok("schemas", "list", "-d", database, "--json", "-q", "years"))
    shown = recorder.ok("schemas", "show", listed[0]["id"], "-d", database)
    everything = recorder.ok("schemas", "-d", database)

    assert [(one["content"], one["times_used"]) for one in listed] == [(DOG, 2)]
    assert json.loads(shown) == DOG
    assert "  summary: |\n    {name, age}\n  usage: |\n    2 times, most recently 20" in everything
    assert "    {other}\n" in everything
    assert recorder.ok("schemas", "-d", database, "--full").count('"type": "object"') == 2
    assert recorder.ok("schemas", "list", "-p", database) == everything
    assert recorder.ok("schemas", "show", listed[0]["id"], "--path", database) == shown
    assert "nowhere" in recorder.fails("schemas", "show", "nowhere", "-d", database)


def test_fields_in_short_are_shown_as_the_schema_they_stand_for(recorder: Inn) -> None:
    assert json.loads(recorder.ok("schemas", "dsl", IN_SHORT)) == DOG
    assert json.loads(recorder.ok("schemas", "dsl", IN_SHORT, "--multi")) == DOGS
    assert "unknown type 'inch'" in recorder.fails("schemas", "dsl", "name, size inch", status=2)


def test_what_is_no_schema_is_said(recorder: Inn, tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text("[1]", "utf-8")

    def message(written: str) -> str:
        return recorder.fails("-m", "recorder", "-n", "a dog", "--schema", written, status=2)

    assert "is not JSON" in message('{"type": ')
    assert "is not a JSON object" in message(str(tmp_path / "list.json"))
    assert "unknown type 'inch'" in message("name, size inch")
    assert "--schema 'name str'" in message("name")
    assert "does not support schemas" in recorder.fails("-m", "blind", "-n", "a dog", "--schema", IN_SHORT)
