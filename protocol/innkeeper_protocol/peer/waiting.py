"""Someone who waits: for an answer, an item, credit, or a turn to read."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING


class Waiting:
    """What every waiter can do. A subclass has the attributes ``is_ready`` and ``asleep``.

    ``is_ready`` says that there is no need to wait, or none any more. The state lock guards both.
    """

    __slots__ = ()

    if TYPE_CHECKING:
        is_ready: bool
        asleep: threading.Lock | None

    def wake(self) -> None:
        """Let the thread that sleeps here look again. The state lock is held."""
        asleep = self.asleep
        if asleep is not None:
            self.asleep = None
            asleep.release()

    def make_ready(self) -> None:
        """Say that there is something for this one. The state lock is held."""
        self.is_ready = True
        self.wake()

    def lie_down(self) -> threading.Lock:
        """Return the lock to sleep on. The state lock is held."""
        self.asleep = asleep = threading.Lock()
        asleep.acquire()
        return asleep


class Waiter(Waiting):
    """Someone who waits for nothing more special."""

    __slots__ = ("asleep", "is_ready")

    def __init__(self, *, is_ready: bool = False) -> None:
        self.is_ready = is_ready
        self.asleep = None
