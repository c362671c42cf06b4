"""Work for the main thread, from others: only there Ctrl-C arrives and signal handlers can be set.

So commands run there, as they do when Python starts a program; and plugins are imported there, since some of them, or
what they import, set signal handlers right then.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class MainThread:
    """Runs functions on the thread that called ``work``."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[_Errand[Any] | None] = SimpleQueue()
        self._worker: int | None = None

    def run(self, function: Callable[[], T]) -> T:
        """Run *function* on the main thread and return what it returns, or raise what it raises."""
        if self._worker == threading.get_ident():
            return function()
        errand = _Errand(function)
        self._queue.put(errand)
        return errand.outcome()

    def work(self) -> None:
        """Do what is asked for, until ``stop``."""
        self._worker = threading.get_ident()
        while (errand := self._queue.get()) is not None:
            errand.do()

    def stop(self) -> None:
        """Have ``work`` return, after what was asked for before."""
        self._queue.put(None)


class _Errand(Generic[T]):
    """One function to run, and what came of it."""

    def __init__(self, function: Callable[[], T]) -> None:
        self._function = function
        self._done = threading.Lock()
        self._done.acquire()
        self._result: T | None = None
        self._error: BaseException | None = None

    def do(self) -> None:
        try:
            self._result = self._function()
        except BaseException as error:  # noqa: BLE001  # raised again where it was asked for
            self._error = error
        finally:
            self._done.release()

    def outcome(self) -> T:
        self._done.acquire()
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]  # T may include None
