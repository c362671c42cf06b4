"""Calls between two running peers, over every kind of link."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from innkeeper_protocol import methods
from innkeeper_protocol.errors import (
    CallCancelled,
    CallFailed,
    CallTimedOut,
    ConnectionLost,
    ErrorCode,
    MalformedResult,
)
from innkeeper_protocol.methods import Method
from innkeeper_protocol.payloads.base import Nothing
from innkeeper_protocol.peer import IncomingCall

from .pairs import BOUND_S, COUNT, ECHO, TELL, WAIT, Background, Gate, Links, Text, peers


def test_call_returns_what_the_handler_returned(links: Links) -> None:
    with peers(links) as pair:
        assert pair.host.call(ECHO, Text(text="hi", data=b"\xff")) == Text(text="hi", data=b"\xff")


def test_plugin_that_serves_may_also_call_from_a_thread_of_its_own(links: Links) -> None:
    """BELL-2: the host, which waits for nothing, must be rung."""
    with peers(links) as pair:
        assert Background(lambda: pair.plugin.call(ECHO, Text(text="hi"))).join() == Text(text="hi")


def test_both_sides_call_from_inside_a_handler(links: Links) -> None:
    """CALL-4: who waits for an answer still answers."""

    def ask_back(params: Text, call: IncomingCall) -> Text:
        depth = int(params.text)
        return params if depth == 0 else call.peer.call(WAIT, Text(text=str(depth - 1)))

    with peers(links, host={WAIT.name: ask_back}, plugin={WAIT.name: ask_back}) as pair:
        assert pair.host.call(WAIT, Text(text="15"), timeout_s=BOUND_S) == Text(text="0")


def test_second_call_is_answered_while_a_handler_blocks(links: Links) -> None:
    """CALL-4, BELL-2: a busy handler makes nobody deaf. A request queued behind it was a deadlock once."""
    gate = Gate()
    with peers(links, plugin={WAIT.name: gate}) as pair:
        first = Background(lambda: pair.host.call(WAIT, Text(text="first")))
        gate.wait_until_entered()
        assert [pair.host.call(ECHO, Text(text=str(n)), timeout_s=BOUND_S).text for n in range(3)] == ["0", "1", "2"]
        gate.open()
        assert first.join() == Text(text="first")


def test_calls_are_answered_while_many_handlers_block_on_both_sides(links: Links) -> None:
    """CALL-4"""
    gate = Gate()
    with peers(links, host={WAIT.name: gate}, plugin={WAIT.name: gate}) as pair:
        sides = [pair.host, pair.plugin] * 10
        blocked = [
            Background(lambda side=side, n=n: side.call(WAIT, Text(text=str(n)))) for n, side in enumerate(sides)
        ]
        for _ in blocked:
            gate.wait_until_entered()
        for side in (pair.host, pair.plugin):
            assert side.call(ECHO, Text(text="on"), timeout_s=BOUND_S) == Text(text="on")
        gate.open()
        assert [call.join().text for call in blocked] == [str(n) for n in range(20)]


def test_more_calls_than_may_be_open_are_busy_and_the_others_go_on() -> None:
    """CALL-7"""
    gate = Gate()
    with peers(plugin={WAIT.name: gate}) as pair:
        streams = [pair.host.open_stream(WAIT, Text(text=str(n))) for n in range(256)]
        with pytest.raises(CallFailed) as caught:
            pair.host.call(ECHO, Text(), timeout_s=BOUND_S)
        assert caught.value.code == ErrorCode.BUSY
        gate.open()
        assert [stream.result(timeout_s=BOUND_S).text for stream in streams] == [str(n) for n in range(256)]
        assert pair.host.call(ECHO, Text(text="again"), timeout_s=BOUND_S) == Text(text="again")


def test_failure_of_a_handler_has_its_code_message_and_data(links: Links) -> None:
    """ERR-2"""

    def fail(params: Text, call: IncomingCall) -> Text:
        raise CallFailed(ErrorCode.NEEDS_KEY, "no key for x", {"name": "x"})

    with peers(links, plugin={WAIT.name: fail}) as pair, pytest.raises(CallFailed) as caught:
        pair.host.call(WAIT, Text())
    assert (caught.value.code, caught.value.message, caught.value.data) == (12, "no key for x", {"name": "x"})


@pytest.mark.parametrize(
    ("raised", "code", "message"),
    [
        (ValueError("bad"), ErrorCode.PLUGIN_EXCEPTION, "ValueError: bad"),
        (KeyError(), ErrorCode.PLUGIN_EXCEPTION, "KeyError"),
        (SystemExit(3), ErrorCode.PLUGIN_EXCEPTION, "SystemExit: 3"),
        (
            CallFailed(10**30, "a code that msgpack cannot hold"),
            ErrorCode.INTERNAL_ERROR,
            "a code that msgpack cannot hold",
        ),
        (CallFailed(11, "half a pair: \ud800"), ErrorCode.INTERNAL_ERROR, "half a pair: ?"),
        (CallFailed(11, "data", object()), ErrorCode.INTERNAL_ERROR, "data"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_whatever_a_handler_raises_is_one_failure_and_the_connection_goes_on(
    raised: BaseException, code: int, message: str
) -> None:
    """ERR-2, ERR-3"""

    def fail(params: Text, call: IncomingCall) -> Text:
        raise raised

    with peers(plugin={WAIT.name: fail}) as pair:
        with pytest.raises(CallFailed) as caught:
            pair.host.call(WAIT, Text(), timeout_s=BOUND_S)
        assert (caught.value.code, caught.value.message) == (code, message)
        assert pair.host.call(ECHO, Text(text="on"), timeout_s=BOUND_S) == Text(text="on")


def test_describer_decides_what_an_exception_becomes_and_may_fail_itself() -> None:
    """ERR-2: a failure of the describer leaves no call unanswered."""

    def describe(error: BaseException) -> CallFailed:
        if isinstance(error, ValueError):
            return CallFailed(ErrorCode.MODEL_ERROR, "plainly said")
        raise RuntimeError("no words")

    def fail(params: Text, call: IncomingCall) -> Text:
        raise ValueError if params.text == "value" else KeyError

    with peers(plugin={WAIT.name: fail}, plugin_options={"describe_error": describe}) as pair:
        with pytest.raises(CallFailed) as caught:
            pair.host.call(WAIT, Text(text="value"), timeout_s=BOUND_S)
        assert (caught.value.code, caught.value.message) == (ErrorCode.MODEL_ERROR, "plainly said")
        with pytest.raises(CallFailed) as caught:
            pair.host.call(WAIT, Text(text="key"), timeout_s=BOUND_S)
        assert caught.value.code == ErrorCode.INTERNAL_ERROR


def test_result_that_cannot_be_sent_is_a_failure() -> None:
    """ERR-4"""
    results: list[Any] = [object(), Text(data=bytes(200_000))]
    with peers(
        plugin={WAIT.name: lambda params, call: results[int(params.text)]}, host_options={"max_frame_bytes": 100_000}
    ) as pair:
        for which, code in enumerate([ErrorCode.INTERNAL_ERROR, ErrorCode.TOO_LARGE]):
            with pytest.raises(CallFailed) as caught:
                pair.host.call(WAIT, Text(text=str(which)), timeout_s=BOUND_S)
            assert caught.value.code == code
        assert pair.host.call(ECHO, Text(text="on"), timeout_s=BOUND_S) == Text(text="on")


def test_failure_that_does_not_fit_a_frame_is_shortened() -> None:
    """ERR-4"""

    def fail(params: Text, call: IncomingCall) -> Text:
        raise CallFailed(ErrorCode.MODEL_ERROR, "word " * 100_000, ["data"])

    with peers(plugin={WAIT.name: fail}, host_options={"max_frame_bytes": 100_000}) as pair:
        with pytest.raises(CallFailed) as caught:
            pair.host.call(WAIT, Text(), timeout_s=BOUND_S)
        assert caught.value.code == ErrorCode.MODEL_ERROR
        assert caught.value.message == "word " * 200
        assert caught.value.data is None


def test_params_too_large_for_the_other_side_fail_before_they_are_sent() -> None:
    """INIT-4"""
    with peers(plugin_options={"max_frame_bytes": 100_000}) as pair:
        with pytest.raises(CallFailed) as caught:
            pair.host.call(ECHO, Text(data=bytes(100_000)), timeout_s=BOUND_S)
        assert caught.value.code == ErrorCode.TOO_LARGE
        assert pair.host.call(ECHO, Text(data=bytes(90_000)), timeout_s=BOUND_S) == Text(data=bytes(90_000))


def test_largest_frame_that_is_allowed_goes_through(links: Links) -> None:
    """FRAME-3"""
    envelope = 100
    content = Text(data=bytes(16 * 1024 * 1024 - envelope))
    with peers(links) as pair:
        assert pair.host.call(ECHO, content, timeout_s=BOUND_S) == content


def test_result_of_the_wrong_type_fails_the_call_and_not_the_connection() -> None:
    """MSG-7"""
    numbers = Method("test/echo", "both", Text, Nothing)
    answer: Method[Any, Any] = Method("test/wait", "both", Text, int)
    with peers(plugin={WAIT.name: lambda params, call: {"text": 5}}) as pair:
        with pytest.raises(MalformedResult):
            pair.host.call(WAIT, Text(), timeout_s=BOUND_S)
        with pytest.raises(MalformedResult):
            pair.host.call(answer, Text(), timeout_s=BOUND_S)
        assert pair.host.call(numbers, Text(text="ignored"), timeout_s=BOUND_S) == Nothing()


def test_params_of_the_wrong_type_are_answered_and_the_handler_never_sees_them() -> None:
    """MSG-7"""
    wrong: Method[Any, Any] = Method("test/echo", "both", dict, Text)
    with peers() as pair:
        with pytest.raises(CallFailed) as caught:
            pair.host.call(wrong, {"text": 5}, timeout_s=BOUND_S)
        assert caught.value.code == ErrorCode.INVALID_PARAMS


def test_method_of_the_table_without_a_handler_is_not_found() -> None:
    """CALL-5"""
    with peers() as pair:
        with pytest.raises(CallFailed) as caught:
            pair.host.call(methods.DESCRIBE, Nothing(), timeout_s=BOUND_S)
        assert caught.value.code == ErrorCode.METHOD_NOT_FOUND


def test_call_that_takes_too_long_times_out_and_the_connection_goes_on(links: Links) -> None:
    release = threading.Event()

    def wait(params: Text, call: IncomingCall) -> Text:
        call.on_cancel(release.set)
        assert release.wait(BOUND_S)
        return params

    with peers(links, plugin={WAIT.name: wait}) as pair:
        with pytest.raises(CallTimedOut):
            pair.host.call(WAIT, Text(), timeout_s=0.02)
        assert release.wait(BOUND_S)
        assert pair.host.call(ECHO, Text(text="on"), timeout_s=BOUND_S) == Text(text="on")


def test_late_answer_of_a_call_that_timed_out_is_dropped() -> None:
    """CANCEL-2: it is answered all the same."""
    gate = Gate()
    with peers(plugin={WAIT.name: gate}) as pair:
        with pytest.raises(CallTimedOut):
            pair.host.call(WAIT, Text(text="late"), timeout_s=0.02)
        gate.open()
        assert [pair.host.call(ECHO, Text(text=str(n)), timeout_s=BOUND_S).text for n in range(5)] == list("01234")
        assert not pair.host.closed


def test_follower_times_out_while_another_thread_reads() -> None:
    gate = Gate()
    with peers(plugin={WAIT.name: gate}) as pair:
        leader = Background(lambda: pair.host.call(WAIT, Text(text="leads")))
        gate.wait_until_entered()
        with pytest.raises(CallTimedOut):
            pair.host.call(WAIT, Text(text="follows"), timeout_s=0.02)
        gate.open()
        assert leader.join() == Text(text="leads")


def test_notification_has_its_effect_before_a_later_answer(links: Links) -> None:
    """CALL-6"""
    told: list[str] = []

    def tell_and_answer(params: Text, call: IncomingCall) -> Text:
        for number in range(5):
            call.peer.notify(TELL, Text(text=str(number)))
        return params

    with peers(
        links,
        plugin={WAIT.name: tell_and_answer},
        host_options={"on_notification": lambda method, params: told.append(params.text)},
    ) as pair:
        pair.host.call(WAIT, Text(), timeout_s=BOUND_S)
        assert told == list("01234")


def test_notification_reaches_a_side_that_waits_for_nothing(links: Links) -> None:
    """BELL-2"""
    told = threading.Event()
    with peers(links, host_options={"on_notification": lambda method, params: told.set()}) as pair:
        pair.plugin.notify(TELL, Text())
        assert told.wait(BOUND_S)


def test_cancelled_handler_that_raises_so_is_a_cancelled_call() -> None:
    def give_up(params: Text, call: IncomingCall) -> Text:
        raise CallCancelled

    with peers(plugin={WAIT.name: give_up}) as pair, pytest.raises(CallCancelled):
        pair.host.call(WAIT, Text(), timeout_s=BOUND_S)


def test_errors_of_two_callers_are_two_objects() -> None:
    """A shared one would collect the tracebacks of all threads that raise it."""
    gate = Gate()
    raised: list[ConnectionLost] = []
    with peers(plugin={WAIT.name: gate}) as pair:
        calls = [Background(lambda: pair.host.call(WAIT, Text())) for _ in range(2)]
        for _ in calls:
            gate.wait_until_entered()
        pair.host.close()
        for call in calls:
            with pytest.raises(ConnectionLost) as caught:
                call.join()
            raised.append(caught.value)
        gate.open()
    assert raised[0] is not raised[1]
    assert raised[0].reason == raised[1].reason == "this side closed the connection"


def test_unused_stream_items_of_a_plain_call_are_not_sent() -> None:
    """STREAM-1: a handler that streams may be called either way."""

    def count(params: Text, call: IncomingCall) -> Text:
        call.send_item("dropped")
        call.send_items(str(number) for number in range(1_000))
        return params

    with peers(plugin={COUNT.name: count}) as pair:
        assert pair.host.call(COUNT, Text(text="done"), timeout_s=BOUND_S) == Text(text="done")
