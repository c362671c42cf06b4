"""The pure state of one side of a connection: which calls are open both ways, and what may come next.

Without threads, sockets and clocks, as h11 and wsproto do it: whoever owns a connection gives it the messages that
came (``receive``) and sends what its other methods return. Two of them back to back are a whole conversation.
Not thread-safe: its owner sees to that.

Source: SPEC.md CALL-1 to CALL-9, STREAM-1 to STREAM-7, CANCEL-1 to CANCEL-5, INIT-1, INIT-5.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from . import codec, methods
from .errors import CallFailed, ErrorCode, UnexpectedMessage
from .messages import ErrorObject, Failure, Message, Notification, Request
from .methods import METHODS, Method
from .payloads.streams import CancelParams, StreamCreditParams, StreamItemParams
from .streams import ReceiveWindow, SendWindow

Role = Literal["host", "plugin"]

MAX_INCOMING_CALLS = 256
"""The most calls of the other side that may be open at once; one more is answered BUSY (CALL-7)."""

MAX_INCOMING_BYTES = 64 * 1024 * 1024
"""The most that the params of these may have together: 256 frames of the usual size would be 4 GiB (CALL-7)."""

MAX_UNANSWERED = 2 * MAX_INCOMING_CALLS
"""The most requests that may wait for their answer, refusals among them: who sends more does not read (CALL-7)."""


class CallState(enum.Enum):
    """Where a call stands, as its asker sees it."""

    OPEN = "open"
    CANCELLING = "cancelling"
    DONE = "done"


_DONE = CallState.DONE


class Call(msgspec.Struct, eq=False):
    """A request under way, as its asker sees it. An owner may keep more with it, in a subclass.

    *window* makes it a stream. The connection sets the rest: *answer* is the result, still encoded, or an error.
    As an event it says that the answer came.
    """

    method: Method[Any, Any]
    window: ReceiveWindow | None = None
    id: int = 0
    state: CallState = CallState.OPEN
    answer: msgspec.Raw | ErrorObject | None = None


class Asked(msgspec.Struct, eq=False):
    """A request of the other side, as its answerer sees it; also the event that one came.

    *params* are still encoded. *window* is None for a call that takes no items. *owner* is whatever the connection's
    owner keeps with it.
    """

    id: int
    method: Method[Any, Any]
    params: msgspec.Raw
    window: SendWindow | None = None
    is_cancelled: bool = False
    owner: Any = None
    size: int = 0


class Refused(msgspec.Struct, eq=False):
    """Event: a request came that only a failure can answer. It is open until that is sent."""

    id: int
    method: Method[Any, Any] | None
    failure: CallFailed
    owner: None = None
    size: int = 0


class Notified(msgspec.Struct, frozen=True):
    """Event: a notification came that is none of the protocol's own."""

    method: Method[Any, Any]
    params: msgspec.Raw


class Arrived(msgspec.Struct, frozen=True):
    """Event: a batch of items came on the stream that *call* opened, still encoded."""

    call: Call
    items: msgspec.Raw


class Granted(msgspec.Struct, frozen=True):
    """Event: the other side allows more items in answer to *asked*."""

    asked: Asked


class CancelAsked(msgspec.Struct, frozen=True):
    """Event: the other side gave up on *asked*."""

    asked: Asked


Event = Asked | Refused | Notified | Call | Arrived | Granted | CancelAsked


class Connection:
    """One side. *role* decides which methods it may ask and answer; *table* is the method table."""

    def __init__(self, role: Role, table: Mapping[str, Method[Any, Any]] = METHODS) -> None:
        self.role = role
        self.is_initialized = False
        self.outgoing: dict[int, Call] = {}
        self.incoming: dict[int, Asked | Refused] = {}
        self._table = table
        self._numbers = itertools.count(1)
        self._highest = 0
        self._incoming_bytes = 0
        self._to_us = "to_host" if role == "host" else "to_plugin"
        self._answerable = {
            name: method
            for name, method in table.items()
            if method.direction in ("both", self._to_us)
            and not method.is_notification
            and method is not methods.INITIALIZE
        }

    # What this side asks

    def request(self, call: Call, params: Any) -> bytes:
        """Open *call*; return the payload to send. Raises TypeError, ValueError for params that cannot be encoded."""
        number = next(self._numbers)
        window = msgspec.UNSET if call.window is None else call.window.window
        payload = codec.encode(Request(id=number, method=call.method.name, params=params, window=window))
        call.id = number
        self.outgoing[number] = call
        return payload

    def forget(self, call: Call) -> None:
        """Drop *call* again, whose request was never sent."""
        self.outgoing.pop(call.id, None)
        call.state = CallState.DONE

    def cancel(self, call: Call) -> bytes | None:
        """Give up on *call*; return the payload to send, or None when there is nothing to give up. CANCEL-1."""
        if call.state is not CallState.OPEN:
            return None
        call.state = CallState.CANCELLING
        return notification(methods.CANCEL, CancelParams(id=call.id))

    def consume(self, call: Call, cost: int) -> bytes | None:
        """Count a batch of *call* as consumed; return the credit to send, if it is time for one. STREAM-4."""
        if call.window is None or call.state is not CallState.OPEN:
            return None
        credit = call.window.consume(cost)
        return notification(methods.STREAM_CREDIT, StreamCreditParams(id=call.id, credit=credit)) if credit else None

    # What this side answers

    def answer(self, number: int) -> Asked | Refused:
        """Count request *number* as answered, and return it; the payload is ``result`` or ``failure``. CALL-3."""
        asked = self.incoming.pop(number)
        self._incoming_bytes -= asked.size
        return asked

    # What came

    def receive(self, message: Message) -> Event | None:
        """Apply *message*; return what it means for the owner, None for what only the connection needs to know.

        Raises ProtocolViolation: the connection is over then.
        """
        if message.kind == "request":
            return self._receive_request(message)
        if message.kind == "notification":
            return self._receive_notification(message)
        call = self.outgoing.pop(message.id, None)
        if call is None:
            raise UnexpectedMessage(f"an answer to request {message.id}, which is not open", "CALL-9")
        call.state = _DONE
        if message.kind == "failure":
            call.answer = message.error
        else:
            call.answer = message.result
            if not self.is_initialized and call.method is methods.INITIALIZE:
                self.is_initialized = True
        return call

    def _receive_request(self, message: Request) -> Event:
        number = message.id
        if number in self.incoming:
            raise UnexpectedMessage(f"request {number} is open already", "CALL-1")
        self._highest = number if number > self._highest else self._highest
        method = self._answerable.get(message.method) if self.is_initialized else None
        size = len(message.params)
        if method is None or self._is_busy(size):
            method = self._table.get(message.method)
            refusal = self._refusal(method, message.method, size)
            if refusal is not None:
                if len(self.incoming) >= MAX_UNANSWERED:
                    raise UnexpectedMessage(f"{MAX_UNANSWERED} requests wait for an answer already", "CALL-7")
                self.incoming[number] = refused = Refused(number, method, refusal)
                return refused
            assert method is not None
        asked = Asked(number, method, message.params)
        asked.size = size
        self._incoming_bytes += size
        if message.window is not msgspec.UNSET:
            asked.window = SendWindow(message.window)
        self.incoming[number] = asked
        return asked

    def _is_busy(self, size: int) -> bool:
        """Say whether there is no room for one more call, with so many bytes of params. A lone one has room. CALL-7."""
        count = len(self.incoming)
        return count >= MAX_INCOMING_CALLS or (count > 0 and self._incoming_bytes + size > MAX_INCOMING_BYTES)

    def _refusal(self, method: Method[Any, Any] | None, name: str, size: int) -> CallFailed | None:
        """Say why a request can only be answered with a failure. CALL-5, CALL-7, INIT-1, INIT-5."""
        if method is None or method.direction not in ("both", self._to_us):
            return CallFailed(ErrorCode.METHOD_NOT_FOUND, f"no method '{name}' on this side")
        if method.is_notification:
            return CallFailed(ErrorCode.INVALID_REQUEST, f"'{name}' is a notification, not a request")
        if not self.is_initialized and method is not methods.INITIALIZE:
            return CallFailed(ErrorCode.NOT_INITIALIZED, f"'{name}' came before 'initialize'")
        if self.is_initialized and method is methods.INITIALIZE:
            return CallFailed(ErrorCode.INVALID_REQUEST, "this connection is initialized already")
        if self._is_busy(size):
            return CallFailed(ErrorCode.BUSY, f"{len(self.incoming)} calls with {self._incoming_bytes} bytes are open")
        return None

    def _receive_notification(self, message: Notification) -> Event | None:
        name = message.method
        if name == "stream/item":
            return self._receive_items(codec.decode_params(methods.STREAM_ITEM, message.params))
        if name == "stream/credit":
            return self._receive_credit(codec.decode_params(methods.STREAM_CREDIT, message.params))
        if name == "cancel":
            return self._receive_cancel(codec.decode_params(methods.CANCEL, message.params))
        method = self._table.get(name)
        if method is None:
            return None  # COMPAT-3: a newer peer may tell what this one does not know
        if not method.is_notification:
            raise UnexpectedMessage(f"'{name}' as a notification: it is a request", "CALL-5")
        if not self.is_initialized:
            raise UnexpectedMessage(f"'{name}' before 'initialize'", "INIT-1")
        if method.direction not in ("both", self._to_us):
            raise UnexpectedMessage(f"'{name}' is not for the {self.role}", "CALL-2")
        return Notified(method, message.params)

    def _receive_items(self, params: StreamItemParams) -> Event | None:
        call = self.outgoing.get(params.id)
        if call is None or call.window is None:
            raise UnexpectedMessage(f"stream items for request {params.id}, which is no open stream", "STREAM-1")
        if not codec.is_array(params.items):
            raise UnexpectedMessage("stream items that are no array", "STREAM-5")
        call.window.arrive(codec.cost_of_items(params.items))
        return Arrived(call, params.items) if call.state is CallState.OPEN else None

    def _receive_credit(self, params: StreamCreditParams) -> Event | None:
        asked = self._open(params.id)
        if asked is None:
            return None
        if asked.window is None:
            raise UnexpectedMessage(f"credit for request {params.id}, which opened no stream", "STREAM-6")
        asked.window.grant(params.credit)
        return Granted(asked)

    def _receive_cancel(self, params: CancelParams) -> Event | None:
        asked = self._open(params.id)
        if asked is None or asked.is_cancelled:
            return None
        asked.is_cancelled = True
        return CancelAsked(asked)

    def _open(self, number: int) -> Asked | None:
        """Return the request *number* of the other side, None when it was answered or refused: messages cross.

        Raises UnexpectedMessage for a number that was never asked.
        """
        if number > self._highest or number < 1:
            raise UnexpectedMessage(f"something for request {number}, which was never asked", "CANCEL-4")
        asked = self.incoming.get(number)
        return asked if isinstance(asked, Asked) else None


def notification(method: Method[Any, Any], params: Any) -> bytes:
    """Return the payload that tells *params*."""
    return codec.encode(Notification(method=method.name, params=params))


def failure(number: int, error: CallFailed) -> bytes:
    """Return the payload that answers request *number* with a failure. Raises TypeError, ValueError."""
    why = ErrorObject(code=int(error.code), message=str(error.message), data=error.data)
    return codec.encode(Failure(id=number, error=why))


def items(number: int, encoded: bytes) -> bytes:
    """Return the payload that sends a batch, *encoded* as an array, on the stream of request *number*."""
    return notification(methods.STREAM_ITEM, StreamItemParams(id=number, items=msgspec.Raw(encoded)))
