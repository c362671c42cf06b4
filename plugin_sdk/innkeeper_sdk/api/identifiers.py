"""ULIDs: identifiers that sort by the time they were made. https://github.com/ulid/spec"""

from __future__ import annotations

import builtins
import os
import threading
import time
from typing import Any

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32."""

RANDOM_BITS = 80


class Ulid:
    """128 bits: 48 of milliseconds since 1970, 80 of chance. ``str()`` gives the usual 26 letters and digits."""

    __slots__ = ("_number",)

    def __init__(self, value: bytes | int) -> None:
        self._number = value if isinstance(value, int) else int.from_bytes(value, "big")
        if not 0 <= self._number < 1 << 128 or (isinstance(value, bytes) and len(value) != 16):
            raise ValueError("a ULID has exactly 128 bits")

    @property
    def bytes(self) -> bytes:
        """The 16 bytes, most significant first."""
        return self._number.to_bytes(16, "big")

    @property
    def hex(self) -> str:
        """The 16 bytes as 32 hexadecimal digits."""
        return self.bytes.hex()

    @property
    def milliseconds(self) -> int:
        """Milliseconds since 1970 at which it was made."""
        return self._number >> RANDOM_BITS

    @property
    def timestamp(self) -> float:
        """Seconds since 1970 at which it was made."""
        return self.milliseconds / 1000

    @property
    def datetime(self) -> Any:
        """The time at which it was made, in UTC."""
        import datetime

        return datetime.datetime.fromtimestamp(self.timestamp, datetime.timezone.utc)

    def __int__(self) -> int:
        return self._number

    def __bytes__(self) -> builtins.bytes:
        return self.bytes

    def __str__(self) -> str:
        return "".join(ALPHABET[(self._number >> shift) & 31] for shift in range(125, -1, -5))

    def __repr__(self) -> str:
        return f"ULID({self})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ulid) and self._number == other._number

    def __lt__(self, other: Ulid) -> bool:
        return self._number < other._number

    def __hash__(self) -> int:
        return hash(self._number)


class _Clock:
    """Gives out ULIDs, each larger than the one before, also within a millisecond or when the clock steps back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self) -> Ulid:
        fresh = (time.time_ns() // 1_000_000) << RANDOM_BITS
        with self._lock:
            if fresh >> RANDOM_BITS > self._last >> RANDOM_BITS:
                self._last = fresh | int.from_bytes(os.urandom(RANDOM_BITS // 8), "big")
            else:
                self._last += 1
            return Ulid(self._last)


_clock = _Clock()


def monotonic_ulid() -> Ulid:
    """Return a ULID larger than every one this process got before."""
    return _clock.next()


def new_id() -> str:
    """Return a fresh ULID in lower case, as responses and conversations are named."""
    return str(_clock.next()).lower()
