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


def test_names_are_whole_on_a_narrow_terminal(published: Inn) -> None:
    """Whose permission it is, and for what, is not to be guessed."""
    shown = ""
    for arguments in (("plugins",), ("plugins", "permissions")):
        terminal = published.at_terminal(*arguments, columns=24)
        terminal.expect(pexpect.EOF)
        terminal.close()
        assert terminal.exitstatus == 0, terminal.before
        shown += terminal.before or ""

    assert "llm-" in shown
    assert "\N{HORIZONTAL ELLIPSIS}" not in shown


def test_no_is_an_answer_and_nothing_is_uninstalled(published: Inn) -> None:
    terminal = published.at_terminal("uninstall", "llm-markov")
    terminal.expect_exact("[y/N]: ")
    terminal.sendline("n")
    terminal.expect_exact("Nothing was uninstalled.")
    terminal.expect(pexpect.EOF)
    terminal.close()

    assert terminal.exitstatus == 1
    assert "llm-markov" in published.plugins()
