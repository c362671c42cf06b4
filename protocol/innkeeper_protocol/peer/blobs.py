"""Bytes too large for a frame: collected from ``blob/part`` as they come, cut into such parts on their way out.

Source: SPEC.md BLOB-1 to BLOB-5.
"""

from __future__ import annotations

import threading

from innkeeper_protocol.errors import CallFailed, ErrorCode

PART_BYTES = 1024 * 1024
"""The size of one part: far below the smallest frame limit in use, and it stays in the processor's cache."""

PARTS_AHEAD = 3
"""How many parts may be on their way unanswered: enough that neither side waits for the other."""

HELD_BYTES = 256 * 1024 * 1024
"""The most that may lie here unclaimed, in all blobs together: a fraction of the memory a plugin is given."""

HELD_BLOBS = 4096
"""The most blobs that may lie here unclaimed: many small ones cost more than their bytes."""


class Blobs:
    """What was sent ahead to one side and not taken yet."""

    def __init__(self, held_bytes: int = HELD_BYTES) -> None:
        self._held_bytes = held_bytes
        self._lock = threading.Lock()
        self._open: dict[int, bytearray] = {}
        self._whole: dict[int, bytearray] = {}
        self._held = 0

    def add(self, number: int, data: bytes | memoryview, *, is_last: bool) -> None:
        """Keep one part. Raises CallFailed when too much lies unclaimed, or the blob is whole already.

        A blob that was refused is forgotten.
        """
        with self._lock:
            if number in self._whole:
                raise CallFailed(ErrorCode.INVALID_PARAMS, f"blob {number} was complete already")
            is_new = number not in self._open
            if self._held + len(data) > self._held_bytes or (is_new and self._count() >= HELD_BLOBS):
                self._held -= len(self._open.pop(number, b""))
                raise CallFailed(
                    ErrorCode.TOO_LARGE, f"more than {self._held_bytes} bytes or {HELD_BLOBS} blobs sent ahead"
                )
            self._held += len(data)
            content = self._open.setdefault(number, bytearray())
            content += data
            if is_last:
                self._whole[number] = self._open.pop(number)

    def take(self, number: int) -> bytearray:
        """Hand out a whole blob, once. Raises CallFailed for one that is not there."""
        with self._lock:
            content = self._whole.pop(number, None)
            if content is None:
                raise CallFailed(ErrorCode.INVALID_PARAMS, f"blob {number} was not sent ahead, or not to its end")
            self._held -= len(content)
            return content

    def _count(self) -> int:
        return len(self._open) + len(self._whole)
