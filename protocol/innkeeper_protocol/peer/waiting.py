"""Someone who waits: for an answer, an item, credit, or a turn to read.

Functions rather than methods: what waits are structs, made for every call, that share no base class.
"""

from __future__ import annotations

import threading
from typing import Protocol

import msgspec


class Waiting(Protocol):
    """What can be waited for. The state lock guards both.

    *is_ready* says that there is no need to wait, or none any more. *asleep* is the lock that a thread sleeps on.
    """

    is_ready: bool
    asleep: threading.Lock | None


class Waiter(msgspec.Struct, eq=False):
    """Someone who waits for nothing more special."""

    is_ready: bool = False
    asleep: threading.Lock | None = None


def lie_down(waiting: Waiting) -> threading.Lock:
    """Return the lock to sleep on. The state lock is held."""
    waiting.asleep = asleep = threading.Lock()
    asleep.acquire()
    return asleep


def wake(waiting: Waiting) -> None:
    """Let the thread that sleeps here look again. The state lock is held."""
    asleep = waiting.asleep
    if asleep is not None:
        waiting.asleep = None
        asleep.release()


def make_ready(waiting: Waiting) -> None:
    """Say that there is something for this one. The state lock is held."""
    waiting.is_ready = True
    wake(waiting)
