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
        """Count a call of *depth* as being served inside this block. What it left unread of the host is given up."""
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
            call.cancel()

    def current(self) -> ServedCall | None:
        """Return the call that is being served here, None in a thread that the plugin started itself."""
        return _served.get()

    def depth_of_nested_call(self) -> int:
        """Return the depth for a call made now: one more than that of the call it is made for.

        Where that is not known, it is taken to be the deepest open one: a chain of calls may end early, never late.
        """
        current = self.current()
        if current is not None:
            return current.depth + 1
        with self._lock:
            return max((call.depth for call in self._open), default=-1) + 1
