"""The running core of a peer: its link, its state, who reads, and how messages are sent and the end is met.

What the messages mean is left to ``peer`` (what this side asks) and ``answering`` (what it is asked).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from innkeeper_protocol.connection import Asked, Connection, Role
from innkeeper_protocol.errors import CallFailed, ConnectionLost, ErrorCode, ProtocolViolation
from innkeeper_protocol.framing import HEADER_BYTES, MAX_FRAME_BYTES, FrameDecoder
from innkeeper_protocol.link import Bell, Link
from innkeeper_protocol.methods import Method

from .attendants import Attendants
from .flushing import Flusher
from .reading import Job, Reading
from .stream import Outcome

JOINED_BYTES = 32 * 1024
"""Up to this size header and payload are joined for one plain send; above, copying costs more than a second part."""

ITEM_OVERHEAD_BYTES = 256
"""What a message of stream items, or of a blob, takes beside these: its envelope is about 60 bytes."""

LARGEST_LENGTH = 2**32 - 1
"""The most that the length of a frame can say, whatever limit the other side has."""


class Core:
    """Sends for one peer and notices when its connection ends. *apply* and *place* are for ``Reading``."""

    def __init__(
        self,
        link: Link,
        role: Role,
        table: Mapping[str, Method[Any, Any]],
        max_frame_bytes: int,
        *,
        apply: Callable[[memoryview], Job | None],
        place: Callable[[memoryview, int], tuple[memoryview, bytes] | None],
    ) -> None:
        self.link = link
        self.connection = Connection(role, table)
        self.state_lock = threading.Lock()
        """Guards the connection, who reads, and all that wait. Held for moments; nothing blocks under it."""
        self.send_limit = min(max_frame_bytes, MAX_FRAME_BYTES)
        self.why_closed: Exception | None = None
        self.bell: Bell | None = None
        self.reading = Reading(
            link,
            FrameDecoder(max_frame_bytes),
            self.state_lock,
            apply=apply,
            place=place,
            give=self.give,
            poke=self._wake_attendant,
            lose=self.lose,
            left=self.dispose_if_unused,
        )
        self.attendants = Attendants(self.reading, self.state_lock, self.dispose_if_unused)
        self.flusher = Flusher(self._look)
        self._send_lock = threading.Lock()
        link.before_waiting = self.ring
        self._is_disposed = False

    @property
    def item_limit_bytes(self) -> int:
        """The most an encoded batch of stream items, or a part of a blob, may have."""
        return self.send_limit - ITEM_OVERHEAD_BYTES

    def agree(self, send_limit: int, bell: Bell | None) -> None:
        """Take what both sides agreed on: the largest frame the other side takes, and the bell, if it rings one."""
        self.send_limit = min(send_limit, LARGEST_LENGTH)
        self.bell = bell
        self.attendants.open(bell)

    def send_payload(self, payload: bytes) -> None:
        """Send one message, blocking while there is no room.

        A broken link is not this sender's business: whoever reads meets its end, after what had come before.
        An interrupt in here may leave half a frame on the link: it is over then. Raises CallFailed with TOO_LARGE.
        """
        length = len(payload)
        if length > self.send_limit:
            raise too_large(length, self.send_limit)
        header = length.to_bytes(HEADER_BYTES, "big")
        try:
            with self._send_lock:
                if length <= JOINED_BYTES:
                    self.link.send(header + payload)
                else:
                    self.link.send(header, payload)
        except BaseException as error:  # noqa: BLE001  # an OSError is handled, all else raised again
            self._lose_by(error)

    def send_split(self, prefix: bytes, data: memoryview) -> None:
        """Send the message that *prefix* and *data* make together, without joining them. Raises as above."""
        length = len(prefix) + len(data)
        if length > self.send_limit:
            raise too_large(length, self.send_limit)
        try:
            with self._send_lock:
                self.link.send(length.to_bytes(HEADER_BYTES, "big") + prefix, data)
        except BaseException as error:  # noqa: BLE001  # as above
            self._lose_by(error)

    def _lose_by(self, error: BaseException) -> None:
        if isinstance(error, OSError):
            self.link.shut_down()
        else:
            self.lose(ConnectionLost(f"sending was interrupted by {type(error).__name__}"))
            raise error

    def ring_if_unread(self, own_calls: int = 0) -> None:
        """After something was sent: ring, unless the other side has someone who will read it. Source: SPEC.md BELL-2.

        *own_calls* is 1 when what was sent opened a call, which is no reason by itself.

        A plugin serves: it reads unless it is busy with what this side asked. A host reads while it waits for the
        answer to a plain call; between the items of a stream it may be anywhere.

        This must come after sending. Before, the last call that made the other side read may be answered between
        looking and sending, and what was sent would lie there.
        """
        connection = self.connection
        if connection.role == "host":
            must_ring = len(connection.outgoing) > own_calls
        else:
            with self.state_lock:
                must_ring = not any(
                    isinstance(asked, Asked) and asked.window is None and not asked.is_cancelled
                    for asked in connection.incoming.values()
                )
        if must_ring:
            self.ring()

    def ring(self) -> None:
        """Wake a thread of the other side, if there is a bell."""
        if self.bell is not None:
            self.bell.ring()

    def give(self, job: Job) -> None:
        """Have *job* done by a thread that does not read."""
        if not self.reading.add_job(job):
            self.attendants.wake()

    def lose(self, error: Exception) -> None:
        """End the connection because of *error*. Every open call fails, once; every handler is told.

        The first error counts. Called again, this finishes what an interrupt may have left undone.
        """
        with self.state_lock:
            if self.why_closed is None:
                self.why_closed = error
            self.reading.end()
            for call in self.connection.outgoing.values():
                if isinstance(call, Outcome) and not call.is_done:
                    call.finish(None, self.why_closed)
            asked = [asked for asked in self.connection.incoming.values() if isinstance(asked, Asked)]
            for request in asked:
                request.is_cancelled = True
        self.link.shut_down()
        self.flusher.close()
        self.attendants.close()
        for request in asked:
            if request.owner is not None:
                request.owner.be_cancelled()
        self.dispose_if_unused()

    def error_when_closed(self) -> Exception:
        """Return what a call fails with now that the connection is over."""
        error = self.why_closed
        if isinstance(error, ProtocolViolation):
            return ConnectionLost(f"the connection was ended: {error}")
        return error or ConnectionLost()

    def dispose_if_unused(self) -> None:
        """Give the link's descriptors back once nobody can be waiting in there."""
        with self.state_lock:
            if not self.reading.is_over or not self.reading.is_idle or self.attendants.count or self._is_disposed:
                return
            self._is_disposed = True
        with self._send_lock:
            self.link.close()

    def _wake_attendant(self) -> None:
        self.attendants.wake()

    def _look(self) -> None:
        job = self.reading.drain()
        if job is not None:
            self.give(job)


def too_large(length: int, limit: int) -> CallFailed:
    """Return the failure of a message of *length* bytes, which the other side would refuse."""
    return CallFailed(ErrorCode.TOO_LARGE, f"a message of {length} bytes; the limit is {limit}")
