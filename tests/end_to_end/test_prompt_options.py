"""What else can be said with a prompt: options of the model that stay, blocks of code, async, usage."""

from __future__ import annotations

import json
from pathlib import Path

import pexpect
import pytest

from .inn import Inn


def heat_seen(inn: Inn, *options: str) -> object:
    return json.loads(inn.ok("-m", "recorder", "-n", "tell me", *options))["heat"]


def test_options_that_stay_go_with_every_prompt_but_for_those_that_say_otherwise(recorder: Inn) -> None:
    said = recorder.run("models", "options", "set", "rec", "heat", "0.25")
    try:
        assert said.stderr == "Set default option heat=0.25 for model recorder\n"
        assert json.loads((recorder.home / "model_options.json").read_text()) == {"recorder": {"heat": "0.25"}}
        assert heat_seen(recorder) == 0.25
        assert heat_seen(recorder, "-o", "heat", "2") == 2.0
        assert recorder.ok("models", "options") == "recorder:\n  heat: 0.25\n"
        assert recorder.ok("models", "options", "show", "rec") == "heat: 0.25\n"
    finally:
        assert recorder.ok("models", "options", "clear", "recorder") == "Cleared option 'heat' for model recorder\n"
    assert heat_seen(recorder) == 1.0
    assert recorder.run("models", "options").stderr == "No default options set for any models.\n"


def test_options_that_the_model_would_refuse_are_not_kept(recorder: Inn) -> None:
    assert "has no option 'hot'" in recorder.fails("models", "options", "set", "recorder", "hot", "1")
    not_warm = recorder.fails("models", "options", "set", "recorder", "heat", "warm")
    assert not_warm == "Error: Option 'heat' takes a number, and 'warm' is none.\n"
    not_whole = recorder.fails("models", "options", "set", "recorder", "count", "1.5")
    assert not_whole == "Error: Option 'count' takes a whole number, and '1.5' is none.\n"
    too_hot = recorder.fails("models", "options", "set", "smollm2", "top_p", "2")
    assert too_hot == "Error: Option 'top_p' takes a number above 0 and at most 1, and '2' is none.\n"
    assert recorder.ok("models", "options") == ""
    assert "takes a number" in recorder.fails("-m", "smollm2", "hi", "-o", "top_p", "2", "--save", "hot")
    assert recorder.run("templates", "show", "hot").status == 1


def test_kept_option_that_the_model_no_longer_has_is_told_with_the_way_out(recorder: Inn) -> None:
    path = recorder.home / "model_options.json"
    path.write_text('{"recorder": {"gone": "1"}}', "utf-8")
    try:
        message = recorder.fails("-m", "recorder", "-n", "hi")
        own = recorder.fails("-m", "recorder", "-n", "hi", "-o", "gone", "2")
    finally:
        path.unlink()

    assert message.startswith("Error: gone\n")
    assert "llm models options clear recorder gone" in message
    assert "clear" not in own


def test_options_file_that_is_broken_is_said(recorder: Inn) -> None:
    path = recorder.home / "model_options.json"
    path.write_text('{"recorder": 1}', "utf-8")
    try:
        assert str(path) in recorder.fails("-m", "recorder", "-n", "hi")
    finally:
        path.unlink()


def test_log_says_with_which_options_the_model_ran(recorder: Inn, tmp_path: Path) -> None:
    """As numbers, and with those that nobody gave, as the real one does."""
    database = str(tmp_path / "logs.db")

    recorder.ok("-m", "recorder", "-d", database, "hi", "-o", "heat", "0.5")

    (entry,) = json.loads(recorder.ok("logs", "-d", database, "--json"))
    assert entry["options_json"] == {"heat": 0.5, "count": 1}


def test_options_of_the_model_are_shown_and_nothing_is_asked(recorder: Inn) -> None:
    assert recorder.ok("-m", "rec", "--options").splitlines() == [
        "Recorder: recorder (aliases: rec)",
        "  Options:",
        "    heat: float",
        "    count: int",
        "  Attachment types:",
        "    application/pdf, image/png, text/plain",
        "  Features:",
        "  - streaming",
        "  - schemas",
        "  - tools",
        "  - async",
        "  Keys:",
        "    key: recorder",
    ]


@pytest.mark.parametrize(("option", "block"), [("-x", "print(1)\n"), ("--xl", "last\n")])
def test_block_of_code_is_taken_out_of_the_answer(recorder: Inn, option: str, block: str) -> None:
    assert recorder.ok("-m", "recorder", "-n", "code", option) == block + "\n"
    assert recorder.ok("-m", "recorder", "-n", "no such thing", option) == "You said: no such thing\n"


def test_async_variant_answers_and_a_model_without_one_says_so(recorder: Inn) -> None:
    assert recorder.ok("-m", "recorder", "-n", "--async", "hi") == "You said: hi\n"
    assert "sync model exists" in recorder.fails("-m", "blind", "-n", "--async", "hi")


def test_usage_of_every_answer_is_shown(recorder: Inn) -> None:
    outcome = recorder.run("-m", "recorder", "-n", "-u", "use tools", "-T", "double", "-T", "Box")

    assert outcome.stdout == "I will use tools. Tools said: 42, closed\n"
    assert outcome.stderr == 'Token usage: 1,000 input, 7 output, {"cached": 3}\n' * 2


def test_thoughts_go_to_stderr_unless_they_are_hidden(recorder: Inn) -> None:
    shown = recorder.run("-m", "recorder", "-n", "think")
    hidden = recorder.run("-m", "recorder", "-n", "think", "-R")

    assert (shown.stdout, shown.stderr) == ("I thought.\n", "Let me see. Yes.\n")
    assert (hidden.stdout, hidden.stderr) == ("I thought.\n", "")


def test_thoughts_are_dim_on_a_terminal(recorder: Inn) -> None:
    terminal = recorder.at_terminal("-m", "recorder", "-n", "think")
    terminal.expect(pexpect.EOF)

    assert terminal.before is not None
    assert "\x1b[2mLet me see. \x1b[0m" in terminal.before
    assert terminal.before.endswith("I thought.\r\n")


def test_person_at_a_terminal_types_the_prompt_where_none_is_given(recorder: Inn) -> None:
    terminal = recorder.at_terminal("-m", "recorder", "-n")
    terminal.send("typed\n")
    terminal.sendeof()
    terminal.expect_exact("You said: typed")
    terminal.expect(pexpect.EOF)


def test_model_is_found_by_parts_of_its_name(recorder: Inn) -> None:
    assert recorder.ok("-q", "rec", "-q", "order", "-n", "hi") == "You said: hi\n"
    assert "No model found matching queries nothing" in recorder.fails("-q", "nothing", "hi")


def test_what_is_asked_can_be_kept_as_a_template(recorder: Inn) -> None:
    recorder.ok(
        "-m", "recorder", "tell $input", "-s", "sys", "-o", "heat", "0.5", "--schema", "name, age int", "-x",
        "--save", "kept",
    )  # fmt: skip

    answer = json.loads(recorder.ok("-t", "kept", "-n", "me", "--no-stream"))

    assert (answer["prompt"], answer["system"], answer["heat"]) == ("tell me", "sys", 0.5)
    assert list(answer["schema"]["properties"]) == ["name", "age"]
    message = recorder.fails("hi", "-t", "kept", "-c", "--save", "again", status=2)
    assert "--save cannot be used with --template, --continue" in message
