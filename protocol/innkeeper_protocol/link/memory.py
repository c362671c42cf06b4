"""A link inside one process, for tests: two bounded buffers, and a bell made of semaphores."""

from __future__ import annotations

import threading
from collections.abc import Callable

from .base import Bell, do_nothing

CAPACITY_BYTES = 1024 * 1024
"""What lies in one direction before a sender must wait."""


class _Pipe:
    """One direction."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.content = bytearray()
        self.is_ended = False

    def end(self) -> None:
        with self.changed:
            self.is_ended = True
            self.changed.notify_all()


class MemoryBell:
    """One end of a bell: a semaphore for each side."""

    def __init__(self, ours: threading.Semaphore, theirs: threading.Semaphore) -> None:
        self._ours = ours
        self._theirs = theirs
        self._is_closed = False

    def ring(self) -> None:
        """Wake a thread of the other side."""
        self._theirs.release()

    def poke(self) -> None:
        """Wake a thread of this side."""
        self._ours.release()

    def wait(self) -> bool:
        """Sleep until rung or poked."""
        self._ours.acquire()
        if self._is_closed:
            self._ours.release()
        return True

    def close(self) -> None:
        """Wake every thread of this side, for good."""
        self._is_closed = True
        self._ours.release()


class MemoryLink:
    """One end. *bell* is this side's end of the bell, or None for a pair without one."""

    def __init__(self, incoming: _Pipe, outgoing: _Pipe, bell: MemoryBell | None) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._bell = bell
        self.before_waiting: Callable[[], None] = do_nothing

    def receive_into(self, space: memoryview) -> int:
        """Fill *space* with what has come."""
        pipe = self._incoming
        with pipe.changed:
            pipe.changed.wait_for(lambda: pipe.content or pipe.is_ended)
            count = min(len(space), len(pipe.content))
            space[:count] = pipe.content[:count]
            del pipe.content[:count]
            pipe.changed.notify_all()
        return count

    def is_readable(self, timeout_s: float) -> bool:
        """Wait at most *timeout_s* for something to read."""
        pipe = self._incoming
        with pipe.changed:
            return bool(pipe.changed.wait_for(lambda: pipe.content or pipe.is_ended, max(0, timeout_s)))

    def stay_awake(self, span_s: float) -> None:
        """Return at once: both ends are in one process, and the other one needs the interpreter."""

    def send(self, data: bytes, more: bytes | memoryview = b"", /) -> None:
        """Send *data* and then *more*. Raises BrokenPipeError once either side has shut down."""
        for part in (data, more):
            rest = memoryview(part)
            while rest:
                sent = self._send_some(rest)
                rest = rest[sent:]
                if not sent:
                    self.before_waiting()
                    self._wait_for_room()

    def _send_some(self, data: memoryview) -> int:
        pipe = self._outgoing
        with pipe.changed:
            if pipe.is_ended:
                raise BrokenPipeError("the other side closed the link")
            count = min(len(data), CAPACITY_BYTES - len(pipe.content))
            pipe.content += data[:count]
            pipe.changed.notify_all()
        return count

    def _wait_for_room(self) -> None:
        pipe = self._outgoing
        with pipe.changed:
            pipe.changed.wait_for(lambda: len(pipe.content) < CAPACITY_BYTES or pipe.is_ended)

    def shut_down(self) -> None:
        """End both directions. What has come already can still be read."""
        self._incoming.end()
        self._outgoing.end()

    def close(self) -> None:
        """There is nothing to give back."""
        self.shut_down()

    def offer_bell(self) -> Bell | None:
        """Return this side's end of the bell that the pair was made with."""
        return self._bell

    def expect_bell(self) -> None:
        """There is nothing to prepare."""

    def take_bell(self) -> Bell | None:
        """Return this side's end of the bell that the pair was made with."""
        return self._bell


def memory_links(*, with_bell: bool = True) -> tuple[MemoryLink, MemoryLink]:
    """Return both ends of a new link inside this process."""
    there, back = _Pipe(), _Pipe()
    one, other = threading.Semaphore(0), threading.Semaphore(0)
    bells = (MemoryBell(one, other), MemoryBell(other, one)) if with_bell else (None, None)
    return MemoryLink(there, back, bells[0]), MemoryLink(back, there, bells[1])
