"""The calls this process is serving, so that what a plugin asks the host in the course of one is known to belong to it.

Two things hang on that: how deep the call is nested between plugins (a cycle of models that prompt one another ends by
that number, at the host), and that giving up on a call gives up on what it waits for in turn.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Protocol

_served: ContextVar[ServedCall | None] = ContextVar("innkeeper_served_call", default=None)


class Nested(Protocol):
    """A call to the host that can be given up."""

    def cancel(self) -> None:
        """Give up on it. Any thread may call this, at any time."""


class ServedCall:
    """One call that is being served. Threads and tasks that it starts find it by their context."""

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self._lock = threading.Lock()
        self._nested: set[Nested] = set()
        self._is_cancelled = False

    def cancel(self) -> None:
        """Give up on everything that was asked of the host for this call, from now on, too."""
        with self._lock:
            self._is_cancelled = True
            nested = list(self._nested)
        for one in nested:
            one.cancel()

    def add(self, nested: Nested) -> None:
        """Count *nested* as asked for this call."""
        with self._lock:
            self._nested.add(nested)
            is_late = self._is_cancelled
        if is_late:
            nested.cancel()

    def discard(self, nested: Nested) -> None:
        """Forget *nested*: it is over."""
        with self._lock:
            self._nested.discard(nested)


class ServedCalls:
    """All calls being served."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: list[ServedCall] = []

    @contextlib.contextmanager
    def serving(self, depth: int) -> Iterator[ServedCall]:
        """Count a call of *depth* as being served inside this block."""
        call = ServedCall(depth)
        token = _served.set(call)
        with self._lock:
            self._open.append(call)
        try:
            yield call
        finally:
            with self._lock:
                self._open.remove(call)
            _served.reset(token)

    def current(self) -> ServedCall | None:
        """Return the call that is being served here.

        A thread that the plugin started itself does not know which one that is: the deepest open one is taken, which
        can make a chain of calls end early and never late.
        """
        own = _served.get()
        if own is not None:
            return own
        with self._lock:
            return max(self._open, key=lambda call: call.depth, default=None)

    def depth_of_nested_call(self) -> int:
        """Return the depth for a call made now: one more than that of the call it is made for."""
        current = self.current()
        return 0 if current is None else current.depth + 1
