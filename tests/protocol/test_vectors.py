"""The golden vectors, both ways: these values give exactly these bytes, these bytes exactly these values or errors."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest
from innkeeper_protocol import codec, errors
from innkeeper_protocol.framing import FrameDecoder, encode_frame
from innkeeper_protocol.messages import ErrorObject, Failure, Message, Notification, Request, Result
from innkeeper_protocol.methods import METHODS

from .vectors import Vector, bytes_of, section, value_of

KINDS = {"request": Request, "notification": Notification, "result": Result, "failure": Failure}


def error_named(name: str) -> type[errors.ProtocolViolation]:
    found: type[errors.ProtocolViolation] = getattr(errors, name)
    return found


def decode_all(decoder: FrameDecoder, pieces: list[bytes]) -> list[str]:
    return [payload.hex() for piece in pieces for payload in decoder.feed(piece)]


@pytest.mark.parametrize("vector", section("frames.json", "frames"))
def test_frames_are_cut_out_of_the_stream_and_back(vector: Vector) -> None:
    """FRAME-1, FRAME-2: in one piece, and byte by byte."""
    stream, limit = bytes_of(vector), vector.get("limit_bytes", 16 * 1024 * 1024)
    whole, bytewise = FrameDecoder(limit), FrameDecoder(limit)

    assert decode_all(whole, [stream]) == vector["payloads"]
    assert decode_all(bytewise, [stream[at : at + 1] for at in range(len(stream))]) == vector["payloads"]
    whole.finish()
    bytewise.finish()
    assert b"".join(encode_frame(bytes.fromhex(payload), limit) for payload in vector["payloads"]) == stream


@pytest.mark.parametrize("vector", section("frames.json", "refused"))
def test_frames_that_break_a_rule_are_refused_after_the_good_ones(vector: Vector) -> None:
    decoder, seen = FrameDecoder(vector.get("limit_bytes", 16 * 1024 * 1024)), []

    def read_to_the_end() -> None:
        for payload in decoder.feed(bytes_of(vector)):
            seen.append(payload.hex())
        decoder.finish()

    with pytest.raises(error_named(vector["error"])) as caught:
        read_to_the_end()

    assert seen == vector["payloads"]
    assert caught.value.rule in vector["rules"]


def message_from(vector: Vector) -> Message:
    """Build the message that *vector* describes, as a peer would."""
    fields = dict(value_of(vector["message"]))
    if "error" in fields:
        fields["error"] = ErrorObject(**fields["error"])
    message: Message = KINDS[vector["kind"]](**fields)
    return message


def plain(message: Message) -> dict[str, Any]:
    """Return *message* with its inside decoded, as a map."""
    value: dict[str, Any] = msgspec.msgpack.decode(msgspec.msgpack.encode(message))
    return value


@pytest.mark.parametrize("vector", section("messages.json", "messages"))
def test_messages_are_encoded_and_decoded(vector: Vector) -> None:
    payload = bytes_of(vector)
    assert codec.encode(message_from(vector)) == payload
    for written in (payload, *map(bytes.fromhex, vector.get("also", ()))):
        decoded = codec.decode_message(written)
        assert isinstance(decoded, KINDS[vector["kind"]])
        assert plain(decoded) == value_of(vector["message"])


@pytest.mark.parametrize("vector", section("messages.json", "refused"))
def test_payloads_that_are_no_message_are_refused(vector: Vector) -> None:
    with pytest.raises(error_named(vector["error"])):
        codec.decode_message(bytes_of(vector))


def type_of(vector: Vector) -> Any:
    method = METHODS[vector["method"]]
    return {"params": method.params, "result": method.result, "item": method.item}[vector["part"]]


def decoded(vector: Vector, payload: bytes) -> Any:
    """Decode *payload* on the way that a peer would, as part of a message of its method."""
    method = METHODS[vector["method"]]
    if vector["part"] == "params":
        return codec.decode_params(method, msgspec.Raw(payload))
    if vector["part"] == "result":
        return codec.decode_result(method, msgspec.Raw(payload))
    (item,) = codec.decode_items(method, b"\x91" + payload)
    return item


@pytest.mark.parametrize("vector", section("payloads.json", "payloads"))
def test_params_results_and_items_are_encoded_and_decoded(vector: Vector) -> None:
    payload, value = bytes_of(vector), value_of(vector["value"])
    from_value = msgspec.convert(value, type_of(vector)) if vector["method"] != "stream/item" else None

    meant = decoded(vector, payload)

    assert codec.encode(meant) == payload
    if from_value is not None:
        assert meant == from_value
        assert codec.encode(from_value) == payload


@pytest.mark.parametrize("vector", section("payloads.json", "same"))
def test_other_ways_to_write_a_value_mean_the_same(vector: Vector) -> None:
    """MSG-9, COMPAT-1."""
    assert decoded(vector, bytes_of(vector)) == msgspec.convert(value_of(vector["value"]), type_of(vector))


@pytest.mark.parametrize("vector", section("payloads.json", "refused"))
def test_what_is_not_of_its_type_is_refused(vector: Vector) -> None:
    """MSG-7."""
    with pytest.raises(error_named(vector["error"])):
        decoded(vector, bytes_of(vector))


@pytest.mark.parametrize("vector", section("messages.json", "refused"))
def test_no_prefix_of_a_refused_payload_is_a_message(vector: Vector) -> None:
    """MSG-1: what was cut short is not taken for something shorter."""
    payload = bytes_of(vector)[:64]
    behind_the_map = "MSG-5" in vector["rules"]
    for end in itertools.islice(range(len(payload)), 64):
        if not behind_the_map:
            with pytest.raises(errors.MalformedMessage):
                codec.decode_message(payload[:end])
