"""The one event loop on which all of a plugin's async code runs, in a thread of its own.

One loop for the life of the process, and not ``asyncio.run`` for each call: a plugin keeps clients, sessions and locks
between calls (a toolbox opens its connection in ``prepare_async`` and uses it in every tool), and those belong to the
loop they were made on. It is a thread of its own so that sync plugin code, which runs on the threads of the peer,
never meets a running loop: it may call ``asyncio.run`` itself. What a stream costs by that hand-over is one wake-up
each time its reader has caught up, not one an item.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterable, Awaitable, Callable, Coroutine, Iterator
from typing import Any, Generic, Protocol, TypeVar

from innkeeper_protocol.errors import CallCancelled

T = TypeVar("T")

WAITING_ITEMS = 1024
"""Items of one stream that may wait for their reader before the generator is held: enough to hide a wake-up."""

CLOSING_S = 0.5
"""What tasks that are still running get to end when the process leaves, and the loop after them; the host's own grace
time is 2 s."""


class Cancellable(Protocol):
    """What can be cancelled from outside while it waits: an incoming call."""

    @property
    def cancelled(self) -> bool:
        """Whether the cancel came."""

    def on_cancel(self, callback: Callable[[], None], /) -> None:
        """Have *callback* called, from any thread, when the cancel comes; at once if it came already."""


class EventLoop:
    """A running asyncio loop. The thread starts with the first coroutine."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def run(self, awaitable: Awaitable[T], call: Cancellable | None = None) -> T:
        """Run *awaitable* to its end and return its result. A cancel of *call* cancels the task.

        Blocks. Raises what the awaitable raised, CallCancelled after a cancel.
        """
        finished = threading.Event()
        task = self._start(_awaiting(awaitable), lambda _task: finished.set())
        if call is not None:
            call.on_cancel(lambda: self._cancel(task))
        try:
            finished.wait()
        except BaseException:
            self._cancel(task)
            raise
        return _result(task, call)

    def iterate(self, items: AsyncIterable[T], call: Cancellable | None = None) -> Iterator[T]:
        """Yield the items of an async generator, in the calling thread. Closing the iterator closes the generator.

        The generator runs ahead of its reader by at most WAITING_ITEMS. Raises what it raised, CallCancelled after a
        cancel of *call*, which cancels the task wherever it waits.
        """
        mailbox: _Mailbox[T] = _Mailbox()
        task = self._start(mailbox.fill(items), lambda _task: mailbox.end())
        if call is not None:
            call.on_cancel(lambda: self._cancel(task))
        try:
            while (batch := mailbox.take(self._loop)) is not None:
                yield from batch
            _result(task, call)
        finally:
            if not task.done():
                self._cancel(task)
                mailbox.wait_for_end()

    def close(self) -> None:
        """Cancel what still runs, wait CLOSING_S for it, and stop the loop. Afterwards nothing can be run."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        with contextlib.suppress(RuntimeError):  # a plugin stopped the loop itself
            closing = asyncio.run_coroutine_threadsafe(_cancel_all(), loop)
            with contextlib.suppress(Exception):
                closing.result(CLOSING_S)
            loop.call_soon_threadsafe(loop.stop)
        thread.join(CLOSING_S)

    def _start(
        self, coroutine: Coroutine[Any, Any, T], when_done: Callable[[asyncio.Task[T]], None]
    ) -> asyncio.Task[T]:
        """Make a task on the loop. Waits for the task to exist, so that a cancel always has something to cancel."""
        loop = self._running_loop()
        made: list[asyncio.Task[T]] = []
        ready = threading.Event()

        def make() -> None:
            task = loop.create_task(coroutine)
            task.add_done_callback(when_done)
            made.append(task)
            ready.set()

        loop.call_soon_threadsafe(make)
        ready.wait()
        return made[0]

    def _cancel(self, task: asyncio.Task[Any]) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nothing left to cancel
                self._loop.call_soon_threadsafe(task.cancel)

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._serve, args=(self._loop,), name="innkeeper-async", daemon=True
                )
                self._thread.start()
            return self._loop

    @staticmethod
    def _serve(loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
        finally:
            loop.close()


class _Mailbox(Generic[T]):
    """Items on their way from the loop to one thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._items: list[T] = []
        self._ended = False
        self._room: asyncio.Event | None = None

    async def fill(self, items: AsyncIterable[T]) -> None:
        """Put every item of *items* in, waiting for the reader while too many lie here. Closes *items*."""
        room = self._room = asyncio.Event()
        try:
            async for item in items:
                with self._changed:
                    self._items.append(item)
                    if len(self._items) < WAITING_ITEMS:
                        self._changed.notify()
                        continue
                    room.clear()
                    self._changed.notify()
                await room.wait()
        finally:
            close = getattr(items, "aclose", None)
            if close is not None:
                await close()

    def take(self, loop: asyncio.AbstractEventLoop | None) -> list[T] | None:
        """Wait for items and return all there are; None when no more will come."""
        with self._changed:
            while not self._items and not self._ended:
                self._changed.wait()
            batch, self._items = self._items, []
        if len(batch) >= WAITING_ITEMS and loop is not None and self._room is not None:
            loop.call_soon_threadsafe(self._room.set)
        return batch or None

    def end(self) -> None:
        """Say that nothing more will come."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait_for_end(self) -> None:
        """Wait until the generator has ended; how long that may take is up to the host's grace time."""
        with self._changed:
            while not self._ended:
                self._changed.wait()


def _result(task: asyncio.Task[T], call: Cancellable | None) -> T:
    try:
        return task.result()
    except asyncio.CancelledError as error:
        if call is not None and call.cancelled:
            raise CallCancelled("the call was cancelled") from error
        raise


async def _awaiting(awaitable: Awaitable[T]) -> T:
    return await awaitable


async def _cancel_all() -> None:
    running = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()
