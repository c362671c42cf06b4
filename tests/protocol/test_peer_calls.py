"""Calls between two running peers, over every kind of link."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from innkeeper_protocol.errors import CallFailed, CallTimedOut, ErrorCode
from innkeeper_protocol.link import Link
from innkeeper_protocol.peer import IncomingCall

from .pairs import BOUND_S, COUNT, ECHO, LINKS, WAIT, Background, Text, peers

Links = Callable[[], tuple[Link, Link]]


@pytest.fixture(params=LINKS.values(), ids=LINKS.keys())
def links(request: pytest.FixtureRequest) -> Links:
    made: Links = request.param
    return made


def test_call_returns_what_the_handler_returned(links: Links) -> None:
    with peers(links) as pair:
        assert pair.host.call(ECHO, Text(text="hi", data=b"\xff")) == Text(text="hi", data=b"\xff")


def test_both_sides_call_from_inside_a_handler(links: Links) -> None:
    def ask_back(params: Text, call: IncomingCall) -> Text:
        depth = int(params.text)
        return params if depth == 0 else call.peer.call(WAIT, Text(text=str(depth - 1)))

    with peers(links, host={WAIT.name: ask_back}, plugin={WAIT.name: ask_back}) as pair:
        assert pair.host.call(WAIT, Text(text="7"), timeout_s=BOUND_S) == Text(text="0")


def test_second_call_is_answered_while_a_handler_blocks(links: Links) -> None:
    """CALL-4, BELL-2: a busy handler makes nobody deaf."""
    entered, release = threading.Event(), threading.Event()

    def wait(params: Text, call: IncomingCall) -> Text:
        entered.set()
        assert release.wait(BOUND_S)
        return params

    with peers(links, plugin={WAIT.name: wait}) as pair:
        first = Background(lambda: pair.host.call(WAIT, Text(text="first")))
        assert entered.wait(BOUND_S)
        assert [pair.host.call(ECHO, Text(text=str(n)), timeout_s=BOUND_S).text for n in range(3)] == ["0", "1", "2"]
        release.set()
        assert first.join() == Text(text="first")


def test_stream_brings_every_item_in_order_and_then_the_answer(links: Links) -> None:
    def count(params: Text, call: IncomingCall) -> Text:
        call.send_item("first")
        call.send_items(str(number) for number in range(50_000))
        call.send_item(Text(text="last"))
        return Text(text="done")

    with peers(links, plugin={COUNT.name: count}) as pair, pair.host.open_stream(COUNT, Text()) as stream:
        items: list[Any] = list(stream)
        assert items == ["first", *map(str, range(50_000)), Text(text="last")]
        assert stream.result() == Text(text="done")


def test_failure_of_a_handler_has_its_code_message_and_data(links: Links) -> None:
    def fail(params: Text, call: IncomingCall) -> Text:
        raise CallFailed(ErrorCode.NEEDS_KEY, "no key for x", {"name": "x"})

    with peers(links, plugin={WAIT.name: fail}) as pair, pytest.raises(CallFailed) as caught:
        pair.host.call(WAIT, Text())
    assert (caught.value.code, caught.value.message, caught.value.data) == (12, "no key for x", {"name": "x"})


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
