"""Messages out of bytes: whatever the bytes are, a message or MalformedMessage, in little time and memory."""

from __future__ import annotations

import contextlib
import tracemalloc
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from innkeeper_protocol import codec
from innkeeper_protocol.errors import MalformedMessage
from innkeeper_protocol.messages import MAX_ID, Notification, Request, Result
from innkeeper_protocol.methods import BLOB_PART, CALL_TOOL, METHODS, MODELS_PROMPT, Method
from innkeeper_protocol.payloads.models import ModelEvent
from innkeeper_protocol.payloads.session import BlobPartParams
from innkeeper_protocol.payloads.tools import CallToolParams
from innkeeper_protocol.values import MAX_DEPTH, problem_with

from .vectors import bytes_of, content

GOOD = [bytes_of(vector) for vector in content("messages.json")["messages"]]
INSIDES = [(vector["method"], vector["part"], bytes_of(vector)) for vector in content("payloads.json")["payloads"]]

numbers = st.integers(1, MAX_ID)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
maps = st.dictionaries(st.text(max_size=8), json_values, max_size=4)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_a_message_or_refused(payload: bytes) -> None:
    with contextlib.suppress(MalformedMessage):
        codec.decode_message(payload)


@given(st.sampled_from(GOOD), st.data())
def test_damaged_messages_are_a_message_or_refused(payload: bytes, data: st.DataObject) -> None:
    damaged = bytearray(payload)
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.integers(0, len(damaged) - 1))
        what = data.draw(st.sampled_from(["change", "insert", "drop"]))
        if what == "change":
            damaged[where] = data.draw(st.integers(0, 255))
        elif what == "insert":
            damaged[where:where] = data.draw(st.binary(min_size=1, max_size=6))
        elif len(damaged) > 1:
            del damaged[where]
    with contextlib.suppress(MalformedMessage):
        codec.decode_message(damaged)


def decode_inside(method: Method[Any, Any], part: str, raw: bytes) -> None:
    if part == "item":
        codec.decode_items(method, b"\x91" + raw)
    elif part == "params":
        codec.decode_params(method, msgspec.Raw(raw))
    else:
        codec.decode_result(method, msgspec.Raw(raw))


@given(st.sampled_from(INSIDES), st.data())
@example(("tools/call", "params", b"\x81\xa4name\xd9"), None)
def test_damaged_params_results_and_items_are_taken_or_refused(
    inside: tuple[str, str, bytes], data: st.DataObject | None
) -> None:
    name, part, raw = inside
    damaged = bytearray(raw)
    if data is not None:
        for _ in range(data.draw(st.integers(1, 3))):
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(MalformedMessage):
        decode_inside(METHODS[name], part, bytes(damaged))


@given(numbers, st.text(max_size=30), maps, st.none() | numbers)
def test_any_request_comes_back(number: int, method: str, params: dict[str, Any], window: int | None) -> None:
    sent = Request(id=number, method=method, params=params, window=window or msgspec.UNSET)
    received = codec.decode_message(codec.encode(sent))
    assert isinstance(received, Request)
    assert (received.id, received.method, received.window) == (sent.id, sent.method, sent.window)
    assert msgspec.msgpack.decode(received.params) == params


@given(numbers, maps)
def test_any_result_and_notification_comes_back(number: int, value: dict[str, Any]) -> None:
    result = codec.decode_message(codec.encode(Result(id=number, result=value)))
    notification = codec.decode_message(codec.encode(Notification(method="x", params=value)))
    assert isinstance(result, Result)
    assert isinstance(notification, Notification)
    assert msgspec.msgpack.decode(result.result) == msgspec.msgpack.decode(notification.params) == value


@given(maps)
def test_any_json_comes_through_as_it_is(arguments: dict[str, Any]) -> None:
    """MSG-10"""
    sent = CallToolParams(name="t", arguments=arguments)
    assert codec.decode_params(CALL_TOOL, msgspec.Raw(codec.encode(sent))) == sent


@pytest.mark.parametrize(
    "header", [b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff"]
)
def test_memory_follows_what_came_and_not_what_msgpack_claims(header: bytes) -> None:
    """FRAME-3, for the lengths inside a payload: 4 GiB of items, keys, text, bytes."""
    raw = msgspec.Raw(b"\x82\xa4name\xa1n\xa9arguments\x81\xa1a" + header)
    message = b"\x84\xa7jsonrpc\xa32.0\xa2id\x01\xa6method\xa1m\xa6params" + header
    codec.decode_params(CALL_TOOL, msgspec.Raw(b"\x81\xa4name\xa1n"))  # what is made once is not counted
    tracemalloc.start()
    try:
        with pytest.raises(MalformedMessage):
            codec.decode_params(CALL_TOOL, raw)
        with pytest.raises(MalformedMessage):
            codec.decode_message(message)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 100_000


def test_depth_is_counted_to_the_number_of_the_page() -> None:
    """MSG-8: from the value itself, whatever it is made of."""
    deep: Any = []
    for _ in range(MAX_DEPTH - 1):
        deep = {"a": deep} if isinstance(deep, list) else [deep]
    assert problem_with(deep, is_json=True) is None
    assert problem_with([deep], is_json=True) == "nested too deep"


def test_recursive_structs_are_no_way_round_the_depth() -> None:
    """MSG-8: commands hold commands."""
    command: dict[str, Any] = {"name": "c"}
    for _ in range(MAX_DEPTH):
        command = {"name": "c", "commands": [command]}
    with pytest.raises(MalformedMessage, match="nested too deep"):
        codec.decode_result(METHODS["plugin/describe"], msgspec.Raw(msgspec.msgpack.encode({"commands": [command]})))


@given(st.integers(-(2**63), 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(2**16, 2**32 - 1), st.integers(0, 200))
def test_part_of_a_blob_is_known_by_its_beginning(blob: int, size: int, data_bytes: int, there: int) -> None:
    """Or is not, when too little of it is there; what stands for it is the same message without data."""
    prefix = codec.encode_part_prefix(blob, size, data_bytes)
    begun = codec.begun_part(memoryview(prefix + bytes(200))[: there + 60], len(prefix) + data_bytes)
    if begun is None:
        assert there + 60 < len(prefix)
        return
    assert begun[:3] == (blob, size, data_bytes)
    stand_in = codec.decode_message(begun[3])
    assert isinstance(stand_in, Notification)
    assert codec.decode_params(BLOB_PART, stand_in.params) == BlobPartParams(blob=blob, size=size, data=b"")


@given(st.binary(max_size=120), st.integers(0, 2**32))
@example(codec.encode_part_prefix(1, 5, 2**20)[:-4], 2**20)
@example(codec.encode_part_prefix(1, 5, 2**20) + b"x", 5)
@example(codec.encode_part_prefix(1, 5, 2**20).replace(b"size", b"SIZE"), 2**20 + 71)
def test_what_does_not_begin_as_a_part_is_left_alone(beginning: bytes, length: int) -> None:
    assert codec.begun_part(memoryview(beginning), length) is None


def test_items_are_text_or_whatever_the_method_streams() -> None:
    encoded = codec.encode(["a", ModelEvent(type="reasoning", chunk="b")])
    assert codec.decode_items(MODELS_PROMPT, encoded) == ["a", ModelEvent(type="reasoning", chunk="b")]
    with pytest.raises(MalformedMessage):
        codec.decode_items(CALL_TOOL, encoded)


def test_items_may_not_hide_bytes_in_json() -> None:
    """MSG-10"""
    with pytest.raises(MalformedMessage, match="type bytes"):
        codec.decode_items(
            MODELS_PROMPT, msgspec.msgpack.encode(["a", {"type": "text", "provider_metadata": {"k": b"x"}}])
        )


@pytest.mark.parametrize("value", [object(), 2**64, "\ud800"], ids=["object", "number too large", "surrogate"])
def test_what_msgpack_cannot_hold_is_a_type_or_value_error(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        codec.encode({"inside": [value]})


def test_value_that_contains_itself_is_a_value_error() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(ValueError, match="recursion"):
        codec.encode(value)
