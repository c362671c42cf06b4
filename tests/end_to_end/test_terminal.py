"""Control sequences in a model's answer: harmless on a terminal, untouched in a pipe."""

from __future__ import annotations

import pexpect

from .inn import Inn

ANSWER = "\x1b]0;owned\x07\x1b[31mred\x1b[0m\r\n\u202etxet\x9b2J"


def test_in_a_pipe_they_are_left_alone(rogues: Inn) -> None:
    assert rogues.ok("-m", "colours", "hi") == ANSWER + "\n"


def test_on_a_terminal_none_reaches_it(rogues: Inn) -> None:
    terminal = rogues.at_terminal("-m", "colours", "hi")
    terminal.expect(pexpect.EOF)
    terminal.close()

    assert terminal.exitstatus == 0, terminal.before
    assert terminal.before is not None
    assert "red" in terminal.before
    for dangerous in ("\x1b]0;", "\x1b[31m", "\x9b", "\u202e", "\x07"):
        assert dangerous not in terminal.before
