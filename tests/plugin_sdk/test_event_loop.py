"""All async code of a plugin runs on one loop, and what waits for it can be cancelled."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

import pytest
from innkeeper_protocol.errors import CallCancelled
from innkeeper_sdk.event_loop import WAITING_ITEMS, EventLoop


class FakeCall:
    """A call that can be cancelled, as the event loop sees one."""

    def __init__(self) -> None:
        self.callbacks: list[Callable[[], None]] = []
        self.registered = threading.Event()
        self.cancelled = False

    def on_cancel(self, callback: Callable[[], None]) -> None:
        self.callbacks.append(callback)
        self.registered.set()

    def cancel(self) -> None:
        assert self.registered.wait(10)
        self.cancelled = True
        for callback in self.callbacks:
            callback()


@pytest.fixture
def loop():  # type: ignore[no-untyped-def]
    event_loop = EventLoop()
    yield event_loop
    event_loop.close()


async def running_loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


def test_two_calls_share_one_loop(loop: EventLoop) -> None:
    """A toolbox opens its session in one call and uses it in the next: sessions belong to their loop."""
    assert loop.run(running_loop()) is loop.run(running_loop())


def test_caller_of_run_may_use_asyncio_itself(loop: EventLoop) -> None:
    loop.run(asyncio.sleep(0))
    assert asyncio.run(asyncio.sleep(0, "fine")) == "fine"


def test_exception_reaches_the_caller(loop: EventLoop) -> None:
    async def fails() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match=r"^no$"):
        loop.run(fails())


def test_items_arrive_in_order_and_their_generator_never_runs_far_ahead(loop: EventLoop) -> None:
    produced = 0

    async def numbers() -> AsyncIterator[int]:
        nonlocal produced
        for number in range(5 * WAITING_ITEMS):
            produced += 1
            yield number

    iterator = loop.iterate(numbers())
    assert next(iterator) == 0
    loop.run(asyncio.sleep(0))
    assert produced <= 2 * WAITING_ITEMS + 1
    assert [0, *iterator] == list(range(5 * WAITING_ITEMS))


def test_closing_the_iterator_closes_the_generator(loop: EventLoop) -> None:
    ended: list[str] = []

    async def endless() -> AsyncIterator[int]:
        try:
            while True:
                yield 1
                await asyncio.sleep(0)
        finally:
            ended.append("finally")

    iterator = loop.iterate(endless())
    next(iterator)
    iterator.close()  # type: ignore[attr-defined]
    assert ended == ["finally"]


def test_cancelled_call_ends_a_generator_that_waits(loop: EventLoop) -> None:
    ended: list[str] = []
    call = FakeCall()

    async def stuck() -> AsyncIterator[int]:
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            ended.append("finally")

    iterator = loop.iterate(stuck(), call)
    assert next(iterator) == 1
    threading.Thread(target=call.cancel).start()
    with pytest.raises(CallCancelled):
        next(iterator)
    assert ended == ["finally"]


def test_cancelled_call_ends_a_coroutine_that_waits(loop: EventLoop) -> None:
    call = FakeCall()
    threading.Thread(target=call.cancel).start()
    with pytest.raises(CallCancelled):
        loop.run(asyncio.Event().wait(), call)


def test_streams_run_beside_each_other(loop: EventLoop) -> None:
    """Each generator waits for the other's first step: with one after the other, neither would end."""
    first, second = asyncio.Event(), asyncio.Event()

    async def meets(own: asyncio.Event, other: asyncio.Event) -> AsyncIterator[str]:
        own.set()
        await asyncio.wait_for(other.wait(), 10)
        yield "met"

    results: list[list[str]] = []
    threads = [
        threading.Thread(target=lambda pair=pair: results.append(list(loop.iterate(meets(*pair)))))
        for pair in ((first, second), (second, first))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert results == [["met"], ["met"]]


def test_close_ends_what_still_runs() -> None:
    loop = EventLoop()
    ended = threading.Event()

    async def holds() -> AsyncIterator[int]:
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            ended.set()

    iterator = loop.iterate(holds())
    next(iterator)
    loop.close()
    assert ended.is_set()
