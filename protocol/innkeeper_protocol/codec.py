"""Turns messages into msgpack and back, and refuses whatever is not one of the four kinds.

Two steps, because only the method table knows what params and results are: ``decode_message`` reads the envelope and
leaves the inside as it stands; ``decode_params``, ``decode_result`` and ``decode_items`` read the inside. What the
first refuses ends the connection; what the others refuse concerns one call.

Source: SPEC.md MSG-1 to MSG-10.
"""

from __future__ import annotations

import struct
from functools import cache
from typing import Any, Literal, NoReturn

import msgspec

from .decoders import msgpack_decoder
from .errors import MalformedMessage
from .messages import ErrorObject, Failure, Id, Message, Notification, Request, Result
from .methods import Method
from .payloads.session import BlobPartParams
from .values import fields_to_json, problem_with

_PART_BEGINS = b"\x83\xa7jsonrpc\xa32.0\xa6method\xa9blob/part"
_DATA_BELOW = b"\xa4data\xc6"

PART_HEAD_BYTES = 96
"""The most that stands before the data in a part: names, and two integers of up to nine bytes."""

BATCH_COST = 64
"""What a batch of stream items costs beside its bytes, so that a flood of empty ones is bounded, too (STREAM-2)."""

_REFUSALS = (msgspec.MsgspecError, ValueError, RecursionError, OverflowError)
"""Everything that msgspec may raise about its input: ValueError covers text that is not UTF-8."""


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    """Any of the four kinds, before it is known which."""

    jsonrpc: Literal["2.0"]
    id: Id | msgspec.UnsetType = msgspec.UNSET
    method: str | msgspec.UnsetType = msgspec.UNSET
    params: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    result: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    error: ErrorObject | msgspec.UnsetType = msgspec.UNSET
    window: Id | msgspec.UnsetType = msgspec.UNSET


class _RawRequest(Request, frozen=True, kw_only=True):
    jsonrpc: Literal["2.0"]
    params: msgspec.Raw


class _RawNotification(Notification, frozen=True, kw_only=True):
    jsonrpc: Literal["2.0"]
    params: msgspec.Raw


class _RawResult(Result, frozen=True, kw_only=True):
    jsonrpc: Literal["2.0"]
    result: msgspec.Raw


def _list_of(item: Any) -> Any:
    return list[item]


def _refuse_extension(code: int, data: memoryview) -> NoReturn:
    raise ValueError(f"msgpack extension type {code}")


_encoder = msgspec.msgpack.Encoder()
_texts = msgspec.msgpack.Decoder(list[str])
_envelopes = msgspec.msgpack.Decoder(_Envelope, ext_hook=_refuse_extension)

_HINT = struct.Struct("B12xB")
_read_hint = _HINT.unpack_from

_by_hint: dict[tuple[int, int], msgspec.msgpack.Decoder[Any]] = {
    (0x84, 0xA2): msgspec.msgpack.Decoder(_RawRequest),
    (0x83, 0xA2): msgspec.msgpack.Decoder(_RawResult),
    (0x83, 0xA6): msgspec.msgpack.Decoder(_RawNotification),
}
"""What most messages are, by the number of their keys and, behind ``jsonrpc``, the length of the second: ``id`` or
``method``. A decoder that requires as many keys as there are leaves no room for one that stands twice, and takes half
the time of the general way. The order of keys is the sender's habit, not a rule."""


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
    decoder = _by_hint.get(_read_hint(payload)) if len(payload) >= _HINT.size else None
    if decoder is not None:
        try:
            message: Message = decoder.decode(payload)
            return message
        except _REFUSALS:
            pass  # the general way says what is wrong with it, if anything is
    try:
        envelope = _envelopes.decode(payload)
    except _REFUSALS as error:
        raise MalformedMessage(f"not a message: {error}") from error
    return _message_in(envelope, _map_length(payload))


def decode_params(method: Method[Any, Any], raw: msgspec.Raw) -> Any:
    """Return the params of *method*. Raises MalformedMessage."""
    return decode_as(method.params, raw, method.name)


def decode_result(method: Method[Any, Any], raw: msgspec.Raw) -> Any:
    """Return the result of *method*. Raises MalformedMessage."""
    return decode_as(method.result, raw, method.name)


def decode_items(method: Method[Any, Any], raw: bytes | msgspec.Raw) -> list[Any]:
    """Return a batch of stream items of *method*, whose item type allows text. Raises MalformedMessage."""
    try:
        return _texts.decode(raw)
    except _REFUSALS:  # something else than plain text among them: far rarer, and it may nest
        items: list[Any] = _checked(decode_as(_list_of(method.item), raw, method.name), method.name)
        return items


def decode_as(wanted: Any, raw: bytes | msgspec.Raw, method: str) -> Any:
    """Return what is in *raw*, something inside a message of *method*, as a *wanted*. Raises MalformedMessage."""
    decoder, json_fields = _reader(wanted)
    try:
        value = decoder.decode(raw)
    except _REFUSALS as error:
        raise MalformedMessage(f"in a message of '{method}': {error}") from error
    for name in json_fields:
        if getattr(value, name):
            return _checked(value, method)
    return value


@cache
def _reader(wanted: Any) -> tuple[msgspec.msgpack.Decoder[Any], tuple[str, ...]]:
    """Return a decoder for *wanted*, and where *wanted* is a struct, its fields that lead to JSON."""
    fields = fields_to_json(wanted) if isinstance(wanted, type) and issubclass(wanted, msgspec.Struct) else ()
    return msgpack_decoder(wanted, _refuse_extension), tuple(name for name, _ in fields)


def _checked(value: Any, method: str) -> Any:
    """Return *value*. Raises MalformedMessage for what msgspec takes and the protocol does not."""
    problem = problem_with(value)
    if problem is not None:
        raise MalformedMessage(f"in a message of '{method}': {problem}")
    return value


def encode_part_prefix(blob: int, size: int, length: int) -> bytes:
    """Return the payload of a ``blob/part`` up to its data, of which *length* bytes must follow."""
    empty = encode(Notification(method="blob/part", params=BlobPartParams(blob=blob, size=size, data=b"")))
    code, width = (b"\xc4", 1) if length < 2**8 else (b"\xc5", 2) if length < 2**16 else (b"\xc6", 4)
    return empty[:-2] + code + length.to_bytes(width, "big")


def begun_part(payload: memoryview, length: int) -> tuple[int, int, int, bytes] | None:
    """Look whether *payload* begins one of *length* bytes that is a ``blob/part`` as ``encode_part_prefix`` writes it.

    If so return its blob, its size, how many bytes of data end it, and a message without them to stand for it.
    """
    head = bytes(payload[:PART_HEAD_BYTES])
    at = head.find(_DATA_BELOW) + len(_DATA_BELOW)
    if not head.startswith(_PART_BEGINS) or at < len(_DATA_BELOW) or len(head) < at + 4:
        return None
    data_bytes = int.from_bytes(head[at : at + 4], "big")
    if at + 4 + data_bytes != length:
        return None
    stand_in = head[: at - 1] + b"\xc4\x00"
    try:
        message = decode_message(stand_in)
        if not isinstance(message, Notification):
            return None
        part: BlobPartParams = decode_as(BlobPartParams, message.params, message.method)
    except MalformedMessage:
        return None
    return part.blob, part.size, data_bytes, stand_in


def cost_of_items(items: bytes | msgspec.Raw) -> int:
    """Return what a batch costs of the credit of its stream: *items* is the array as it is encoded. STREAM-2."""
    return len(items) + BATCH_COST


def _message_in(envelope: Any, keys: int) -> Message:
    """Return *envelope* as the one kind of message it is; it came with *keys* keys, counting one twice that came twice.

    Raises MalformedMessage.
    """
    fields = ("id", "method", "params", "result", "error", "window")
    found = {name: value for name in fields if (value := getattr(envelope, name)) is not msgspec.UNSET}
    if len(found) + 1 != keys:
        raise MalformedMessage("a key stands twice in a message")
    kind = _KINDS.get(frozenset(found))
    if kind is None:
        raise MalformedMessage("neither a request, a notification, a result nor a failure")
    if kind is Failure:
        problem = problem_with(found["error"].data, is_json=True)
        if problem is not None:
            raise MalformedMessage(f"in the data of a failure: {problem}")
    return kind(**found)


_KINDS: dict[frozenset[str], type[Message]] = {
    frozenset({"id", "method", "params"}): Request,
    frozenset({"id", "method", "params", "window"}): Request,
    frozenset({"method", "params"}): Notification,
    frozenset({"id", "result"}): Result,
    frozenset({"id", "error"}): Failure,
}


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
