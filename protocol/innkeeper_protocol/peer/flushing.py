"""The thread that sends what a producer of stream items gathered and then left lying.

It exists only once items come faster than they are sent, and sleeps when they no longer do.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

ROUND_S = 0.00025
"""How often it looks: what an item may be held up by."""

PARKED_AFTER_ROUNDS = 8
"""After so many looks without a find a sender is let alone: having it watched again costs its producer 10 us or so."""

STARVED_ROUND_S = 0.005
"""How often it looks for credit on behalf of a producer that does not."""


class Watched(Protocol):
    """A sender of items, as the flusher sees it."""

    is_watched: bool
    empty_rounds: int

    @property
    def has_gathered(self) -> bool:
        """Whether anything waits to be sent."""

    def flush_if_late(self) -> bool:
        """Send what has gathered if it is time. Say whether it lacks credit for that. Never blocks."""


class Flusher:
    """*look* reads what lies unread on the link, if nobody else reads."""

    def __init__(self, look: Callable[[], None]) -> None:
        self._look = look
        self._watched: set[Watched] = set()
        self._changed = threading.Condition()
        self._is_started = False
        self._is_closed = False

    def watch(self, sender: Watched) -> bool:
        """Look after *sender* until nothing has gathered there for a while. False: there is no thread to do so."""
        with self._changed:
            if self._is_closed or not (self._is_started or self._start()):
                return False
            sender.is_watched, sender.empty_rounds = True, 0
            self._watched.add(sender)
            self._changed.notify()
            return True

    def close(self) -> None:
        """Let the thread go."""
        with self._changed:
            self._is_closed = True
            self._watched.clear()
            self._changed.notify()

    def _start(self) -> bool:
        try:
            threading.Thread(target=self._run, name="innkeeper-flusher", daemon=True).start()
        except RuntimeError:  # a confined process may have no more
            return False
        self._is_started = True
        return True

    def _run(self) -> None:
        while self._wait_for_work():
            is_starved = False
            for sender in tuple(self._watched):
                if sender.has_gathered:
                    sender.empty_rounds = 0
                    is_starved |= sender.flush_if_late()
                else:
                    self._let_alone_if_empty(sender)
            if is_starved:
                self._look()
            time.sleep(STARVED_ROUND_S if is_starved else ROUND_S)

    def _wait_for_work(self) -> bool:
        with self._changed:
            if not self._watched and not self._is_closed:
                self._changed.wait()
                return not self._is_closed
            return not self._is_closed

    def _let_alone_if_empty(self, sender: Watched) -> None:
        sender.empty_rounds += 1
        if sender.empty_rounds <= PARKED_AFTER_ROUNDS:
            return
        with self._changed:
            self._watched.discard(sender)
            sender.is_watched = False
        if sender.has_gathered:  # it came while this was being decided
            self.watch(sender)
