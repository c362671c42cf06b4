"""A call that the other side made, as its handler sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from innkeeper_protocol.connection import Asked
from innkeeper_protocol.errors import CallCancelled, CallFailed, ErrorCode
from innkeeper_protocol.methods import Method

from .coalescing import ItemDropper, ItemSender

if TYPE_CHECKING:
    from .answering import Answering
    from .peer import Peer

Handler = Callable[[Any, "IncomingCall"], Any]
"""Answers one method: takes the params and the call, returns the result. What it raises becomes a failure."""


class IncomingCall:
    """One request, from its arrival to its answer. Any thread may use it until the handler returns."""

    def __init__(
        self,
        answering: Answering,
        asked: Asked,
        handler: Handler,
        params: Any,
        sender: ItemSender | ItemDropper,
    ) -> None:
        self.send_item: Callable[[Any], None] = sender.send
        """Send one item; blocks while the reader allows no more. Raises CallCancelled after a cancel."""
        self.send_items: Callable[[Iterable[Any]], None] = sender.send_all
        """Send every item of an iterable; quicker than one by one."""
        self.peer: Peer = answering.peer
        self.method: Method[Any, Any] = asked.method
        self.id = asked.id
        self._answering = answering
        self._asked = asked
        self._handler = handler
        self._params = params
        self._sender = sender
        self._callbacks: list[Callable[[], None]] = []
        asked.owner = self

    @property
    def cancelled(self) -> bool:
        """Whether the other side gave up on this call, or is gone."""
        return self._asked.is_cancelled

    def on_cancel(self, callback: Callable[[], None]) -> None:
        """Have *callback* called, on another thread, when the cancel comes; at once if it came already."""
        self._callbacks.append(callback)
        if self._asked.is_cancelled:
            self._call_back()

    def run(self) -> None:
        """Run the handler and answer."""
        try:
            result = self._handler(self._params, self)
            self._sender.finish()
        except BaseException as error:  # the one boundary from exceptions to failures (ERR-2)
            self._fail(error)
            if isinstance(error, KeyboardInterrupt):
                raise
        else:
            self._answering.answer_result(self.id, result)
        finally:
            self._answering.done(self.method)

    def be_cancelled(self) -> None:
        """Wake the handler if it waits for credit, and call whoever asked to be told."""
        self._asked.is_cancelled = True
        self._sender.stop()
        self._call_back()
        self._answering.ring_if_unread()

    def credit_came(self) -> None:
        """Wake the handler if it waits for credit. The state lock is held."""
        self._sender.credit_came()

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, CallCancelled):
            failure = CallFailed(ErrorCode.CANCELLED, "the call was cancelled")
        else:
            failure = error if isinstance(error, CallFailed) else self._answering.describe(error)
        try:
            self._sender.finish()
        except Exception:  # noqa: BLE001  # the items are lost for the reason that the failure gives
            self._sender.discard()
        self._answering.answer_failure(self.id, failure)

    def _call_back(self) -> None:
        while True:
            try:
                callback = self._callbacks.pop(0)
            except IndexError:
                return
            try:
                callback()
            except Exception as error:  # noqa: BLE001  # a stranger's code; its call has its outcome already
                self._answering.describe(error)
