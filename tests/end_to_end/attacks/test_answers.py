"""Answers that no honest plugin gives: on a terminal, in the log, as wishes for tools, without end, without a word."""

from __future__ import annotations

import json
import signal

import pytest

from .people import Room
from .test_registrations import forbidden

ANSWERS = [
    ("-m", "poison", "hi", "--no-stream"),
    ("-m", "poison", "hi", "-u"),
    ("-m", "poison", "hi", "-T", "poisoned_tool", "--td"),
    ("-m", "poison", "hi", "--json"),
    ("-t", "poisoned:x", "hi"),
    ("-f", "poisoned:x", "-m", "poison", "hi"),
    ("-m", "raises-poison", "hi"),
    ("-f", "raising:x", "-m", "poison", "hi"),
    ("-t", "raising:x", "hi"),
    ("-m", "wishes", "-T", "poisoned_tool", "--td", '[["poisoned_tool", {}], ["\\u001b[31m", {"\\u001b]0;": 1}]]'),
]
LATER = [
    ("logs", "-n", "0"),
    ("logs", "-n", "0", "-s"),
    ("logs", "-n", "0", "--json"),
    ("logs", "-r"),
    ("logs", "-q", "owned", "-u"),
    ("logs", "status"),
    ("fragments",),
    ("fragments", "show", "poisoned:x"),
    ("templates", "show", "poisoned:x"),
    ("plugins", "log", "poisoner"),
]


@pytest.mark.parametrize("command", ANSWERS, ids=" ".join)
def test_answer_does_no_more_than_show_text(deceived: Room, command: tuple[str, ...]) -> None:
    shown = deceived.shown(*command)

    assert forbidden(shown) == set()
    assert "Traceback" not in shown
    assert "owned" in shown or "red" in shown, "it is the attack that was shown"


@pytest.fixture
def logged(deceived: Room) -> Room:
    if not (deceived.home / "logs.db").exists():
        for command in ANSWERS[2:6]:
            deceived.run(*command)
    return deceived


@pytest.mark.parametrize("command", LATER, ids=" ".join)
def test_what_is_kept_of_it_does_no_more_either(logged: Room, command: tuple[str, ...]) -> None:
    shown = logged.shown(*command)

    assert forbidden(shown) == set()
    assert "Traceback" not in shown or command[0] == "plugins"


def test_error_that_looks_like_the_hosts_is_indented(deceived: Room) -> None:
    """A plugin's words may have lines; one that begins as an error of ours would be taken for that."""
    said = deceived.fails("-m", "raises-poison", "hi")

    assert [line for line in said.splitlines() if line.startswith("Error:")] == said.splitlines()[:1]


def test_tool_that_was_not_offered_is_not_run(deceived: Room) -> None:
    """The control is the same wish with the tool offered."""
    marked = deceived.data("llm-holder") / "marked"
    marked.unlink(missing_ok=True)
    wishes = json.dumps([["mark", {}], ["llm-holder/mark", {}], ["Functions", {"code": "x"}]])

    refused = json.loads(deceived.ok("-m", "wishes", "-T", "poisoned_tool", wishes).splitlines()[-1])
    assert not marked.exists()
    assert [output for _, output, _ in refused] == [f'Error: tool "{name}" does not exist' for name, _, _ in refused]

    granted = json.loads(deceived.ok("-m", "wishes", "-T", "mark", wishes).splitlines()[-1])
    assert granted[0][1] == "marked"
    assert marked.exists()


@pytest.mark.parametrize("model", ["numbers", "cheating", "huge"])
def test_answer_that_cannot_be_is_one_plain_error(deceived: Room, model: str) -> None:
    said = deceived.fails("-m", model, "hi", "--no-stream", timeout_s=60)

    assert "poisoner" in said


@pytest.mark.parametrize("model", ["endless", "silent"])
def test_answer_without_end_ends_by_an_interrupt(deceived: Room, model: str) -> None:
    with deceived.running("-m", model, "hi") as host:
        assert host.stdout is not None
        assert host.stdout.read(6)

        host.send_signal(signal.SIGINT)
        host.stdout.close()

        assert host.wait(20) in (130, 1)


def test_after_all_that_the_others_answer(deceived: Room) -> None:
    assert deceived.ok("-m", "honest", "hi") == "you said hi\n"
