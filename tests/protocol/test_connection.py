"""Two connections back to back, without anything that runs: what may be said, and what it means to the other side."""

from __future__ import annotations

from typing import Any, cast

import msgspec
import pytest
from innkeeper_protocol import codec, connection, methods
from innkeeper_protocol.connection import (
    MAX_INCOMING_BYTES,
    MAX_INCOMING_CALLS,
    MAX_UNANSWERED,
    Arrived,
    Asked,
    Call,
    CallState,
    CancelAsked,
    Connection,
    Event,
    Granted,
    Notified,
    Refused,
)
from innkeeper_protocol.errors import CallFailed, CreditExceeded, ErrorCode, UnexpectedMessage
from innkeeper_protocol.messages import ErrorObject, Request, Result
from innkeeper_protocol.methods import METHODS
from innkeeper_protocol.payloads.base import Nothing
from innkeeper_protocol.streams import ReceiveWindow

from .pairs import COUNT, ECHO, TABLE, TELL, Text


class Side(Connection):
    """A connection that remembers what its events were."""

    def hear(self, payload: bytes | None) -> Event | None:
        """Take what the other side sends."""
        assert payload is not None
        return self.receive(codec.decode_message(payload))

    def answer_with(self, number: int, result: Any) -> bytes:
        """Answer request *number*."""
        self.answer(number)
        return codec.encode(Result(id=number, result=result))


def connected_pair() -> tuple[Side, Side]:
    host, plugin = Side("host", TABLE), Side("plugin", TABLE)
    host.is_initialized = plugin.is_initialized = True
    return host, plugin


def open_call(asker: Side, answerer: Side, window: int | None = None) -> tuple[Call, Asked]:
    call = Call(ECHO if window is None else COUNT, None if window is None else ReceiveWindow(window))
    asked = answerer.hear(asker.request(call, Text(text="hi")))
    assert isinstance(asked, Asked)
    return call, asked


def send_items(sender: Side, asked: Asked, *items: str) -> bytes:
    encoded = codec.encode(list(items))
    assert asked.window is not None
    asked.window.spend(codec.cost_of_items(encoded))
    return connection.items(asked.id, encoded)


def test_call_goes_out_and_its_answer_comes_back() -> None:
    """CALL-3"""
    host, plugin = connected_pair()
    call, asked = open_call(host, plugin)
    assert (asked.id, asked.method, asked.window) == (call.id, ECHO, None)
    assert codec.decode_params(ECHO, asked.params) == Text(text="hi")

    assert host.hear(plugin.answer_with(asked.id, Text(text="there"))) is call

    assert call.state is CallState.DONE
    assert codec.decode_result(ECHO, cast(msgspec.Raw, call.answer)) == Text(text="there")
    assert (host.outgoing, plugin.incoming) == ({}, {})


def test_same_number_in_both_directions_is_two_calls() -> None:
    """CALL-1"""
    host, plugin = connected_pair()
    ours, asked_of_plugin = open_call(host, plugin)
    theirs, asked_of_host = open_call(plugin, host)
    assert ours.id == theirs.id == 1

    assert plugin.hear(host.answer_with(asked_of_host.id, Text(text="by the host"))) is theirs
    assert ours.state is CallState.OPEN
    assert host.hear(plugin.answer_with(asked_of_plugin.id, Text(text="by the plugin"))) is ours


def test_answers_may_come_in_any_order() -> None:
    """CALL-3"""
    host, plugin = connected_pair()
    pairs = [open_call(host, plugin) for _ in range(3)]
    for call, asked in reversed(pairs):
        assert host.hear(plugin.answer_with(asked.id, Text())) is call


def test_failure_is_an_answer() -> None:
    host, plugin = connected_pair()
    call, asked = open_call(host, plugin)
    plugin.answer(asked.id)
    assert host.hear(connection.failure(asked.id, CallFailed(99, "no", [1]))) is call
    assert call.answer == ErrorObject(code=99, message="no", data=[1])


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("no/such", ErrorCode.METHOD_NOT_FOUND),
        ("host/get_key", ErrorCode.METHOD_NOT_FOUND),
        ("stream/item", ErrorCode.INVALID_REQUEST),
        ("initialize", ErrorCode.INVALID_REQUEST),
    ],
)
def test_request_that_can_only_fail_is_open_until_that_is_sent(name: str, code: ErrorCode) -> None:
    """CALL-2, CALL-5, INIT-5"""
    _, plugin = connected_pair()
    refused = plugin.hear(codec.encode(Request(id=5, method=name, params={})))
    assert isinstance(refused, Refused)
    assert (refused.id, refused.failure.code) == (5, code)
    assert plugin.answer(5) is refused


def test_everything_but_initialize_is_refused_before_it() -> None:
    """INIT-1"""
    plugin = Side("plugin", TABLE)
    refused = plugin.hear(codec.encode(Request(id=1, method="plugin/describe", params={})))
    assert isinstance(refused, Refused)
    assert refused.failure.code == ErrorCode.NOT_INITIALIZED
    assert isinstance(plugin.hear(codec.encode(Request(id=2, method="initialize", params={}))), Asked)


def test_host_is_initialized_by_the_result_and_not_by_a_failure() -> None:
    """INIT-1"""
    host = Side("host", TABLE)
    first = Call(methods.INITIALIZE)
    host.request(first, Nothing())
    host.hear(connection.failure(first.id, CallFailed(2, "no")))
    assert not host.is_initialized
    second = Call(methods.INITIALIZE)
    host.request(second, Nothing())
    host.hear(codec.encode(Result(id=second.id, result={})))
    assert host.is_initialized


def test_too_many_calls_are_answered_busy_and_far_too_many_end_the_connection() -> None:
    """CALL-7: a plugin that asks and never reads cannot fill the host's memory."""
    host, plugin = connected_pair()
    for _ in range(MAX_INCOMING_CALLS):
        open_call(plugin, host)
    for _ in range(MAX_UNANSWERED - MAX_INCOMING_CALLS):
        refused = host.hear(plugin.request(Call(ECHO), Text()))
        assert isinstance(refused, Refused)
        assert refused.failure.code == ErrorCode.BUSY
    with pytest.raises(UnexpectedMessage) as caught:
        host.hear(plugin.request(Call(ECHO), Text()))
    assert caught.value.rule == "CALL-7"


def test_calls_that_are_large_together_are_answered_busy_and_a_lone_one_is_not() -> None:
    """CALL-7: a plugin cannot have the host hold 256 of the largest frames."""
    host, plugin = connected_pair()
    large = Text(data=bytes(MAX_INCOMING_BYTES + 1))
    first = host.hear(plugin.request(Call(ECHO), large))
    assert isinstance(first, Asked)
    refused = host.hear(plugin.request(Call(ECHO), Text()))
    assert isinstance(refused, Refused)
    assert refused.failure.code == ErrorCode.BUSY

    for number in (first.id, refused.id):
        plugin.hear(host.answer_with(number, Text()))

    assert isinstance(host.hear(plugin.request(Call(ECHO), Text())), Asked)
    assert isinstance(host.hear(plugin.request(Call(ECHO), Text(data=bytes(MAX_INCOMING_BYTES // 2)))), Asked)
    assert isinstance(host.hear(plugin.request(Call(ECHO), Text(data=bytes(MAX_INCOMING_BYTES // 2)))), Refused)


def test_answered_calls_make_room_for_others() -> None:
    """CALL-7"""
    host, plugin = connected_pair()
    _, asked = [open_call(plugin, host) for _ in range(MAX_INCOMING_CALLS)][7]
    plugin.hear(host.answer_with(asked.id, Text()))
    open_call(plugin, host)


def test_requests_that_only_fail_are_counted_too() -> None:
    """CALL-7: refusals before ``initialize`` wait for their turn like any other."""
    plugin = Side("plugin", TABLE)
    for number in range(1, MAX_UNANSWERED + 1):
        assert isinstance(plugin.hear(codec.encode(Request(id=number, method="no/such", params={}))), Refused)
    with pytest.raises(UnexpectedMessage):
        plugin.hear(codec.encode(Request(id=9_999, method="no/such", params={})))


def test_second_answer_is_refused() -> None:
    """CALL-9"""
    host, plugin = connected_pair()
    _, asked = open_call(host, plugin)
    answer = plugin.answer_with(asked.id, Text())
    host.hear(answer)
    with pytest.raises(UnexpectedMessage) as caught:
        host.hear(answer)
    assert caught.value.rule == "CALL-9"


def test_request_that_was_not_sent_leaves_nothing_behind() -> None:
    host, _ = connected_pair()
    call = Call(ECHO)
    host.request(call, Text())
    host.forget(call)
    assert host.outgoing == {}
    assert host.cancel(call) is None


def test_params_that_cannot_be_encoded_open_no_call() -> None:
    host, _ = connected_pair()
    with pytest.raises(TypeError):
        host.request(Call(ECHO), object())
    assert host.outgoing == {}


def test_items_come_with_their_call_and_still_encoded() -> None:
    """STREAM-1"""
    host, plugin = connected_pair()
    call, asked = open_call(host, plugin, window=1_000)
    arrived = host.hear(send_items(plugin, asked, "a", "b"))
    assert isinstance(arrived, Arrived)
    assert arrived.call is call
    assert codec.decode_items(COUNT, arrived.items) == ["a", "b"]


def test_request_announces_the_window_that_both_sides_count_by() -> None:
    """STREAM-3: windows that the two sides do not agree on were a deadlock once."""
    host, plugin = connected_pair()
    _, asked = open_call(host, plugin, window=12_345)
    assert asked.window is not None
    assert asked.window.credit == 12_345


def test_credit_is_granted_as_items_are_consumed_and_both_sides_agree_on_it() -> None:
    """STREAM-2, STREAM-4"""
    host, plugin = connected_pair()
    call, asked = open_call(host, plugin, window=100)
    batch = send_items(plugin, asked, "x" * 200)
    host.hear(batch)
    assert asked.window is not None
    assert not asked.window.is_open

    granted = plugin.hear(host.consume(call, codec.cost_of_items(codec.encode(["x" * 200]))))

    assert isinstance(granted, Granted)
    assert granted.asked is asked
    assert asked.window.credit == 100


def test_items_beyond_the_credit_end_the_connection() -> None:
    """STREAM-3"""
    host, plugin = connected_pair()
    _, asked = open_call(host, plugin, window=1)
    host.hear(send_items(plugin, asked, "a"))
    with pytest.raises(CreditExceeded):
        host.hear(send_items(plugin, asked, "b"))


def test_empty_batches_cost_something() -> None:
    """STREAM-2: a flood of nothing is bounded, too."""
    host, plugin = connected_pair()
    _, asked = open_call(host, plugin, window=65 * 3)
    for _ in range(3):
        host.hear(send_items(plugin, asked))
    with pytest.raises(CreditExceeded):
        host.hear(send_items(plugin, asked))


def test_items_that_are_no_array_are_refused() -> None:
    """STREAM-5"""
    host, plugin = connected_pair()
    _, asked = open_call(host, plugin, window=1_000)
    with pytest.raises(UnexpectedMessage) as caught:
        host.hear(connection.items(asked.id, codec.encode("abc")))
    assert caught.value.rule == "STREAM-5"


def test_cancelled_call_stays_open_until_it_is_answered() -> None:
    """CANCEL-1, CANCEL-2"""
    host, plugin = connected_pair()
    call, asked = open_call(host, plugin)

    event = plugin.hear(host.cancel(call))

    assert isinstance(event, CancelAsked)
    assert event.asked is asked
    assert asked.is_cancelled
    assert call.state is CallState.CANCELLING
    assert host.cancel(call) is None
    plugin.answer(asked.id)
    assert host.hear(connection.failure(asked.id, CallFailed(ErrorCode.CANCELLED, "cancelled"))) is call
    assert host.cancel(call) is None


def test_late_item_of_a_cancelled_stream_is_dropped_and_still_counted() -> None:
    """CANCEL-3, CANCEL-5"""
    host, plugin = connected_pair()
    call, asked = open_call(host, plugin, window=1)
    late = send_items(plugin, asked, "too late")
    plugin.hear(host.cancel(call))

    assert host.hear(late) is None
    assert host.consume(call, 1_000) is None
    with pytest.raises(CreditExceeded):
        host.hear(send_items(plugin, asked, "without credit"))


def test_second_cancel_and_one_that_crosses_the_answer_mean_nothing() -> None:
    """CANCEL-4"""
    host, plugin = connected_pair()
    call, asked = open_call(host, plugin)
    cancel = host.cancel(call)
    assert isinstance(plugin.hear(cancel), CancelAsked)
    assert plugin.hear(cancel) is None
    plugin.answer_with(asked.id, Text())
    assert plugin.hear(cancel) is None


def test_cancel_of_a_refused_request_means_nothing() -> None:
    """CANCEL-4: its failure is on its way."""
    host, plugin = connected_pair()
    call = Call(methods.Method("no/such", "both", Text, Text))
    assert isinstance(plugin.hear(host.request(call, Text())), Refused)
    assert plugin.hear(host.cancel(call)) is None


def test_notification_is_told_with_its_method() -> None:
    _host, plugin = connected_pair()
    told = plugin.hear(connection.notification(TELL, Text(text="x")))
    assert isinstance(told, Notified)
    assert told.method is TELL
    assert codec.decode_params(TELL, told.params) == Text(text="x")


def test_notification_that_nobody_knows_is_ignored_also_before_initialize() -> None:
    """COMPAT-3"""
    fresh = Side("plugin", TABLE)
    assert fresh.hear(connection.notification(methods.Method("new/thing", "both", Text, None), Text())) is None


def test_real_table_is_the_default() -> None:
    assert set(Connection("host")._table) == set(METHODS)
