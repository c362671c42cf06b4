"""Every error of the protocol, and every code that may stand on the wire.

ProtocolViolation                the other side broke a rule of SPEC.md: the connection is over
├── FrameTooLarge, EmptyFrame, TruncatedFrame
├── MalformedMessage             bytes that are no message of this protocol
├── UnexpectedMessage            a message that makes no sense in this state
└── CreditExceeded               more stream items than were asked for
CallError                        one call failed; the connection goes on
├── CallFailed                   the other side answered with a failure: code, message, data
├── CallCancelled                it was cancelled
├── CallTimedOut                 no answer in time
├── MalformedResult              an answer, or a stream item, that is not of the method's type
└── ConnectionLost               the other side went away while the call was open
"""

from __future__ import annotations

import enum
from typing import Any


class ErrorCode(enum.IntEnum):
    """What a failure's ``code`` may be. Below zero as in JSON-RPC 2.0, above zero our own."""

    PARSE_ERROR = -32700
    INVALID_REQUEST = -32600
    METHOD_NOT_FOUND = -32601
    INVALID_PARAMS = -32602
    INTERNAL_ERROR = -32603
    CANCELLED = 1
    REVISION_UNSUPPORTED = 2
    NOT_INITIALIZED = 3
    PLUGIN_EXCEPTION = 10
    MODEL_ERROR = 11
    NEEDS_KEY = 12
    OPTIONS_INVALID = 13
    NOT_FOUND = 14
    DENIED = 15
    DEPTH_EXCEEDED = 16
    LOADER_ERROR = 17
    TOO_LARGE = 18
    UNSUPPORTED = 19
    BUSY = 20


class ProtocolViolation(Exception):
    """The other side broke a rule. *rule* is its name in SPEC.md, without one the first of those that the class has."""

    rule = ""

    def __init__(self, message: str, rule: str = "") -> None:
        super().__init__(message)
        self.rule = rule or type(self).rule


class FrameTooLarge(ProtocolViolation):
    """A length field claims more than the agreed limit."""

    rule = "FRAME-3"


class EmptyFrame(ProtocolViolation):
    """A length field of zero."""

    rule = "FRAME-4"


class TruncatedFrame(ProtocolViolation):
    """The stream ended inside a frame."""

    rule = "FRAME-5"


class MalformedMessage(ProtocolViolation):
    """A payload that is none of the four kinds of message, or whose inside is not what its method says."""

    rule = "MSG-1"


class UnexpectedMessage(ProtocolViolation):
    """A message that is well formed and makes no sense now: an answer to nothing, an item for no stream, ..."""

    rule = "CALL-1"


class CreditExceeded(ProtocolViolation):
    """More stream items than the reader gave credit for."""

    rule = "STREAM-3"


class CallError(Exception):
    """One call failed."""


class CallFailed(CallError):
    """The other side answered with a failure.

    Attributes:
        code: an ``ErrorCode``, or a number this package does not know.
        message: one sentence for a person.
        data: what a program may want to know, made of JSON values.
    """

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


class CallCancelled(CallError):
    """The call was cancelled before it was answered with a result."""


class CallTimedOut(CallError):
    """No answer within the time the caller set."""


class MalformedResult(CallError):
    """The other side answered, or streamed, something that is not what the method's table entry says."""


class ConnectionLost(CallError):
    """The other side closed its end, or died, while the call was open. *reason* says what was seen."""

    def __init__(self, reason: str = "the other side closed the connection") -> None:
        super().__init__(reason)
        self.reason = reason
