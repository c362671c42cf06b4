"""Work for the main thread, from others: only there Ctrl-C arrives and signal handlers can be set.

So commands run there, as they do when Python starts a program; and plugins are imported there, since some of them, or
what they import, set signal handlers right then.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from queue import SimpleQueue
from types import FrameType
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Unfinished(Exception):
    """What was asked for is not done yet."""


class MainThread:
    """Runs functions on the thread that called ``work``."""

    def __init__(self) -> None:
        self._errands: SimpleQueue[Errand[Any] | None] = SimpleQueue()
        self._worker: int | None = None

    def start(self, function: Callable[[], T]) -> Errand[T]:
        """Have *function* run on the main thread: now, if this is it, or else in its turn."""
        errand = Errand(function)
        if self._worker == threading.get_ident():
            errand.do()
        else:
            self._errands.put(errand)
        return errand

    def work(self) -> None:
        """Do what is asked for, until ``stop``."""
        self._worker = threading.get_ident()
        while (errand := self._errands.get()) is not None:
            errand.do()

    def frame(self) -> FrameType | None:
        """Return what the main thread is executing right now."""
        return sys._current_frames().get(self._worker or 0)

    def stop(self) -> None:
        """Have ``work`` return, after what was asked for before."""
        self._errands.put(None)


class Errand(Generic[T]):
    """One function to run, and what came of it."""

    def __init__(self, function: Callable[[], T]) -> None:
        self._function = function
        self._done = threading.Lock()
        self._done.acquire()
        self._runs_on: int | None = None
        self._result: T | None = None
        self._error: BaseException | None = None

    def do(self) -> None:
        """Run the function."""
        self._runs_on = threading.get_ident()
        try:
            self._result = self._function()
        except BaseException as error:  # noqa: BLE001  # raised again where it was asked for
            self._error = error
        finally:
            self._runs_on = None
            self._done.release()

    def interrupt(self) -> None:
        """Do to the function what Ctrl-C does, if it runs: a real signal, which also ends a wait that blocks."""
        import signal

        thread = self._runs_on
        if thread is not None:
            signal.pthread_kill(thread, signal.SIGINT)

    def outcome(self, timeout_s: float = -1.0) -> T:
        """Wait for the function to end; return what it returned, or raise what it raised. Called once.

        Raises Unfinished when that takes longer than *timeout_s*; -1 waits for ever.
        """
        if not self._done.acquire(timeout=timeout_s):
            raise Unfinished
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]  # T may include None
