"""Cuts a stream of bytes into frames: a 4-byte big-endian length, then that many bytes of payload.

No more is ever allocated than a small multiple of what really arrived, whatever a length field claims. What the
payload means is left to ``codec``.

Source: SPEC.md FRAME-1 to FRAME-5.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import NoReturn

from .errors import EmptyFrame, FrameTooLarge, TruncatedFrame

HEADER_BYTES = 4

MAX_FRAME_BYTES = 16 * 1024 * 1024
"""The most a payload may have unless both sides agreed on less or more."""

SMALL_BUFFER_BYTES = 64 * 1024
"""What a decoder starts with: a read fills it at most, so it also bounds what one read can bring."""

KEPT_BUFFER_BYTES = 2 * 1024 * 1024
"""A buffer that grew beyond this for one large frame is given back after it. Parts of blobs stay below."""

_read_length = struct.Struct(">I").unpack_from


def encode_header(length: int, limit_bytes: int = MAX_FRAME_BYTES) -> bytes:
    """Return the header of a frame whose payload has *length* bytes. Raises EmptyFrame, FrameTooLarge."""
    if length > limit_bytes:
        raise FrameTooLarge(f"a message of {length} bytes is over the limit of {limit_bytes}")
    if length == 0:
        raise EmptyFrame("a frame needs a payload")
    return length.to_bytes(HEADER_BYTES, "big")


def encode_frame(payload: bytes, limit_bytes: int = MAX_FRAME_BYTES) -> bytes:
    """Return *payload* as a frame. Raises EmptyFrame, FrameTooLarge."""
    return encode_header(len(payload), limit_bytes) + payload


class FrameDecoder:
    """Bytes in, in pieces of any size; payloads out.

    ``feed`` is the simple way. A reader in a hurry lets ``read_from`` receive straight into the decoder's own buffer
    and takes payloads with ``next_payload``.
    """

    def __init__(self, limit_bytes: int = MAX_FRAME_BYTES) -> None:
        self.limit_bytes = limit_bytes
        self._buffer = bytearray(SMALL_BUFFER_BYTES)
        self._view = memoryview(self._buffer)
        self.start = 0
        self.end = 0
        """What is unread lies between *start* and *end*; equal means nothing is."""
        self._counts: list[int] = []
        self._is_large = False
        self._tail: memoryview | None = None
        self._tail_end = 0
        self._stand_in = b""

    @property
    def is_inside_frame(self) -> bool:
        """Whether bytes of a frame lie here."""
        return self.end > self.start

    @property
    def has_payload(self) -> bool:
        """Whether ``next_payload`` has something to return, or to refuse."""
        if self._tail is not None:
            return self._tail_end == len(self._tail)
        body = self.start + HEADER_BYTES
        return body <= self.end and _read_length(self._buffer, self.start)[0] <= max(0, self.end - body)

    def feed(self, data: bytes | bytearray | memoryview) -> Iterator[bytes]:
        """Take *data* and yield every payload that it completes. Raises FrameTooLarge, EmptyFrame."""
        rest = memoryview(data)
        while True:
            while (payload := self.next_payload()) is not None:
                yield bytes(payload)
            if not rest:
                return
            space = self._space()
            count = min(len(space), len(rest))
            space[:count] = rest[:count]
            self.end += count
            rest = rest[count:]

    def read_from(self, receive_into: Callable[[memoryview], int]) -> int:
        """Let *receive_into* fill free space; return what it returned: the number of bytes, 0 at the end.

        The count is stored by C code (``extend`` over ``map``): a KeyboardInterrupt can come while nothing has been
        received, or after the count is safe, and never between, where it would tear the stream. A count that an
        interrupt left behind is returned before anything more is received.
        """
        counts = self._counts
        if not counts:
            counts.extend(map(receive_into, (self._space(),)))
        if self._tail is None:
            self.end += counts[0]
        else:
            self._tail_end += counts[0]
        return counts.pop()

    def next_payload(self) -> memoryview | None:
        """Return the next whole payload, or None when more bytes are needed.

        The view is good until the next ``read_from`` or ``feed``. Raises FrameTooLarge, EmptyFrame.
        """
        body = self.start + HEADER_BYTES
        if body > self.end:
            return None
        (length,) = _read_length(self._buffer, self.start)
        if not 0 < length <= self.limit_bytes:
            self._refuse(length)
        end: int = body + length
        if end > self.end:
            return None if self._tail is None else self._stand_in_once_full(self._tail)
        self.start = end
        return self._view[body:end]

    def begun(self) -> tuple[memoryview, int]:
        """Return what is here of the payload that has not come whole, and how long it will be; may be called often."""
        body = self.start + HEADER_BYTES
        if body >= self.end or self._tail is not None:
            return self._view[:0], 0
        return self._view[body : self.end], int(_read_length(self._buffer, self.start)[0])

    def divert(self, tail: memoryview, stand_in: bytes) -> None:
        """Receive the last bytes of the payload that has begun into *tail*; then ``next_payload`` returns *stand_in*.

        So large contents get to their place without lying here first. *tail* is filled in order.
        """
        (length,) = _read_length(self._buffer, self.start)
        where = self.start + HEADER_BYTES + length - len(tail)
        here = self._view[where : self.end]
        tail[: len(here)] = here
        self._tail, self._tail_end, self._stand_in = tail, len(here), stand_in

    def _stand_in_once_full(self, tail: memoryview) -> memoryview | None:
        if self._tail_end < len(tail):
            return None
        self._tail, self.start = None, self.end
        return memoryview(self._stand_in)

    def _refuse(self, length: int) -> NoReturn:
        if length:
            raise FrameTooLarge(f"a frame claims {length} bytes; the limit is {self.limit_bytes}")
        raise EmptyFrame("a frame without a payload")

    def finish(self) -> None:
        """Say that the stream has ended. Raises TruncatedFrame when it ended inside a frame."""
        if self.is_inside_frame:
            raise TruncatedFrame(f"the stream ended inside a frame, {self.end - self.start} bytes into it")

    def _space(self) -> memoryview:
        """Return free space of at least one byte, behind what is unread."""
        if self._tail is not None:
            return self._tail[self._tail_end :]
        if self.start == self.end:
            self.start = self.end = 0
            if self._is_large:
                self._replace_buffer(SMALL_BUFFER_BYTES)
            return self._view
        size, unread = len(self._buffer), self.end - self.start
        if size - self.end < size // 4:
            if unread < size // 2:
                self._view[:unread] = bytes(self._view[self.start : self.end])
                self.start, self.end = 0, unread
            else:
                self._replace_buffer(2 * size)
        return self._view[self.end : self._end_of_large_frame()]

    def _end_of_large_frame(self) -> int | None:
        """Return where to stop receiving: what comes behind a large frame would only have to be moved later."""
        body = self.start + HEADER_BYTES
        if body > self.end:
            return None
        (length,) = _read_length(self._buffer, self.start)
        return body + int(length) if length > SMALL_BUFFER_BYTES else None

    def _replace_buffer(self, size: int) -> None:
        unread = self.end - self.start
        buffer = bytearray(size)
        view = memoryview(buffer)
        view[:unread] = self._view[self.start : self.end]
        self._buffer, self._view = buffer, view
        self._is_large = size > KEPT_BUFFER_BYTES
        self.start, self.end = 0, unread
