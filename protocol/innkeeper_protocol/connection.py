"""The pure state of one side of a connection: which calls are open both ways, and what may come next.

Without threads, sockets and clocks, as h11 and wsproto do it: whoever owns a connection gives it the messages that
came (``receive``) and sends what its other methods return. Two of them back to back are a whole conversation.
Not thread-safe: its owner sees to that.

Source: SPEC.md CALL-1 to CALL-8, STREAM-1 to STREAM-7, CANCEL-1 to CANCEL-5, INIT-1 to INIT-6.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from . import codec, methods
from .errors import CallFailed, ErrorCode, UnexpectedMessage
from .messages import ErrorObject, Failure, Message, Notification, Request, Result
from .methods import METHODS, Method
from .payloads.streams import CancelParams, StreamCreditParams, StreamItemParams
from .streams import ReceiveWindow, SendWindow

Role = Literal["host", "plugin"]

MAX_INCOMING_CALLS = 256
"""The most calls of the other side that may be open at once; one more is answered BUSY (CALL-7)."""


class CallState(enum.Enum):
    """Where a call stands, as its asker sees it."""

    OPEN = "open"
    CANCELLING = "cancelling"
    DONE = "done"


class Call:
    """A request under way, as its asker sees it. *owner* is whatever the connection's owner keeps with it."""

    __slots__ = ("id", "method", "owner", "state", "window")

    def __init__(self, number: int, method: Method[Any, Any], window: ReceiveWindow | None, owner: Any) -> None:
        self.id = number
        self.method = method
        self.window = window
        self.owner = owner
        self.state = CallState.OPEN


class Asked:
    """A request of the other side, as its answerer sees it; also the event that one came.

    *params* are still encoded. *window* is None for a call that takes no items.
    """

    __slots__ = ("id", "is_cancelled", "method", "owner", "params", "window")

    def __init__(self, number: int, method: Method[Any, Any], params: msgspec.Raw, window: SendWindow | None) -> None:
        self.id = number
        self.method = method
        self.params = params
        self.window = window
        self.is_cancelled = False
        self.owner: Any = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Event: a request came that only a failure can answer. It is open until that is sent."""

    id: int
    failure: CallFailed


@dataclass(frozen=True, slots=True)
class Notified:
    """Event: a notification came that is none of the protocol's own."""

    method: Method[Any, Any]
    params: msgspec.Raw


@dataclass(frozen=True, slots=True)
class Answered:
    """Event: *call* was answered with a result, still encoded."""

    call: Call
    result: msgspec.Raw


@dataclass(frozen=True, slots=True)
class Failed:
    """Event: *call* was answered with a failure."""

    call: Call
    error: ErrorObject


@dataclass(frozen=True, slots=True)
class Arrived:
    """Event: a batch of items came on the stream that *call* opened, still encoded."""

    call: Call
    items: msgspec.Raw


@dataclass(frozen=True, slots=True)
class Granted:
    """Event: the other side allows more items in answer to *asked*."""

    asked: Asked


@dataclass(frozen=True, slots=True)
class CancelAsked:
    """Event: the other side gave up on *asked*."""

    asked: Asked


Event = Asked | Refused | Notified | Answered | Failed | Arrived | Granted | CancelAsked


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
        self._to_us = "to_host" if role == "host" else "to_plugin"

    # What this side asks

    def request(
        self, method: Method[Any, Any], params: Any, *, window: int | None = None, owner: Any = None
    ) -> tuple[Call, bytes]:
        """Open a call; return it with the payload to send. *window* makes it a stream of that many bytes ahead.

        Raises TypeError, ValueError for params that cannot be encoded; no call is open then.
        """
        number = next(self._numbers)
        request = Request(id=number, method=method.name, params=params, window=window or msgspec.UNSET)
        payload = codec.encode(request)
        call = Call(number, method, None if window is None else ReceiveWindow(window), owner)
        self.outgoing[number] = call
        return call, payload

    def blob_part(self, blob: int, length: int, *, is_last: bool, owner: Any) -> tuple[Call, bytes]:
        """Open a call that sends *length* bytes of a blob; return it with what to send before those bytes. BLOB-1."""
        number = next(self._numbers)
        call = Call(number, methods.BLOB_PART, None, owner)
        self.outgoing[number] = call
        return call, codec.encode_part_prefix(number, blob, length, is_last=is_last)

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

    def answer(self, number: int) -> None:
        """Count request *number* as answered; the payload is ``result`` or ``failure``. CALL-3."""
        del self.incoming[number]

    # What came

    def receive(self, message: Message) -> Event | None:
        """Apply *message*; return what it means for the owner, None for what only the connection needs to know.

        Raises ProtocolViolation: the connection is over then.
        """
        if isinstance(message, Notification):
            return self._receive_notification(message)
        if isinstance(message, Request):
            return self._receive_request(message)
        call = self.outgoing.pop(message.id, None)
        if call is None:
            raise UnexpectedMessage(f"an answer to request {message.id}, which is not open")
        call.state = CallState.DONE
        if isinstance(message, Result):
            if call.method is methods.INITIALIZE:
                self.is_initialized = True
            return Answered(call, message.result)
        return Failed(call, message.error)

    def _receive_request(self, message: Request) -> Event:
        number = message.id
        if number in self.incoming:
            raise UnexpectedMessage(f"request {number} is open already")
        self._highest = max(self._highest, number)
        failure = self._refusal(message)
        if failure is not None:
            refused = Refused(number, failure)
            self.incoming[number] = refused
            return refused
        window = None if message.window is msgspec.UNSET else SendWindow(message.window)
        asked = Asked(number, self._table[message.method], message.params, window)
        self.incoming[number] = asked
        return asked

    def _refusal(self, message: Request) -> CallFailed | None:
        """Say why *message* can only be answered with a failure. CALL-5, CALL-7, INIT-1."""
        method = self._table.get(message.method)
        if method is None or method.direction not in ("both", self._to_us):
            return CallFailed(ErrorCode.METHOD_NOT_FOUND, f"no method '{message.method}' on this side")
        if method.result is None:
            return CallFailed(ErrorCode.INVALID_REQUEST, f"'{method.name}' is a notification, not a request")
        if self.is_initialized == (method is methods.INITIALIZE):
            if self.is_initialized:
                return CallFailed(ErrorCode.INVALID_REQUEST, "this connection is initialized already")
            return CallFailed(ErrorCode.NOT_INITIALIZED, f"'{method.name}' came before 'initialize'")
        if len(self.incoming) >= MAX_INCOMING_CALLS:
            return CallFailed(ErrorCode.BUSY, f"{MAX_INCOMING_CALLS} calls are open already")
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
        if method.result is not None:
            raise UnexpectedMessage(f"'{name}' as a notification: it is a request")
        if not self.is_initialized:
            raise UnexpectedMessage(f"'{name}' before 'initialize'")
        if method.direction not in ("both", self._to_us):
            raise UnexpectedMessage(f"'{name}' is not for the {self.role}")
        return Notified(method, message.params)

    def _receive_items(self, params: StreamItemParams) -> Event | None:
        call = self.outgoing.get(params.id)
        if call is None or call.window is None:
            raise UnexpectedMessage(f"stream items for request {params.id}, which is no open stream")
        if not codec.is_array(params.items):
            raise UnexpectedMessage("stream items that are no array")
        call.window.arrive(codec.cost_of_items(params.items))
        return Arrived(call, params.items) if call.state is CallState.OPEN else None

    def _receive_credit(self, params: StreamCreditParams) -> Event | None:
        asked = self._open(params.id)
        if asked is None:
            return None
        if asked.window is None:
            raise UnexpectedMessage(f"credit for request {params.id}, which opened no stream")
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
            raise UnexpectedMessage(f"something for request {number}, which was never asked")
        asked = self.incoming.get(number)
        return asked if isinstance(asked, Asked) else None


def notification(method: Method[Any, Any], params: Any) -> bytes:
    """Return the payload that tells *params*."""
    return codec.encode(Notification(method=method.name, params=params))


def result(number: int, value: Any) -> bytes:
    """Return the payload that answers request *number* with *value*. Raises TypeError, ValueError."""
    return codec.encode(Result(id=number, result=value))


def failure(number: int, error: CallFailed) -> bytes:
    """Return the payload that answers request *number* with a failure. Raises TypeError, ValueError."""
    return codec.encode(Failure(id=number, error=ErrorObject(code=error.code, message=error.message, data=error.data)))


def items(number: int, encoded: bytes) -> bytes:
    """Return the payload that sends a batch, *encoded* as an array, on the stream of request *number*."""
    return notification(methods.STREAM_ITEM, StreamItemParams(id=number, items=msgspec.Raw(encoded)))
