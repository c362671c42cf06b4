"""A terminal that was lent is put back as it was, and left alone where it is another's by then.

Each test runs a few lines of Python as the leader of a session on a terminal of its own.
"""

from __future__ import annotations

import os
import signal
import sys
import textwrap

import pexpect
import pytest
from innkeeper.process.terminal import signals_left_to_command

START = """
import os, signal, sys, termios, time, tty
from innkeeper.process.terminal import Lent

def modes():
    return termios.tcgetattr(0)

def stopped_by(number):
    signal.signal(number, signal.SIG_IGN)

before = modes()
lent = Lent()
"""


def said(program: str, *, term: str = "xterm") -> str:
    """Return what *program* writes on its terminal, in which `START` has run."""
    terminal = pexpect.spawn(
        sys.executable,
        ["-c", START + textwrap.dedent(program)],
        env={**os.environ, "TERM": term},
        encoding="utf-8",
        echo=False,
        timeout=30,
    )
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0, terminal.before
    return (terminal.before or "").replace("\r\n", "\n")


def test_modes_are_put_back_and_the_screen_is_plain_again() -> None:
    shown = said("""
        tty.setraw(0)
        lent.take_back(broke_off=False)
        print(modes() == before)
        """)

    assert shown.endswith("True\n")
    assert "\x1b[?25h" in shown
    assert "\x1b[?1047l" in shown


def test_where_nothing_changed_nothing_is_written() -> None:
    assert said("lent.take_back(broke_off=False)") == ""


@pytest.mark.parametrize(("term", "shown"), [("xterm", True), ("dumb", False)])
def test_what_broke_off_may_have_drawn(term: str, shown: bool) -> None:
    assert ("\x1b[?25h" in said("lent.take_back(broke_off=True)", term=term)) is shown


def test_output_that_was_stopped_goes_on() -> None:
    shown = said("""
        termios.tcflow(1, termios.TCOOFF)
        lent.take_back(broke_off=False)
        print("it goes on")
        """)

    assert shown == "it goes on\n"


def test_descriptors_block_again() -> None:
    shown = said("""
        os.set_blocking(0, False)
        os.close(2)
        lent.take_back(broke_off=False)
        print(os.get_blocking(0))
        """)

    assert shown == "True\n"


CHILD_IN_FRONT = """
    ready, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        os.write(tell, b"!")
        time.sleep(600)
    os.read(ready, 1)
    stopped_by(signal.SIGTTOU)
    os.tcsetpgrp(0, child)
    tty.setraw(0)
"""


def test_terminal_of_a_job_that_is_gone_is_taken_back() -> None:
    shown = said(f"""{CHILD_IN_FRONT}
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    lent.take_back(broke_off=False)
    print(os.tcgetpgrp(0) == os.getpgrp(), modes() == before)
    """)

    assert shown.endswith("True True\n")


def test_terminal_that_others_were_given_is_left_alone() -> None:
    shown = said(f"""{CHILD_IN_FRONT}
    lent.take_back(broke_off=True)
    print(os.tcgetpgrp(0) == child, modes() == before)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    """)

    assert shown.strip() == "True False"


def test_rest_of_a_pipeline_keeps_its_modes() -> None:
    shown = said("""
        child = os.fork()
        if child == 0:
            time.sleep(600)
        tty.setraw(0)
        lent.take_back(broke_off=False)
        print(modes() == before)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        """)

    assert shown.strip() == "False"


def test_interrupt_is_not_for_us_while_a_command_runs() -> None:
    before = signal.getsignal(signal.SIGINT)
    with signals_left_to_command():
        os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_being_told_to_end_unwinds_with_the_status_of_a_shell(number: signal.Signals) -> None:
    before = signal.signal(number, signal.SIG_DFL)
    try:
        with pytest.raises(SystemExit) as caught, signals_left_to_command():
            os.kill(os.getpid(), number)
        assert caught.value.code == 128 + number
        assert signal.getsignal(number) is signal.SIG_DFL
    finally:
        signal.signal(number, before)


def test_signal_that_is_ignored_stays_so() -> None:
    """``nohup llm CMD &``."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals_left_to_command():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
