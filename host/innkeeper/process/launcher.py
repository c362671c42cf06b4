"""The thread that starts plugins where the calling thread may end before they do.

The kernel kills a plugin when the *thread* that started it ends (PR_SET_PDEATHSIG), which is how none outlives a host
that is killed. The main thread lasts; for all others there is one more that does.
"""

from __future__ import annotations

import os
from _thread import allocate_lock, get_native_id
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from queue import SimpleQueue

T = TypeVar("T")

_jobs: SimpleQueue[Callable[[], None]] | None = None
_owner = 0
_lock = allocate_lock()


def on_lasting_thread(start: Callable[[], T]) -> T:
    """Run *start* on a thread that lasts as long as this process, and return or raise what it does."""
    if get_native_id() == os.getpid():  # the kernel's number of the main thread
        return start()
    from concurrent.futures import Future

    future: Future[T] = Future()

    def job() -> None:
        try:
            future.set_result(start())
        except BaseException as error:  # noqa: BLE001  # raised where it was asked for
            future.set_exception(error)

    _queue().put(job)
    return future.result()


def _queue() -> SimpleQueue[Callable[[], None]]:
    """Return the queue of the thread, which is started first where this process has none (it may be a fork)."""
    global _jobs, _owner  # there is one main thread, and one of these, in a process
    with _lock:
        if _jobs is None or _owner != os.getpid():
            from queue import SimpleQueue
            from threading import Thread

            _jobs, _owner = SimpleQueue(), os.getpid()
            Thread(target=_work, args=(_jobs,), name="innkeeper-launcher", daemon=True).start()
        return _jobs


def _work(jobs: SimpleQueue[Callable[[], None]]) -> None:
    while True:
        jobs.get()()
