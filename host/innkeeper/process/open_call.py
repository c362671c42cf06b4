"""A call to a plugin that answers piece by piece, from the first piece to its end, by whatever way that comes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from innkeeper_protocol.errors import CallError, CallTimedOut, ProtocolViolation
from innkeeper_protocol.methods import Method
from innkeeper_protocol.peer import Stream

if TYPE_CHECKING:
    from .session import Session

R = TypeVar("R")

CANCEL_S = 2.0
"""For a call to end once it is cancelled. Python cannot interrupt code that computes or sleeps: what has not let go by
then is ended together with its process, and the next call gets a new one."""


class OpenCall(Generic[R]):
    """A call that answers with a stream: iterate it, once, then ask for its `result`.

    Leaving the ``with`` block cancels what is not over. Any thread may cancel: the one that reads gets Interrupted, as
    soon as the plugin lets go. A plugin that does not is ended after CANCEL_S. Raises as `Session.call` does.
    """

    def __init__(self, session: Session, method: Method[Any, R], stream: Stream[Any, R]) -> None:
        self.session = session
        self._method = method
        self._stream = stream
        self._turn = threading.Lock()
        """To read. One thread at a time may wait for this call."""
        self._end: threading.Thread | None = None

    def __iter__(self) -> Iterator[Any]:
        for items in self.batches():
            yield from items

    def batches(self) -> Iterator[list[Any]]:
        """Yield the items as they come, each time all that there are; instead of iterating."""
        with self.session.translating(self._method):
            while True:
                with self._turn:
                    items = next(self._stream.batches(), None)
                if items is None:
                    return
                yield items

    def result(self) -> R:
        """Wait for the answer and return it; items nobody took are dropped."""
        with self.session.translating(self._method), self._turn:
            return self._stream.result()

    @property
    def is_open(self) -> bool:
        """Whether the answer has not come yet, also after a cancel."""
        return not self._stream.is_done

    def cancel(self) -> None:
        """Give up on it, without waiting."""
        if self.is_open:
            self._stream.close()
            if self._end is None and not self.session.is_over:
                self._end = threading.Thread(target=self._see_to_the_end, daemon=True, name="innkeeper-cancel")
                self._end.start()
                self.session.ending.append(self._end)

    def _see_to_the_end(self) -> None:
        """Wait for the answer, which comes soon also after a cancel, unless a reader does; end what does not answer."""
        deadline = time.monotonic() + CANCEL_S
        if self._turn.acquire(timeout=CANCEL_S):
            try:
                self._stream.result(timeout_s=max(0.0, deadline - time.monotonic()))
            except CallTimedOut:
                pass
            except (CallError, ProtocolViolation):
                return
            finally:
                self._turn.release()
        if self.is_open:
            self.session.kill()

    def __enter__(self) -> OpenCall[R]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cancel()
