"""A bell made of a descriptor: one end of a socket pair, on which single bytes travel."""

from __future__ import annotations

import contextlib
import os
import select
import threading

DRAINED_BYTES = 256
"""How many rings one waking answers for. They say nothing but that there is something to look at."""


class DescriptorBell:
    """Owns *descriptor*, and a pipe of its own for waking this side."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._poked, self._poke = os.pipe()
        for number in (descriptor, self._poked, self._poke):
            os.set_blocking(number, False)
        self._lock = threading.Lock()
        self._is_closed = False

    def ring(self) -> None:
        """Wake a thread of the other side. A full bell is rung already; a broken one has nobody to wake."""
        self._write(self._descriptor)

    def poke(self) -> None:
        """Wake a thread of this side."""
        self._write(self._poke)

    def wait(self) -> bool:
        """Sleep until rung or poked. False: the other side's end is gone."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        poll.register(self._poked, select.POLLIN)
        for number, _ in poll.poll():
            try:
                rung = os.read(number, DRAINED_BYTES if number == self._descriptor else 1)
            except BlockingIOError:
                continue
            except OSError:
                return False
            if not rung and number == self._descriptor:
                return False
        return True

    def close(self) -> None:
        """Wake every thread of this side, for good: the pipe has ended."""
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                os.close(self._poke)

    def dispose(self) -> None:
        """Give the descriptors back. Nothing may be waiting any more."""
        self.close()
        with self._lock:
            os.close(self._descriptor)
            os.close(self._poked)

    def _write(self, number: int) -> None:
        """Write a byte, unless the number may already be someone else's."""
        with self._lock, contextlib.suppress(OSError):
            if not self._is_closed:
                os.write(number, b"!")
