"""Two peers back to back, over any kind of link, with a small method table of their own."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from innkeeper_protocol.link import Link, memory_links, socket_links
from innkeeper_protocol.methods import METHODS, Method
from innkeeper_protocol.payloads.base import Payload
from innkeeper_protocol.peer import Handler, IncomingCall, Peer

BOUND_S = 10.0
"""How long any step of a test may take: far more than it does."""


class Text(Payload, frozen=True, kw_only=True):
    """Params and results of the test methods."""

    text: str = ""
    data: bytes = b""


ECHO = Method("test/echo", "both", Text, Text)
WAIT = Method("test/wait", "both", Text, Text)
COUNT = Method("test/count", "both", Text, Text, item=str | Text)
TELL: Method[Text, None] = Method("test/tell", "both", Text, None)

TABLE: dict[str, Method[Any, Any]] = {**METHODS, **{method.name: method for method in (ECHO, WAIT, COUNT, TELL)}}

Links = Callable[[], tuple[Link, Link]]

LINKS: dict[str, Links] = {
    "socket": socket_links,
    "memory": memory_links,
    "no bell": lambda: memory_links(with_bell=False),
}


def echo(params: Text, call: Any) -> Text:
    """Answer with the params."""
    return params


class Gate:
    """A handler that answers with its params once it is opened; *entered* says that it runs."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self._opened = threading.Event()

    def __call__(self, params: Text, call: IncomingCall) -> Text:
        self.entered.release()
        assert self._opened.wait(BOUND_S)
        return params

    def wait_until_entered(self) -> None:
        """Wait for one call to come in."""
        assert self.entered.acquire(timeout=BOUND_S)

    def open(self) -> None:
        """Let every call go."""
        self._opened.set()


@dataclass
class Pair:
    """A host and a plugin that serves in a thread."""

    host: Peer
    plugin: Peer
    serving: threading.Thread


@contextlib.contextmanager
def peers(
    links: Links = socket_links,
    *,
    host: Mapping[str, Handler] | None = None,
    plugin: Mapping[str, Handler] | None = None,
    host_options: Mapping[str, Any] | None = None,
    plugin_options: Mapping[str, Any] | None = None,
) -> Iterator[Pair]:
    """Connect two peers and initialize them; close both at the end and wait for the plugin's main loop."""
    host_link, plugin_link = links()
    host_side = Peer(
        host_link, role="host", handlers={ECHO.name: echo, **(host or {})}, table=TABLE, **(host_options or {})
    )
    plugin_side = Peer(
        plugin_link, role="plugin", handlers={ECHO.name: echo, **(plugin or {})}, table=TABLE, **(plugin_options or {})
    )
    serving = threading.Thread(target=plugin_side.serve, name="plugin", daemon=True)
    serving.start()
    try:
        host_side.initialize(timeout_s=BOUND_S)
        yield Pair(host_side, plugin_side, serving)
    finally:
        host_side.close()
        serving.join(BOUND_S)
        plugin_side.close()
        assert not serving.is_alive()


class Background:
    """A function running in a thread; ``join`` returns its result or raises its error."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self._function = function
        self._result: Any = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def join(self) -> Any:
        """Wait for the end, with a bound."""
        self._thread.join(BOUND_S)
        assert not self._thread.is_alive(), "still running"
        if self._error is not None:
            raise self._error
        return self._result

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._result = self._function()
        except BaseException as error:  # noqa: BLE001  # raised again in join
            self._error = error
