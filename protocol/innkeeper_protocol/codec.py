"""Turns messages into msgpack and back, and refuses whatever is not one of the four kinds.

Two steps, because only the method table knows what params and results are: ``decode_message`` reads the envelope and
leaves the inside as it stands; ``decode_params``, ``decode_result`` and ``decode_items`` read the inside. What the
first refuses ends the connection; what the others refuse concerns one call.

Source: SPEC.md MSG-1 to MSG-9.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Literal, NoReturn

import msgspec

from .errors import MalformedMessage
from .messages import MAX_ID, ErrorObject, Failure, Message, Notification, Request, Result
from .methods import Method
from .nesting import is_too_deep

BATCH_COST = 64
"""What a batch of stream items costs beside its bytes, so that a flood of empty ones is bounded, too (STREAM-2)."""

_REFUSALS = (msgspec.MsgspecError, ValueError, RecursionError, OverflowError)
"""Everything that msgspec may raise about its input: ValueError covers text that is not UTF-8."""


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    """Any of the four kinds, before it is known which."""

    jsonrpc: Literal["2.0"]
    id: int | msgspec.UnsetType = msgspec.UNSET
    method: str | msgspec.UnsetType = msgspec.UNSET
    params: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    result: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    error: ErrorObject | msgspec.UnsetType = msgspec.UNSET
    window: int | msgspec.UnsetType = msgspec.UNSET


def _list_of(item: Any) -> Any:
    return list[item]


def _refuse_extension(code: int, data: memoryview) -> NoReturn:
    raise ValueError(f"msgpack extension type {code}")


_encoder = msgspec.msgpack.Encoder()
_texts = msgspec.msgpack.Decoder(list[str])
_envelopes = msgspec.msgpack.Decoder(_Envelope, ext_hook=_refuse_extension)


def encode(value: Any) -> bytes:
    """Return *value*, a message or something for the inside of one, as msgpack.

    Raises TypeError for what msgpack cannot hold, ValueError for an integer or a nesting beyond its limits.
    """
    try:
        return _encoder.encode(value)
    except (OverflowError, RecursionError) as error:
        raise ValueError(str(error)) from error


def decode_message(payload: bytes | bytearray | memoryview) -> Message:
    """Return the message in *payload*. Its params or result is a ``msgspec.Raw`` that looks into *payload*.

    Raises MalformedMessage.
    """
    try:
        envelope = _envelopes.decode(payload)
    except _REFUSALS as error:
        raise MalformedMessage(f"not a message: {error}") from error
    present = [value is not msgspec.UNSET for value in _kinds(envelope)]
    shape = tuple(present)
    if _map_length(payload) != sum(shape) + 1:
        raise MalformedMessage("a key stands twice in a message")
    if isinstance(envelope.id, int) and not 0 < envelope.id <= MAX_ID:
        raise MalformedMessage(f"id {envelope.id} is not between 1 and 2**53 - 1")
    return _build(envelope, shape)


def decode_params(method: Method[Any, Any], raw: msgspec.Raw) -> Any:
    """Return the params of *method*. Raises MalformedMessage."""
    return _decode_inside(method.params, raw, "params", method.name)


def decode_result(method: Method[Any, Any], raw: msgspec.Raw) -> Any:
    """Return the result of *method*. Raises MalformedMessage."""
    return _decode_inside(method.result, raw, "result", method.name)


def decode_as(wanted: Any, raw: msgspec.Raw, method: str) -> Any:
    """Return the params of *method* as the type *wanted*, which names the same fields. Raises MalformedMessage."""
    return _decode_inside(wanted, raw, "params", method)


def decode_items(method: Method[Any, Any], raw: bytes | msgspec.Raw) -> list[Any]:
    """Return a batch of stream items of *method*, whose item type allows text. Raises MalformedMessage."""
    try:
        return _texts.decode(raw)
    except _REFUSALS:  # something else than plain text among them: far rarer, and it may nest
        items: list[Any] = _decode_inside(_list_of(method.item), raw, "items", method.name)
        return items


def _decode_inside(wanted: Any, raw: bytes | msgspec.Raw, what: str, method: str) -> Any:
    try:
        value = _decoder(wanted).decode(raw)
    except _REFUSALS as error:
        raise MalformedMessage(f"{what} of '{method}': {error}") from error
    if is_too_deep(value, len(raw)):
        raise MalformedMessage(f"{what} of '{method}': nested too deep")
    return value


@cache
def _decoder(wanted: Any) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(wanted, ext_hook=_refuse_extension)


def encode_part_prefix(number: int, blob: int, length: int, *, is_last: bool) -> bytes:
    """Return the payload of a ``blob/part`` request up to its data, of which *length* bytes must follow."""
    params = msgspec.Raw(_encoder.encode({"blob": blob, "last": is_last, "data": b""}))
    empty = encode(Request(id=number, method="blob/part", params=params))
    return empty[:-2] + b"\xc6" + length.to_bytes(4, "big")


def cost_of_items(items: bytes | msgspec.Raw) -> int:
    """Return what a batch costs of the credit of its stream: *items* is the array as it is encoded. STREAM-2."""
    return len(items) + BATCH_COST


def _kinds(envelope: _Envelope) -> tuple[Any, ...]:
    return (envelope.id, envelope.method, envelope.params, envelope.result, envelope.error, envelope.window)


_REQUEST = (True, True, True, False, False, False)
_OPENING = (True, True, True, False, False, True)
_NOTIFICATION = (False, True, True, False, False, False)
_RESULT = (True, False, False, True, False, False)
_FAILURE = (True, False, False, False, True, False)


def _build(envelope: Any, shape: tuple[bool, ...]) -> Message:
    if shape == _RESULT:
        return Result(id=envelope.id, result=envelope.result)
    if shape == _NOTIFICATION:
        _require_map(envelope.params)
        return Notification(method=envelope.method, params=envelope.params)
    if shape == _REQUEST:
        _require_map(envelope.params)
        return Request(id=envelope.id, method=envelope.method, params=envelope.params)
    if shape == _OPENING:
        _require_map(envelope.params)
        if not 0 < envelope.window <= MAX_ID:
            raise MalformedMessage(f"a window of {envelope.window} bytes")
        return Request(id=envelope.id, method=envelope.method, params=envelope.params, window=envelope.window)
    if shape == _FAILURE:
        if is_too_deep(envelope.error.data, None):
            raise MalformedMessage("the data of a failure is nested too deep")
        return Failure(id=envelope.id, error=envelope.error)
    raise MalformedMessage("neither a request, a notification, a result nor a failure")


def _require_map(raw: msgspec.Raw) -> None:
    first = memoryview(raw)[0]
    if not (0x80 <= first <= 0x8F or 0xDE <= first <= 0xDF):
        raise MalformedMessage("params are not a map")


def _map_length(payload: bytes | bytearray | memoryview) -> int:
    """Return how many keys the map in *payload* has; it is known to be a map."""
    first = payload[0]
    if first <= 0x8F:
        return first & 0x0F
    return int.from_bytes(payload[1:3] if first == 0xDE else payload[1:5], "big")


def is_array(raw: msgspec.Raw) -> bool:
    """Say whether *raw* is an array, by its first byte."""
    first = memoryview(raw)[0]
    return 0x90 <= first <= 0x9F or 0xDC <= first <= 0xDD
