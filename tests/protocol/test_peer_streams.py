"""Streams between two running peers: order, batches, back-pressure, cancel."""

from __future__ import annotations

import gc
import itertools
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from innkeeper_protocol.errors import (
    CallCancelled,
    CallFailed,
    CallTimedOut,
    ConnectionLost,
    ErrorCode,
    MalformedResult,
)
from innkeeper_protocol.methods import Method
from innkeeper_protocol.peer import IncomingCall

from .pairs import BOUND_S, COUNT, ECHO, WAIT, Background, Links, Text, peers


class Producer:
    """A handler that streams numbered items of *size* characters, for ever; it says what became of it."""

    def __init__(self, size: int = 1_000) -> None:
        self.sent = 0
        self.ended: Exception | None = None
        self.has_ended = threading.Event()
        self._size = size

    def __call__(self, params: Text, call: IncomingCall) -> Text:
        try:
            call.send_items(self._items())
        except Exception as error:
            self.ended = error
            raise
        finally:
            self.has_ended.set()
        return params

    def _items(self) -> Iterator[str]:
        for number in itertools.count():
            self.sent = number
            yield f"{number:0{self._size}}"


def test_stream_brings_every_item_in_order_and_then_the_answer(links: Links) -> None:
    """STREAM-5, CALL-6"""

    def count(params: Text, call: IncomingCall) -> Text:
        call.send_item("first")
        call.send_items(str(number) for number in range(50_000))
        call.send_item(Text(text="last"))
        return Text(text="done")

    with peers(links, plugin={COUNT.name: count}) as pair, pair.host.open_stream(COUNT, Text()) as stream:
        items: list[Any] = list(stream)
        assert items == ["first", *map(str, range(50_000)), Text(text="last")]
        assert stream.result() == Text(text="done")


def test_host_streams_to_its_plugin_as_well(links: Links) -> None:
    def count(params: Text, call: IncomingCall) -> Text:
        call.send_items(str(number) for number in range(10_000))
        return params

    with peers(links, host={COUNT.name: count}) as pair:
        stream = pair.plugin.open_stream(COUNT, Text(text="done"))
        assert Background(lambda: (list(stream), stream.result())).join() == (
            [*map(str, range(10_000))],
            Text(text="done"),
        )


def test_first_item_is_there_before_the_handler_makes_the_second(links: Links) -> None:
    """STREAM-5: what a person sees first does not wait to be gathered."""
    taken = threading.Event()

    def count(params: Text, call: IncomingCall) -> Text:
        for number in range(20):
            call.send_item(str(number))
            assert taken.wait(BOUND_S)
            taken.clear()
        return params

    with peers(links, plugin={COUNT.name: count}) as pair, pair.host.open_stream(COUNT, Text()) as stream:
        for number in range(20):
            assert next(stream) == str(number)
            taken.set()
        assert stream.result(timeout_s=BOUND_S) == Text()


def test_items_gathered_when_the_handler_pauses_are_sent_by_themselves(links: Links) -> None:
    """A burst is gathered; its rest must not wait for the next item."""
    seen = threading.Event()

    def count(params: Text, call: IncomingCall) -> Text:
        for number in range(100):
            call.send_item(str(number))
        assert seen.wait(BOUND_S)
        return params

    with peers(links, plugin={COUNT.name: count}) as pair, pair.host.open_stream(COUNT, Text()) as stream:
        assert [next(stream) for _ in range(100)] == [*map(str, range(100))]
        seen.set()
        assert stream.result(timeout_s=BOUND_S) == Text()


def test_batches_are_the_items_as_they_came() -> None:
    def count(params: Text, call: IncomingCall) -> Text:
        call.send_items(str(number) for number in range(1_000))
        return params

    with peers(plugin={COUNT.name: count}) as pair, pair.host.open_stream(COUNT, Text()) as stream:
        batches = list(stream.batches())
        assert [*itertools.chain(*batches)] == [*map(str, range(1_000))]
        assert len(batches) < 1_000


@settings(max_examples=20, deadline=None)
@given(
    st.integers(1, 3_000),
    st.lists(st.one_of(st.text(max_size=300), st.builds(Text, text=st.text(max_size=50))), max_size=60),
)
def test_any_items_come_through_any_window(window: int, items: list[Any]) -> None:
    """STREAM-3, STREAM-4"""

    def send(params: Text, call: IncomingCall) -> Text:
        call.send_items(items)
        return params

    with (
        peers(plugin={COUNT.name: send}, host_options={"window_bytes": window}) as pair,
        pair.host.open_stream(COUNT, Text(text="done"), timeout_s=BOUND_S) as stream,
    ):
        assert list(stream) == items
        assert stream.result() == Text(text="done")


def test_stalled_reader_stops_the_producer_and_nothing_else(links: Links) -> None:
    """STREAM-7: the producer is ahead by the window and what it gathers, however long nobody takes its items."""
    producer = Producer(size=1_000)
    with peers(links, plugin={COUNT.name: producer}) as pair:
        stream = pair.host.open_stream(COUNT, Text(), timeout_s=BOUND_S)
        first = next(stream)
        assert int(first) == 0
        ahead = -1
        while producer.sent != ahead:
            ahead = producer.sent
            answers = [pair.host.call(ECHO, Text(text=str(n)), timeout_s=BOUND_S).text for n in range(200)]
            assert answers == [str(n) for n in range(200)]
        assert ahead * 1_000 < 128 * 1024 + 2 * 64 * 1024
        assert [int(next(stream)) for _ in range(5_000)] == [*range(1, 5_001)]
        stream.close()
        assert producer.has_ended.wait(BOUND_S)


def test_two_streams_one_of_them_stalled(links: Links) -> None:
    """STREAM-7"""
    stalled, flowing = Producer(), Producer()

    def choose(params: Text, call: IncomingCall) -> Text:
        return (stalled if params.text == "stalled" else flowing)(params, call)

    with peers(links, plugin={COUNT.name: choose}) as pair:
        with (
            pair.host.open_stream(COUNT, Text(text="stalled"), timeout_s=BOUND_S) as first,
            pair.host.open_stream(COUNT, Text(text="flowing"), timeout_s=BOUND_S) as second,
        ):
            assert int(next(first)) == 0
            assert [int(next(second)) for _ in range(3_000)] == [*range(3_000)]
        assert stalled.has_ended.wait(BOUND_S)
        assert flowing.has_ended.wait(BOUND_S)


def test_cancel_frees_a_producer_that_waits_for_credit(links: Links) -> None:
    """CANCEL-2: also one that is the reader of its side."""
    producer = Producer()
    with peers(links, plugin={COUNT.name: producer}, host_options={"window_bytes": 100}) as pair:
        stream = pair.host.open_stream(COUNT, Text(), timeout_s=BOUND_S)
        next(stream)
        stream.cancel()
        with pytest.raises(CallCancelled):
            stream.result(timeout_s=BOUND_S)
        assert producer.has_ended.wait(BOUND_S)
        assert isinstance(producer.ended, CallCancelled)


def test_cancel_stops_a_producer_in_full_flow(links: Links) -> None:
    """CANCEL-2, CANCEL-3"""
    producer = Producer(size=10)
    with peers(links, plugin={COUNT.name: producer}) as pair:
        with pair.host.open_stream(COUNT, Text(), timeout_s=BOUND_S) as stream:
            assert [int(next(stream)) for _ in range(1_000)] == [*range(1_000)]
        assert producer.has_ended.wait(BOUND_S)
        with pytest.raises(CallCancelled):
            stream.result(timeout_s=BOUND_S)
        assert pair.host.call(ECHO, Text(text="on"), timeout_s=BOUND_S) == Text(text="on")


def test_cancel_from_another_thread_ends_the_wait_for_an_item(links: Links) -> None:
    def wait(params: Text, call: IncomingCall) -> Text:
        cancelled = threading.Event()
        call.on_cancel(cancelled.set)
        assert cancelled.wait(BOUND_S)
        raise CallCancelled

    with peers(links, plugin={COUNT.name: wait}) as pair:
        stream = pair.host.open_stream(COUNT, Text())
        reading = Background(lambda: list(stream))
        stream.cancel()
        with pytest.raises(CallCancelled):
            reading.join()


def test_leaving_a_stream_early_cancels_it_and_its_items_are_dropped() -> None:
    producer = Producer()
    with peers(plugin={COUNT.name: producer}) as pair:
        for item in pair.host.open_stream(COUNT, Text()):
            assert int(item) == 0
            break
        with pair.host.open_stream(COUNT, Text()) as stream:
            pass
        with pytest.raises(CallCancelled):
            list(stream)


def test_items_before_a_failure_are_delivered_first(links: Links) -> None:
    """CALL-6"""

    def fail(params: Text, call: IncomingCall) -> Text:
        call.send_items(["one", "two"])
        raise CallFailed(ErrorCode.MODEL_ERROR, "out of words")

    with peers(links, plugin={COUNT.name: fail}) as pair:
        stream = pair.host.open_stream(COUNT, Text(), timeout_s=BOUND_S)
        assert [next(stream), next(stream)] == ["one", "two"]
        with pytest.raises(CallFailed, match="out of words"):
            next(stream)


def test_result_of_a_stream_drops_the_items_nobody_took() -> None:
    def count(params: Text, call: IncomingCall) -> Text:
        call.send_items(str(number) for number in range(100_000))
        return params

    with peers(plugin={COUNT.name: count}, host_options={"window_bytes": 1_000}) as pair:
        assert pair.host.open_stream(COUNT, Text(text="done")).result(timeout_s=BOUND_S) == Text(text="done")


def test_next_item_that_is_late_times_out_and_cancels_the_stream() -> None:
    producer_ended = threading.Event()

    def pause(params: Text, call: IncomingCall) -> Text:
        call.send_item("one")
        call.on_cancel(producer_ended.set)
        assert producer_ended.wait(BOUND_S)
        return params

    with peers(plugin={COUNT.name: pause}) as pair:
        stream = pair.host.open_stream(COUNT, Text(), timeout_s=0.05)
        assert next(stream) == "one"
        with pytest.raises(CallTimedOut):
            next(stream)
        assert producer_ended.wait(BOUND_S)


def test_item_of_the_wrong_type_fails_its_stream_only() -> None:
    """MSG-7"""
    producer_ended = threading.Event()

    def send(params: Text, call: IncomingCall) -> Text:
        call.on_cancel(producer_ended.set)
        call.send_item(5)
        assert producer_ended.wait(BOUND_S)
        return params

    with peers(plugin={COUNT.name: send}) as pair:
        stream = pair.host.open_stream(COUNT, Text(), timeout_s=BOUND_S)
        with pytest.raises(MalformedResult):
            next(stream)
        assert producer_ended.wait(BOUND_S)
        assert pair.host.call(ECHO, Text(text="on"), timeout_s=BOUND_S) == Text(text="on")


def test_items_that_are_too_many_for_one_frame_are_sent_in_several() -> None:
    """STREAM-3: within the credit; 4 bytes a character are more than the frame limit for what has gathered."""
    item = "🦩" * 100

    def send(params: Text, call: IncomingCall) -> Text:
        call.send_items(itertools.repeat(item, 2_000))
        return params

    with peers(plugin={COUNT.name: send}, host_options={"max_frame_bytes": 65_536}) as pair:
        stream = pair.host.open_stream(COUNT, Text(), timeout_s=BOUND_S)
        assert list(stream) == [item] * 2_000


def test_large_items_among_small_ones_keep_their_order_and_the_credit() -> None:
    """STREAM-3: an item larger than the whole window gets through."""
    items = [str(n) if n % 50 else f"{n}" * 100_000 for n in range(500)]

    def send(params: Text, call: IncomingCall) -> Text:
        call.send_items(items)
        return params

    with peers(plugin={COUNT.name: send}, host_options={"window_bytes": 4_000}) as pair:
        assert list(pair.host.open_stream(COUNT, Text(), timeout_s=BOUND_S)) == items


def test_item_too_large_for_any_frame_fails_the_call() -> None:
    def send(params: Text, call: IncomingCall) -> Text:
        call.send_items(["small", "x" * 70_000])
        return params

    with peers(plugin={COUNT.name: send}, host_options={"max_frame_bytes": 65_536}) as pair:
        stream = pair.host.open_stream(COUNT, Text(), timeout_s=BOUND_S)
        assert next(stream) == "small"
        with pytest.raises(CallFailed) as caught:
            stream.result(timeout_s=BOUND_S)
        assert caught.value.code == ErrorCode.TOO_LARGE


@pytest.mark.parametrize("item", [object(), "\ud800"], ids=["object", "surrogate"])
def test_item_that_cannot_be_encoded_fails_the_call_once(item: Any) -> None:
    def send(params: Text, call: IncomingCall) -> Text:
        call.send_items([*map(str, range(100)), item])
        return params

    with peers(plugin={COUNT.name: send}) as pair:
        stream = pair.host.open_stream(COUNT, Text(), timeout_s=BOUND_S)
        with pytest.raises(CallFailed) as caught:
            stream.result(timeout_s=BOUND_S)
        assert caught.value.code == ErrorCode.PLUGIN_EXCEPTION
        assert pair.host.call(ECHO, Text(text="on"), timeout_s=BOUND_S) == Text(text="on")


def test_answer_never_overtakes_the_last_items() -> None:
    """CALL-6: the flusher may be sending them just when the handler returns."""

    def send(params: Text, call: IncomingCall) -> Text:
        for number in range(40):
            call.send_item(str(number))
        return params

    with peers(plugin={COUNT.name: send}) as pair:
        for _ in range(300):
            stream = pair.host.open_stream(COUNT, Text(), timeout_s=BOUND_S)
            assert list(stream) == [*map(str, range(40))]
            assert stream.result() == Text()


def test_items_after_the_answer_are_the_handlers_mistake_and_never_sent() -> None:
    """STREAM-1"""
    kept: list[IncomingCall] = []

    def keep(params: Text, call: IncomingCall) -> Text:
        kept.append(call)
        call.send_item("in time")
        return params

    with peers(plugin={COUNT.name: keep}) as pair:
        assert list(pair.host.open_stream(COUNT, Text(), timeout_s=BOUND_S)) == ["in time"]
        with pytest.raises(RuntimeError, match="answered"):
            kept[0].send_items(str(number) for number in range(100_000))
        assert pair.host.call(ECHO, Text(text="on"), timeout_s=BOUND_S) == Text(text="on")


def test_several_threads_of_one_handler_may_stream() -> None:
    def send(params: Text, call: IncomingCall) -> Text:
        threads = [Background(lambda n=n: call.send_items([f"{n}"] * 1_000)) for n in range(4)]
        for thread in threads:
            thread.join()
        return params

    with peers(plugin={COUNT.name: send}, host_options={"window_bytes": 2_000}) as pair:
        items = list(pair.host.open_stream(COUNT, Text(), timeout_s=BOUND_S))
        assert {item: items.count(item) for item in set(items)} == {str(n): 1_000 for n in range(4)}


def test_calls_back_between_items(links: Links) -> None:
    """BELL-2: between the items of a stream the host may be anywhere, and must be rung."""

    def ask_between(params: Text, call: IncomingCall) -> Text:
        for number in range(20):
            call.send_item(call.peer.call(WAIT, Text(text=str(number)), timeout_s=BOUND_S).text)
        return params

    with peers(links, host={WAIT.name: lambda params, call: params}, plugin={COUNT.name: ask_between}) as pair:
        stream = pair.host.open_stream(COUNT, Text(text="done"), timeout_s=BOUND_S)
        assert Background(lambda: stream.result(timeout_s=BOUND_S)).join() == Text(text="done")


def test_host_that_takes_no_item_still_answers_the_streaming_plugin(links: Links) -> None:
    """BELL-2"""
    asked = threading.Event()

    def ask(params: Text, call: IncomingCall) -> Text:
        call.send_item("one")
        call.peer.call(WAIT, Text(), timeout_s=BOUND_S)
        asked.set()
        return params

    with peers(links, host={WAIT.name: lambda params, call: params}, plugin={COUNT.name: ask}) as pair:
        stream = pair.host.open_stream(COUNT, Text(), timeout_s=BOUND_S)
        assert asked.wait(BOUND_S)
        assert list(stream) == ["one"]


def test_stream_of_a_connection_that_ends_raises_and_says_why() -> None:
    """CALL-8"""
    producer = Producer()
    with peers(plugin={COUNT.name: producer}) as pair:
        stream = pair.host.open_stream(COUNT, Text())
        next(stream)
        pair.plugin.close()
        with pytest.raises(ConnectionLost):
            list(stream)
        assert producer.has_ended.wait(BOUND_S)
        assert isinstance(producer.ended, ConnectionLost)


def test_method_without_item_type_streams_text_only() -> None:
    texts: Method[Text, Text] = Method("test/wait", "both", Text, Text)

    def send(params: Text, call: IncomingCall) -> Text:
        call.send_items(["a", "b"])
        return params

    with peers(plugin={WAIT.name: send}) as pair:
        assert list(pair.host.open_stream(texts, Text(), timeout_s=BOUND_S)) == ["a", "b"]


def test_stream_that_nobody_iterates_is_gone_with_its_answer(links: Links) -> None:
    """The answer may be megabytes; it does not wait for the collector of cycles."""
    with peers(links) as pair:
        stream = pair.host.open_stream(ECHO, Text(text="large"))
        assert stream.result() == Text(text="large")
        gone = weakref.ref(stream)
        gc.disable()
        try:
            del stream
            assert gone() is None
        finally:
            gc.enable()
