"""How deep a call is nested between plugins, so that what this plugin calls in turn counts one more.

A cycle (a model that prompts itself through the host) ends by that number, at the host.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_own_depth: ContextVar[int | None] = ContextVar("innkeeper_depth", default=None)


class Depth:
    """The depths of the calls being served."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: Counter[int] = Counter()

    @contextmanager
    def serving(self, depth: int) -> Iterator[None]:
        """Count a call of *depth* as being served inside this block."""
        token = _own_depth.set(depth)
        with self._lock:
            self._open[depth] += 1
        try:
            yield
        finally:
            with self._lock:
                self._open[depth] -= 1
            _own_depth.reset(token)

    def of_nested_call(self) -> int:
        """Return the depth for a call made now: one more than the call it is made for.

        A thread that the plugin started itself does not know which call that is: the deepest open one is taken.
        """
        own = _own_depth.get()
        if own is None:
            with self._lock:
                own = max((depth for depth, count in self._open.items() if count > 0), default=-1)
        return own + 1
