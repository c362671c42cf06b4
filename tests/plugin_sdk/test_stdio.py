"""The channel is moved out of a plugin's reach, and 0, 1 and 2 stay what they are."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys

import pytest
from innkeeper_sdk.stdio import LOWEST_CHANNEL, NoChannel, take_channel


def test_channel_moves_to_a_high_close_on_exec_number() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        inherited = theirs.detach()
        environ = {"INNKEEPER_CHANNEL": str(inherited), "HOME": "/home/x"}

        channel = take_channel(environ)

        assert environ == {"HOME": "/home/x"}
        assert channel >= LOWEST_CHANNEL
        assert fcntl.fcntl(channel, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(inherited)
        os.write(channel, b"still connected")
        assert ours.recv(100) == b"still connected"
        os.close(channel)


@pytest.mark.parametrize(
    ("value", "says"),
    [(None, "is not set"), ("seven", "is 'seven', which is no open"), ("-1", "no open descriptor"), ("987", "no open")],
)
def test_channel_that_is_missing_or_closed_is_named(value: str | None, says: str) -> None:
    environ = {} if value is None else {"INNKEEPER_CHANNEL": value}
    with pytest.raises(NoChannel, match=says):
        take_channel(environ)


def test_channel_that_is_no_socket_is_refused() -> None:
    reading, writing = os.pipe()
    with pytest.raises(NoChannel, match="not a socket"):
        take_channel({"INNKEEPER_CHANNEL": str(reading)})
    os.close(reading)
    os.close(writing)


def test_started_by_hand_it_says_what_it_is_for() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "innkeeper_sdk"], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "Error: INNKEEPER_CHANNEL is not set: `python -m innkeeper_sdk` is started by innkeeper, not by hand\n"
    )
