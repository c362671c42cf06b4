"""Bytes too large for a frame: collected from ``blob/part`` as they come in, cut into such parts on their way out."""

from __future__ import annotations

import itertools
import threading
from typing import Protocol

from innkeeper_protocol import methods
from innkeeper_protocol.errors import CallFailed, ErrorCode
from innkeeper_protocol.payloads.base import Nothing
from innkeeper_protocol.payloads.session import BlobPartParams

INLINE_BYTES = 1024 * 1024
"""Up to this size bytes travel inside the message that needs them: many fit a frame of 16 MiB beside each other."""

PART_BYTES = 4 * 1024 * 1024
"""The size of one part: a quarter of the smallest frame limit in use."""

HELD_BYTES = 256 * 1024 * 1024
"""The most that may lie here unclaimed, in all blobs together; a fraction of the memory a plugin is given."""


class Caller(Protocol):
    """The part of a peer that sending needs."""

    def call(self, method: methods.Method[BlobPartParams, Nothing], params: BlobPartParams, /) -> Nothing:
        """Call *method* and wait for its answer."""


class Blobs:
    """The blobs of one connection, both ways."""

    def __init__(self, held_bytes: int = HELD_BYTES) -> None:
        self._held_bytes = held_bytes
        self._lock = threading.Lock()
        self._open: dict[int, bytearray] = {}
        self._whole: dict[int, bytes] = {}
        self._held = 0
        self._numbers = itertools.count(1)

    def add(self, part: BlobPartParams) -> None:
        """Keep one part. Raises CallFailed when too much lies unclaimed; that blob is then forgotten."""
        with self._lock:
            if self._held + len(part.data) > self._held_bytes:
                self._held -= len(self._open.pop(part.blob, b""))
                raise CallFailed(ErrorCode.TOO_LARGE, f"attachments of more than {self._held_bytes} bytes together")
            self._held += len(part.data)
            self._open.setdefault(part.blob, bytearray()).extend(part.data)
            if part.last:
                self._whole[part.blob] = bytes(self._open.pop(part.blob))

    def take(self, number: int) -> bytes:
        """Hand out a whole blob, once. Raises CallFailed for one that is not there."""
        with self._lock:
            if number not in self._whole:
                raise CallFailed(ErrorCode.INVALID_PARAMS, f"blob {number} was not sent ahead, or not to its end")
            content = self._whole.pop(number)
            self._held -= len(content)
            return content

    def send(self, peer: Caller, content: bytes) -> int:
        """Send *content* ahead in parts; returns the number by which a message can name it."""
        number = next(self._numbers)
        for start in range(0, max(len(content), 1), PART_BYTES):
            end = start + PART_BYTES
            part = BlobPartParams(blob=number, data=content[start:end], last=end >= len(content))
            peer.call(methods.BLOB_PART, part)
        return number
