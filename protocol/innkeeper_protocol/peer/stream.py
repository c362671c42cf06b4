"""A call that was made, as its caller sees it: plain, or with a stream of items before the answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from innkeeper_protocol import codec
from innkeeper_protocol.connection import Call
from innkeeper_protocol.errors import MalformedMessage, MalformedResult

from .waiting import wake

if TYPE_CHECKING:
    from .peer import Peer

T = TypeVar("T")
R = TypeVar("R")


class Outcome(Call, eq=False):
    """A call, and where its answer goes, with the items before it. The state lock guards it."""

    is_ready: bool = False
    asleep: threading.Lock | None = None
    is_done: bool = False
    result: Any = None
    error: Exception | None = None
    batches: list[bytes] = []  # noqa: RUF012  # msgspec copies it for each struct

    def finish(self, result: Any, error: Exception | None) -> None:
        """Take the answer. The state lock is held."""
        self.result = result
        self.error = error
        self.is_done = self.is_ready = True
        if self.asleep is not None:
            wake(self)

    def get(self) -> Any:
        """Return the result of a call that is done, or raise its error."""
        if self.error is not None:
            raise fresh(self.error)
        return self.result


def fresh(error: Exception) -> Exception:
    """Return a copy of *error*: one that several threads raise would collect all their tracebacks."""
    again = type(error).__new__(type(error), *error.args)
    again.args = error.args
    again.__dict__.update(error.__dict__)
    again.__cause__ = error.__cause__
    return again


class Stream(Generic[T, R]):
    """Iterate for the items; ``result()`` is the answer after them.

    Leaving the ``with`` block, or ``close()``, cancels a stream that is not over. One thread iterates; any thread may
    cancel.
    """

    def __init__(self, peer: Peer, outcome: Outcome, timeout_s: float | None) -> None:
        self._peer = peer
        self._outcome = outcome
        self._timeout_s = timeout_s
        # Made when they are asked for: a generator that never ran would keep this stream, and its answer, until the
        # collector of cycles comes by.
        self._batches: Iterator[list[T]] | None = None
        self._items: Iterator[T] | None = None

    def __iter__(self) -> Iterator[T]:
        """Return the one iterator over the items.

        It raises the call's error where the stream ends in one: CallFailed, ConnectionLost, CallTimedOut when the
        next item is later than ``timeout_s``, MalformedResult for an item of the wrong type, ...
        """
        if self._items is None:
            self._items = self._generate()
        return self._items

    def __next__(self) -> T:
        """Return the next item."""
        return next(iter(self))

    def batches(self) -> Iterator[list[T]]:
        """Return the one iterator over the items as they came, each time all that there are; instead of ``__iter__``.

        Raises as that does.
        """
        if self._batches is None:
            self._batches = self._generate_batches()
        return self._batches

    def __enter__(self) -> Stream[T, R]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def result(self, *, timeout_s: float | None = None) -> R:
        """Wait for the answer and return it; items nobody took are dropped.

        *timeout_s*, here, is for all of that; without it each wait is bounded as it is for items. Raises CallFailed,
        CallCancelled, CallTimedOut, ConnectionLost, MalformedResult, ProtocolViolation.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while (batch := self._next_batch(deadline)) is not None:
            self._consumed(batch)
        result: R = self._outcome.get()
        return result

    def cancel(self) -> None:
        """Tell the other side to stop. Does not wait: ``result()`` does. Items under way are dropped."""
        self._peer.cancel(self._outcome)

    def close(self) -> None:
        """Cancel the stream unless it is over, without waiting for the answer. May be called twice."""
        if not self._outcome.is_done:
            self.cancel()

    @property
    def is_done(self) -> bool:
        """Whether the answer is there, though items before it may still wait to be taken."""
        return self._outcome.is_done

    def _generate(self) -> Iterator[T]:
        for items in self.batches():
            yield from items

    def _generate_batches(self) -> Iterator[list[T]]:
        while (batch := self._next_batch(None)) is not None:
            try:
                items = codec.decode_items(self._outcome.method, batch)
            except MalformedMessage as error:
                self.cancel()
                raise MalformedResult(str(error)) from error
            yield items
            self._consumed(batch)
        self._outcome.get()

    def _next_batch(self, deadline: float | None) -> bytes | None:
        """Wait for a batch and return it; None when the answer came and nothing is left before it."""
        batch = self._peer.take_batch(self._outcome)
        if batch is not None or self._outcome.is_done:
            return batch if batch is not None else self._peer.take_batch(self._outcome)
        if deadline is None and self._timeout_s is not None:
            deadline = time.monotonic() + self._timeout_s
        self._peer.wait(self._outcome, deadline)
        return self._peer.take_batch(self._outcome)

    def _consumed(self, batch: bytes) -> None:
        self._peer.grant(self._outcome, codec.cost_of_items(batch))
