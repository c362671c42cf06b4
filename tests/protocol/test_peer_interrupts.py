"""Interrupts, as by Ctrl-C, while a thread waits for an answer or for its turn to read."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator

import pytest
from innkeeper_protocol.errors import CallCancelled, ConnectionLost
from innkeeper_protocol.peer import IncomingCall, Peer

from .pairs import BOUND_S, COUNT, ECHO, WAIT, Background, Gate, Links, Text, peers

Interrupting = Callable[[float], None]


class Interrupt(BaseException):
    """Stands for KeyboardInterrupt, which pytest has plans for."""


@pytest.fixture
def interrupting() -> Iterator[Callable[[float], None]]:
    """Return a function after which Interrupt is raised in this thread, once, in so many seconds.

    By a signal, as Ctrl-C is one: it comes in the middle of whatever the thread does.
    """

    def raise_interrupt(*_: object) -> None:
        raise Interrupt

    here, timers = threading.get_ident(), []

    def interrupt_after(seconds: float) -> None:
        timer = threading.Timer(seconds, signal.pthread_kill, (here, signal.SIGUSR1))
        timers.append(timer)
        timer.start()

    before = signal.signal(signal.SIGUSR1, raise_interrupt)
    yield interrupt_after
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    for timer in timers:
        timer.join()
    signal.signal(signal.SIGUSR1, before)


def test_interrupt_in_a_waiting_caller_cancels_its_call_and_nothing_else(
    links: Links, interrupting: Callable[[float], None]
) -> None:
    """As Ctrl-C does: another thread's call goes on, and takes over the reading."""
    told, gate = threading.Event(), Gate()

    def wait(params: Text, call: IncomingCall) -> Text:
        call.on_cancel(told.set)
        assert told.wait(BOUND_S)
        raise CallCancelled

    with peers(links, plugin={WAIT.name: wait, COUNT.name: gate}) as pair:
        other = Background(lambda: pair.host.call(COUNT, Text(text="other")))
        gate.wait_until_entered()
        interrupting(0.05)
        with pytest.raises(Interrupt):
            pair.host.call(WAIT, Text())
        assert told.wait(BOUND_S)
        gate.open()
        assert other.join() == Text(text="other")
        assert pair.host.call(ECHO, Text(text="on"), timeout_s=BOUND_S) == Text(text="on")


def test_interrupt_at_any_moment_of_a_call_makes_nobody_wait_for_ever(interrupting: Interrupting) -> None:
    """It costs its own call, or the connection where it came in the middle of a message; never a hang.

    The other thread's call reads or follows, whichever the interrupted one does not.
    """

    def call_until_interrupted(host: Peer, after_s: float) -> None:
        interrupting(after_s)
        while True:
            assert host.call(ECHO, Text(text="main")) == Text(text="main")

    for attempt in range(60):
        with peers() as pair:
            other = Background(lambda: [pair.host.call(ECHO, Text(text=str(n))).text for n in range(200)])
            with pytest.raises(Interrupt):
                call_until_interrupted(pair.host, 0.0005 + attempt * 0.00005)
            if pair.host.closed:
                with contextlib.suppress(ConnectionLost):
                    other.join()
            else:
                assert other.join() == [str(n) for n in range(200)]
