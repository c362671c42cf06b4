"""Server-sent events, taken apart: bytes in, the data of each event out.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import re

LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")
"""A lone CR at the end of what has come may be half of a CR LF."""

DONE = "[DONE]"
"""The data by which OpenAI says that a stream is complete."""

MAX_EVENT_BYTES = 64 * 1024 * 1024
"""What one event may hold: an image in base64 fits, an endless line does not."""


class EventStream:
    """Takes one stream apart."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._data: list[str] = []
        self._size = 0

    def feed(self, content: bytes) -> list[str]:
        """Take the next bytes; return the data of the events that are whole now. Raises ValueError: it is too large."""
        self._rest += content
        events: list[str] = []
        start = 0
        for end in LINE_END.finditer(self._rest):
            self._take_line(bytes(self._rest[start : end.start()]), events)
            start = end.end()
        del self._rest[:start]
        if len(self._rest) + self._size > MAX_EVENT_BYTES:
            raise ValueError(f"an event of more than {MAX_EVENT_BYTES} bytes")
        return events

    def finish(self) -> list[str]:
        """Return what the stream ended in, if it ended without an empty line."""
        events: list[str] = []
        if self._rest:
            self._take_line(bytes(self._rest).rstrip(b"\r"), events)
            self._rest.clear()
        self._take_line(b"", events)
        return events

    def _take_line(self, line: bytes, events: list[str]) -> None:
        if not line:
            if self._data:
                events.append("\n".join(self._data))
                self._data.clear()
                self._size = 0
            return
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" ").decode("utf-8", "replace"))
            self._size += len(value)
