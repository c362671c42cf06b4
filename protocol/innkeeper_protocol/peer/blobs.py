"""Bytes too large for a frame: they come in parts, ahead of the message that names them, and lie here until then.

Source: SPEC.md BLOB-1 to BLOB-5.
"""

from __future__ import annotations

import contextlib
import threading

import msgspec

from innkeeper_protocol.errors import CallFailed, ErrorCode, UnexpectedMessage

PART_BYTES = 1024 * 1024
"""The size of one part: large enough that a message costs nothing beside it, small enough to stay in a cache."""

HELD_BYTES = 256 * 1024 * 1024
"""The most that may lie here unclaimed, in all blobs together: a fraction of the memory a plugin is given."""

HELD_BLOBS = 1024
"""The most blobs that may lie here unclaimed: many small ones cost more than their bytes."""


class _Blob(msgspec.Struct, eq=False):
    """One that has come in part or whole; *content* is None for one that there is no room for."""

    size: int
    content: memoryview | None
    filled: int = 0
    lent: int = 0


class Blobs:
    """What was sent ahead to one side and not taken yet, oldest first."""

    def __init__(self, held_bytes: int = HELD_BYTES) -> None:
        self._held_bytes = held_bytes
        self._lock = threading.Lock()
        self._blobs: dict[int, _Blob] = {}
        self._held = 0

    def add(self, number: int, size: int, data: bytes | memoryview) -> None:
        """Keep one part of a blob of *size* bytes in all; the oldest blobs make room for it. BLOB-4.

        One too large to keep is forgotten as it comes; ``take`` will say so. Raises UnexpectedMessage for a part that
        does not fit the parts before it.
        """
        with self._lock:
            blob = self._blobs.get(number)
            if blob is None:
                blob = self._blobs[number] = self._begin(size, len(data))
            start, end = blob.filled, blob.filled + blob.lent + len(data)
            if size != blob.size or end > size or (start == size and start):
                raise UnexpectedMessage(f"a part of blob {number} that does not fit the others", "BLOB-3")
            if blob.content is not None and not blob.lent:
                blob.content[start:end] = data
            blob.filled, blob.lent = end, 0

    def lend(self, number: int, size: int, length: int) -> memoryview | None:
        """Return where the next part of a blob goes, *length* bytes, for the reader to receive it there.

        Then ``add`` it, without data. None: there is no such place, and ``add`` will say why.
        """
        with self._lock:
            blob = self._blobs.get(number)
            if blob is None:
                blob = self._blobs[number] = self._begin(size, 0)
            end = blob.filled + length
            if blob.content is None or size != blob.size or end > size:
                return None
            blob.lent = length
            return blob.content[blob.filled : end]

    def take(self, number: int) -> memoryview:
        """Hand out a whole blob, once. Raises CallFailed for one that is not there. BLOB-5."""
        with self._lock:
            blob = self._blobs.pop(number, None)
            if blob is None:
                raise CallFailed(ErrorCode.INVALID_PARAMS, f"blob {number} was not sent ahead, or is gone again")
            if blob.content is None:
                raise CallFailed(
                    ErrorCode.TOO_LARGE,
                    f"blob {number} has {blob.size} bytes; at most {self._held_bytes} may be sent ahead",
                )
            self._held -= blob.size
            if blob.filled < blob.size:
                raise CallFailed(
                    ErrorCode.INVALID_PARAMS, f"of blob {number} only {blob.filled} of {blob.size} bytes were sent"
                )
            return blob.content

    def _begin(self, size: int, first: int) -> _Blob:
        """Make room for a blob of *size* bytes, *first* of which are there."""
        if not 0 <= size <= self._held_bytes:
            return _Blob(size, None)
        while self._blobs and (self._held + size > self._held_bytes or len(self._blobs) >= HELD_BLOBS):
            oldest = self._blobs.pop(next(iter(self._blobs)))
            self._held -= oldest.size if oldest.content is not None else 0
        try:
            content = memoryview(bytearray(size)) if size == first else _pages(size)
        except (MemoryError, OSError):  # this process has less than it might hold
            return _Blob(size, None)
        self._held += size
        return _Blob(size, content)


def _pages(size: int) -> memoryview:
    """Return room for *size* bytes, of which none takes memory before it is written to.

    Huge pages, where the system has them: ordinary ones are made more slowly than they are filled.
    """
    import mmap

    pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with contextlib.suppress(AttributeError, OSError):  # not every system has them
        pages.madvise(mmap.MADV_HUGEPAGE)
    return memoryview(pages)
