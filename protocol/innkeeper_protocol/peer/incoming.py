"""A call that the other side made, as its handler sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from innkeeper_protocol.connection import Asked
from innkeeper_protocol.errors import CallCancelled, CallFailed, ErrorCode
from innkeeper_protocol.methods import Method

from .coalescing import ItemSender, check_open

if TYPE_CHECKING:
    from .answering import Answering
    from .peer import Peer

Handler = Callable[[Any, "IncomingCall"], Any]
"""Answers one method: takes the params and the call, returns the result. What it raises becomes a failure."""


class IncomingCall(msgspec.Struct, eq=False):
    """One request, from its arrival to its answer. Any thread may use it until the handler returns.

    (A struct, because one is made for each call, and msgspec makes it in a quarter of the time.)
    """

    _answering: Answering
    _asked: Asked
    _handler: Handler
    _params: Any
    _sender: ItemSender | None = None
    _callbacks: list[Callable[[], None]] | None = None

    @property
    def peer(self) -> Peer:
        """The peer that the call came to; a handler may call back through it."""
        return self._answering.peer

    @property
    def method(self) -> Method[Any, Any]:
        """What is asked for."""
        return self._asked.method

    @property
    def id(self) -> int:
        """The number of the request."""
        return self._asked.id

    def __repr__(self) -> str:
        return f"<IncomingCall {self.id} of '{self.method.name}'>"

    def send_item(self, item: Any) -> None:
        """Send one stream item; blocks while the reader allows no more. A call that opened no stream drops it.

        Raises CallCancelled after a cancel, ConnectionLost, CallFailed for an item too large for a frame, TypeError
        or ValueError for what msgpack cannot hold.
        """
        if self._sender is not None:
            self._sender.send(item)
        else:
            check_open(self._answering.core, self._asked)

    def send_items(self, items: Iterable[Any]) -> None:
        """Send every item of *items*, quicker than one by one. Raises as ``send_item``, and what *items* raises."""
        if self._sender is not None:
            self._sender.send_all(items)
        else:
            for _ in items:
                check_open(self._answering.core, self._asked)

    @property
    def cancelled(self) -> bool:
        """Whether the other side gave up on this call, or is gone."""
        return self._asked.is_cancelled

    def on_cancel(self, callback: Callable[[], None]) -> None:
        """Have *callback* called, on another thread, when the cancel comes; at once if it came already."""
        if self._callbacks is None:
            self._callbacks = []
        self._callbacks.append(callback)
        if self._asked.is_cancelled:
            self._call_back()

    def run(self) -> None:
        """Run the handler and answer."""
        try:
            result = self._handler(self._params, self)
            if self._sender is not None:
                self._sender.finish()
        except BaseException as error:  # the one boundary from exceptions to failures (ERR-2)
            self._fail(error)
            if isinstance(error, KeyboardInterrupt):
                raise
        else:
            self._answering.answer_result(self._asked.id, result)

    def be_cancelled(self) -> None:
        """Call whoever asked to be told, and ring for what was sent while the caller still read."""
        self._asked.is_cancelled = True
        if self._sender is not None:
            self._sender.stop()
        self._call_back()
        self._answering.core.ring_if_unread()

    def credit_came(self) -> None:
        """Wake the handler if it waits for credit. The state lock is held."""
        if self._sender is not None:
            self._sender.credit_came()

    def cancel_came(self) -> None:
        """Let the handler go if it waits for credit: it may be the one that reads. The state lock is held."""
        if self._sender is not None:
            self._sender.cancel_came()

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, CallCancelled):
            failure = CallFailed(ErrorCode.CANCELLED, "the call was cancelled")
        else:
            failure = error if isinstance(error, CallFailed) else self._answering.describe(error)
        if self._sender is not None:
            try:
                self._sender.finish()
            except Exception:  # noqa: BLE001  # the items are lost for the reason that the failure gives
                self._sender.abandon()
        self._answering.answer_failure(self.id, failure)

    def _call_back(self) -> None:
        while self._callbacks:
            try:
                callback = self._callbacks.pop(0)
            except IndexError:  # another thread was quicker
                return
            try:
                callback()
            except Exception as error:  # noqa: BLE001  # a stranger's code; its call has its outcome already
                self._answering.describe(error)
