"""Sends the items of a stream: the first at once, and together what comes faster than it can be sent.

An item that comes after a pause leaves at once, and so do the first few of a burst: that is what a person watching a
model sees. When items keep coming, they gather and leave as one batch, by 64 KiB or a quarter of a millisecond,
whichever is first: a batch of a thousand costs little more than a batch of one. Should the producer pause with items
gathered, the flusher, a thread that exists only then, sends them.

The pace is that of a leaky bucket (GCRA, ITU-T I.371): one batch each LINGER_S, BURST of them ahead.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from itertools import islice
from typing import Any, Protocol

import msgspec

from innkeeper_protocol import codec, connection
from innkeeper_protocol.connection import Asked
from innkeeper_protocol.errors import CallCancelled, CallFailed, ConnectionLost, ErrorCode
from innkeeper_protocol.streams import SendWindow

from .flushing import Flusher
from .reading import Reading
from .waiting import Waiter, make_ready

LINGER_S = 0.00025
"""How long items may gather. 2 ms brought no more throughput, and a worse tail."""

BURST = 8
"""How many items in quick succession are sent each for itself before any gather."""

SHORT_ITEM = 64
"""Items no longer than this are taken several at a time once they come fast: looking at the clock costs as much."""

TAKEN_ITEMS = 256
"""How many at most. Never more than have gathered already, so that a batch is not late by more than it took so far."""

BATCH_BYTES = 64 * 1024
"""When a batch is full; what is encoded already counts in bytes, text in characters."""


class Outlet(Protocol):
    """What an item sender needs of its peer."""

    state_lock: threading.Lock
    reading: Reading
    flusher: Flusher

    @property
    def item_limit_bytes(self) -> int:
        """The most an encoded batch may have."""

    def send_payload(self, payload: bytes) -> None:
        """Send one message."""


class ItemSender:
    """The items in answer to *asked*, within the credit of *window*."""

    def __init__(self, outlet: Outlet, asked: Asked, window: SendWindow) -> None:
        self.waiter = Waiter(is_ready=True)
        """Whoever waits for credit; made ready by a grant, a cancel, and the end of the connection."""
        self.is_watched = False
        """Whether the flusher looks after this one."""
        self.empty_rounds = 0
        """How often in a row the flusher found nothing here."""
        self._outlet = outlet
        self._asked = asked
        self._window = window
        self._gathered: list[Any] = []
        self._room = BATCH_BYTES
        self._due = 0.0
        self._sending = threading.Lock()
        self._is_finished = False
        self._error: Exception | None = None

    @property
    def has_gathered(self) -> bool:
        """Whether anything waits to be sent."""
        return bool(self._gathered)

    def send(self, item: Any) -> None:
        """Send one item; as ``send_all``."""
        self.send_all((item,))

    def send_all(self, items: Iterable[Any]) -> None:
        """Send every item of *items*. Blocks while the reader allows no more.

        Raises CallCancelled after a cancel, ConnectionLost, CallFailed for an item too large for a frame, TypeError
        or ValueError for what msgpack cannot hold, and what *items* raises.
        """
        gathered, clock, rest = self._gathered, time.monotonic, iter(items)
        for item in rest:
            if type(item) is not str:
                item = msgspec.Raw(codec.encode(item))  # noqa: PLW2901  # the same item, as it travels
            gathered.append(item)
            self._room -= len(item)
            if clock() >= self._due or self._room <= 0 or not (self.is_watched or self._outlet.flusher.watch(self)):
                self._flush()
            elif len(item) <= SHORT_ITEM:
                # One after the other they are there for the flusher to send, should the producer pause meanwhile.
                count = min(len(gathered), TAKEN_ITEMS)
                self._room -= count * len(item)
                gathered.extend(islice(rest, count))

    def finish(self) -> None:
        """Send what has gathered; there will be no more items."""
        with self._sending:
            while self._gathered:
                self._send_when_allowed()
            self._is_finished = True
            self._raise_error()

    def abandon(self) -> None:
        """Drop what has gathered; there will be no more items."""
        with self._sending:
            self._is_finished = True
            self._gathered.clear()

    def stop(self) -> None:
        """Have the next item look at the state of the call before anything else."""
        self._due = 0.0

    def credit_came(self) -> None:
        """Wake whoever waits for credit. The state lock is held."""
        if self._window.is_open:
            make_ready(self.waiter)

    def cancel_came(self) -> None:
        """Wake whoever waits for credit: there will be none. The state lock is held."""
        make_ready(self.waiter)

    def flush_if_late(self) -> bool:
        """For the flusher: send what has gathered if it is time. Say whether it lacks credit for that."""
        if time.monotonic() < self._due or not self._sending.acquire(blocking=False):
            return False
        try:
            if self._asked.is_cancelled or self._is_finished:
                self._gathered.clear()
            elif not self._window.is_open:
                return bool(self._gathered)
            elif self._gathered:
                self._send_some()
        except Exception as error:  # noqa: BLE001  # it is the producer's, and raised there
            self._gathered.clear()
            self._error = error
            self._due = 0.0
        finally:
            self._sending.release()
        return False

    def _flush(self) -> None:
        """Send what has gathered, once there is credit."""
        with self._sending:
            if self._is_finished:
                raise RuntimeError("an item of a call that is answered")
            while True:
                self._send_when_allowed()
                if not self._gathered:
                    return

    def _send_when_allowed(self) -> None:
        self._raise_error()
        check_open(self._outlet, self._asked)
        while not self._window.is_open:
            self._outlet.reading.wait(self.waiter)
            check_open(self._outlet, self._asked)
        self._send_some()

    def _raise_error(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _send_some(self) -> None:
        """Send what has gathered as one batch, or as much of it as a frame holds. There is credit.

        The producer may append meanwhile: what is taken is cut off the front of the one list, never swapped.
        """
        outlet, count = self._outlet, len(self._gathered)
        while len(encoded := codec.encode(self._gathered[:count])) > outlet.item_limit_bytes:
            if count == 1:
                raise CallFailed(
                    ErrorCode.TOO_LARGE,
                    f"a stream item of {len(encoded)} bytes; the limit is {outlet.item_limit_bytes}",
                )
            count //= 2
        del self._gathered[:count]
        self._room = BATCH_BYTES
        with outlet.state_lock:
            self._window.spend(codec.cost_of_items(encoded))
            if not self._window.is_open and not self._asked.is_cancelled and not outlet.reading.is_over:
                self.waiter.is_ready = False
        outlet.send_payload(connection.items(self._asked.id, encoded))
        now = time.monotonic()
        paced = min(max(self._due, now - BURST * LINGER_S), now) + LINGER_S
        self._due = paced if self._window.is_open else 0.0


def check_open(outlet: Outlet, asked: Asked) -> None:
    """Raise CallCancelled, ConnectionLost when there is no use in sending more."""
    if outlet.reading.is_over:
        raise ConnectionLost()
    if asked.is_cancelled:
        raise CallCancelled("the call was cancelled")
