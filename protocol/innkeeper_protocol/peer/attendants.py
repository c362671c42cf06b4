"""The threads of a peer that no one called from: they run requests that arrive while others are at work.

One of them is always asleep at the bell while handlers run, so that a side is never deaf; it costs nothing until the
other side rings. More are started only as more calls are open at once, and all but a few leave again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from innkeeper_protocol.link import Bell

from .reading import Job, Reading

IDLE_ATTENDANTS = 2
"""How many may stay asleep. One is needed; a second saves starting a thread when two calls often overlap."""


class Attendants:
    """A pool of threads around *reading*. *finish* is called once the last one has left."""

    def __init__(self, reading: Reading, lock: threading.Lock, finish: Callable[[], None]) -> None:
        self._reading = reading
        self._lock = lock
        self._finish = finish
        self._bell: Bell | None = None
        self._is_open = False
        self._count = 0
        self._idle = 0
        self._starting = 0

    @property
    def count(self) -> int:
        """How many threads there are."""
        return self._count

    def open(self, bell: Bell | None) -> None:
        """Begin. Without a *bell* one of them always reads when nobody else does: slower, and not deaf either."""
        self._bell = bell
        self._reading.has_bell = bell is not None
        self._is_open = True
        self.stand_by()

    def stand_by(self) -> None:
        """See that one is there to be rung for, while the calling thread is busy."""
        if self._is_open and not self._idle and not self._starting:
            self._start()

    def wake(self) -> None:
        """Have one of them look for jobs, and for what lies unread."""
        bell = self._bell
        if self._idle and bell is not None and self._reading.has_bell:
            bell.poke()
        else:
            self._start()

    def close(self) -> None:
        """Let all go that are idle; the others leave after their jobs."""
        if self._bell is not None:
            self._bell.close()

    def _start(self) -> None:
        with self._lock:
            if self._reading.is_over:
                return
            self._starting += 1
            self._count += 1
        try:
            threading.Thread(target=self._attend, name="innkeeper-attendant", daemon=True).start()
        except RuntimeError:  # a confined process may have no more: the next one that is free takes the job
            with self._lock:
                self._starting -= 1
                self._count -= 1

    def _attend(self) -> None:
        with self._lock:
            self._starting -= 1
        try:
            while (job := self._next_job()) is not None:
                self.stand_by()
                job.run()
        finally:
            with self._lock:
                self._count -= 1
                is_last = self._count == 0
            if is_last:
                self._finish()

    def _next_job(self) -> Job | None:
        """Wait for something to do. None: there is no need for this thread any more."""
        reading, bell = self._reading, self._bell
        while True:
            if reading.has_bell and (job := reading.drain()) is not None:
                return job
            with self._lock:
                if reading.is_over or self._idle >= IDLE_ATTENDANTS:
                    return None
                self._idle += 1
            try:
                if not reading.has_bell or bell is None:
                    return reading.serve()
                if not bell.wait():
                    reading.has_bell = False  # the other side's end is gone: from now on someone must always read
            finally:
                with self._lock:
                    self._idle -= 1
