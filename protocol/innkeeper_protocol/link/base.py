"""What a peer needs of whatever carries its bytes.

Beside the stream of bytes there may be a **bell**: a side whose every thread is at work elsewhere keeps one thread
asleep at its bell, and the other side rings after it has sent something that cannot wait. It carries no data (SPEC.md
BELL-1 to BELL-4).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Bell(Protocol):
    """One side's end of the bell."""

    def ring(self) -> None:
        """Wake a thread of the other side. Never blocks, never raises."""

    def poke(self) -> None:
        """Wake a thread of this side. Never blocks, never raises."""

    def wait(self) -> bool:
        """Sleep until rung or poked; may also return without a reason. False: the other side's end is gone."""

    def close(self) -> None:
        """Wake every thread of this side, for good."""


class Link(Protocol):
    """One end of a stream of bytes, both ways."""

    def receive_into(self, space: memoryview, /) -> int:
        """Fill *space* with what has come, waiting for a byte at least; 0 at the end. Raises OSError."""

    def is_readable(self, timeout_s: float) -> bool:
        """Wait at most *timeout_s* for something to read; the end counts as something. For one thread at a time."""

    def stay_awake(self, span_s: float) -> None:
        """Wait for something to read without falling asleep, for *span_s* at most. For one thread at a time."""

    before_waiting: Callable[[], None]
    """What ``send`` calls each time there is no room, before it waits."""

    def send(self, data: bytes, more: bytes | memoryview = b"", /) -> None:
        """Send *data* and then *more*, waiting for room where there is none. Raises OSError."""

    def shut_down(self) -> None:
        """End both directions: every thread that waits in here returns. May be called twice."""

    def close(self) -> None:
        """Give the descriptors back. Nothing may be waiting in here any more. May be called twice."""

    def offer_bell(self) -> Bell | None:
        """Make a bell whose other end goes along with the next thing sent; None where that cannot be done."""

    def expect_bell(self) -> None:
        """Prepare to receive a bell with the first bytes that come."""

    def take_bell(self) -> Bell | None:
        """Return the bell that came, if one did; afterwards none is expected any more."""


def do_nothing() -> None:
    """Do nothing before waiting."""
