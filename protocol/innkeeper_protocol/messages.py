"""The four kinds of message: JSON-RPC 2.0, as msgpack maps.

What is inside ``params`` and ``result`` is the business of ``payloads``: here it is whatever ``codec`` was given to
encode, or the bytes it found. *kind* tells them apart: ``isinstance`` takes four times as long with structs.

Source: SPEC.md MSG-1 to MSG-6.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import msgspec

MAX_ID = 2**53 - 1
"""The largest id: what every language holds exactly, even one whose numbers are all floats."""

Id = Annotated[int, msgspec.Meta(ge=1, le=MAX_ID)]
"""The number of a request; each side counts its own."""


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Asks for *method*. *window* opens a stream and is the credit for its first items, in bytes."""

    kind: ClassVar[Literal["request"]] = "request"
    jsonrpc: Literal["2.0"] = "2.0"
    id: Id
    method: str
    params: Any
    window: Id | msgspec.UnsetType = msgspec.UNSET


class Notification(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tells something, and wants no answer."""

    kind: ClassVar[Literal["notification"]] = "notification"
    jsonrpc: Literal["2.0"] = "2.0"
    method: str
    params: Any


class Result(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Answers request *id*."""

    kind: ClassVar[Literal["result"]] = "result"
    jsonrpc: Literal["2.0"] = "2.0"
    id: Id
    result: Any


class ErrorObject(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Why a request failed: a number for programs, a sentence for people, and JSON values for either."""

    code: int
    message: str
    data: Any = None


class Failure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Answers request *id*: it failed."""

    kind: ClassVar[Literal["failure"]] = "failure"
    jsonrpc: Literal["2.0"] = "2.0"
    id: Id
    error: ErrorObject


Message = Request | Notification | Result | Failure
