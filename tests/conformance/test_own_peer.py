"""This project's peer passes what any implementation must."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from innkeeper_protocol.link import Link, SocketLink

from .dialogue import PATIENCE_S, Conversation, Dialogue, Wrong, dialogues
from .subject import serve_as_host, serve_as_plugin

REPOSITORY = Path(__file__).resolve().parents[2]


def play(dialogue: Dialogue, serve: Callable[[Link], None]) -> None:
    ours, theirs = socket.socketpair()
    subject = threading.Thread(target=serve, args=(SocketLink(theirs),), daemon=True)
    subject.start()
    with ours:
        Conversation(ours).play(dialogue)
    subject.join(PATIENCE_S)
    assert not subject.is_alive()


@pytest.mark.parametrize("dialogue", dialogues("plugin"), ids=lambda dialogue: dialogue["name"])
def test_plugin_passes(dialogue: Dialogue) -> None:
    play(dialogue, serve_as_plugin)


@pytest.mark.parametrize("dialogue", dialogues("host"), ids=lambda dialogue: dialogue["name"])
def test_host_passes(dialogue: Dialogue) -> None:
    play(dialogue, serve_as_host)


@pytest.mark.parametrize("role", ["plugin", "host"])
def test_command_tries_a_program(role: str) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.conformance",
        "--role",
        role,
        sys.executable,
        "-m",
        "tests.conformance.subject",
    ]
    ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=100, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert [line.split(" ", 1)[0] for line in ended.stdout.splitlines()] == ["ok"] * len(dialogues(role))


def test_peer_that_does_nothing_is_found_wrong() -> None:
    """The tester itself can fail."""
    ours, theirs = socket.socketpair()
    theirs.close()
    with ours, pytest.raises(Wrong):
        Conversation(ours).play(dialogues("plugin")[0])


def test_peer_that_ignores_credit_is_found_wrong() -> None:
    """STREAM-3, seen by the tester's own count."""
    ours, theirs = socket.socketpair()
    (dialogue,) = (found for found in dialogues("plugin") if found["name"] == "a stalled stream holds up nothing")
    answers = [step for step in dialogue["steps"] if step["from"] == "plugin"]
    with ours, theirs:
        for step in (answers[0], answers[1], answers[3], answers[2], answers[4]):
            theirs.sendall(bytes.fromhex(step["bytes"]))
        with pytest.raises(Wrong, match="items without credit"):
            Conversation(ours).play(dialogue)
