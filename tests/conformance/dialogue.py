"""Plays one side of a dialogue as raw bytes to a peer at the other end of a socket, and says what that answered wrong.

Nothing here uses the implementation that it may be trying: frames and credit are counted by hand, msgpack is read by
msgspec's plain decoder. What freedom the peer has stands in protocol/vectors/README.md.
"""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

VECTORS = Path(__file__).resolve().parents[2] / "protocol" / "vectors" / "dialogues.json"

PATIENCE_S = 10.0
"""How long the peer may take for one step: far more than it needs, also when it is started for it."""

BATCH_COST = 64
LARGEST_FRAME = 16 * 1024 * 1024

Dialogue = dict[str, Any]


def dialogues(role: str) -> list[Dialogue]:
    """Return those in which *role* is under test."""
    found: list[Dialogue] = json.loads(VECTORS.read_text(encoding="utf-8"))["dialogues"]
    return [dialogue for dialogue in found if dialogue["under_test"] == role]


class Wrong(Exception):
    """The peer under test did something else than the dialogue says."""


class Streams:
    """The items and the credit of the streams that the tester opened."""

    def __init__(self) -> None:
        self.credit: dict[int, int] = {}
        self.items: dict[int, list[Any]] = {}

    def tester_said(self, message: Any) -> None:
        """Count what a message of the tester allows."""
        if isinstance(message, dict) and "window" in message:
            self.credit[message["id"]] = message["window"]
            self.items[message["id"]] = []
        elif isinstance(message, dict) and message.get("method") == "stream/credit":
            number = message["params"]["id"]
            self.credit[number] = self.credit.get(number, 0) + message["params"]["credit"]

    def batch_came(self, number: int, items: list[Any]) -> None:
        """Take a batch of the peer; raise Wrong for one that it had no credit for."""
        if number not in self.items:
            raise Wrong(f"items for request {number}, which opened no stream")
        if self.credit[number] <= 0:
            raise Wrong(f"items without credit: {-self.credit[number]} bytes beyond it")
        self.credit[number] -= len(msgspec.msgpack.encode(items)) + BATCH_COST
        self.items[number] += items


class Conversation:
    """The tester's end of the channel."""

    def __init__(self, channel: socket.socket) -> None:
        channel.settimeout(PATIENCE_S)
        self._channel = channel
        self._streams = Streams()
        self._expected: dict[int, list[Any]] = {}

    def play(self, dialogue: Dialogue) -> None:
        """Go through *dialogue*, then leave and see that the peer does so, too. Raises Wrong."""
        for step in dialogue["steps"]:
            if "ends" in step:
                self._expect_the_end(at_once="error" not in dialogue)
                return
            says = value_of(step["says"])
            if step["from"] != dialogue["under_test"]:
                self._streams.tester_said(says)
                self._send(bytes.fromhex(step["bytes"]))
            elif says.get("method") == "stream/item":
                self._expect_items(says["params"]["id"], says["params"]["items"])
            else:
                self._expect(says)
        with contextlib.suppress(OSError):
            self._channel.shutdown(socket.SHUT_WR)
        self._expect_the_end(at_once=True)

    def _send(self, data: bytes) -> None:
        try:
            self._channel.sendall(data)
        except OSError as error:
            raise Wrong(f"the channel was closed too early: {error}") from error

    def _expect(self, says: dict[str, Any]) -> None:
        message = self._next_message()
        while self._is_batch(message):
            message = self._next_message()
        if essence(message) != essence(says):
            raise Wrong(f"expected {essence(says)!r}, got {essence(message)!r}")
        number = says.get("id", 0)
        if "result" in says and number in self._streams.items:
            got, expected = self._streams.items[number], self._expected.get(number, [])
            if got != expected:
                raise Wrong(f"expected the items {expected!r} before answer {number}, got {got!r}")

    def _expect_items(self, number: int, items: list[Any]) -> None:
        """Wait until as many items came, in whatever batches."""
        expected = self._expected.setdefault(number, [])
        expected += items
        while len(self._streams.items.get(number, ())) < len(expected):
            message = self._next_message()
            if not self._is_batch(message):
                raise Wrong(f"expected items of stream {number}, got {message!r}")

    def _is_batch(self, message: Any) -> bool:
        if message is None or message.get("method") != "stream/item":
            return False
        self._streams.batch_came(message["params"]["id"], message["params"]["items"])
        return True

    def _expect_the_end(self, *, at_once: bool) -> None:
        """Wait for the end. Before one *at_once* nothing may come; else answers may, that crossed the broken rule."""
        while (message := self._next_message()) is not None:
            if at_once:
                raise Wrong(f"expected the end of the connection, got {message!r}")

    def _next_message(self) -> Any:
        """Return the next message; None at the end of the connection."""
        header = self._receive(4)
        if not header:
            return None
        length = int.from_bytes(header, "big")
        if not 0 < length <= LARGEST_FRAME:
            raise Wrong(f"a frame with a length of {length}")
        return msgspec.msgpack.decode(self._receive(length))

    def _receive(self, count: int) -> bytes:
        """Return *count* bytes, or none at all at the end of the connection."""
        data = b""
        try:
            while len(data) < count:
                piece = self._channel.recv(count - len(data))
                if not piece:
                    break
                data += piece
        except TimeoutError as error:
            raise Wrong(f"nothing came for {PATIENCE_S:g} seconds") from error
        except ConnectionResetError:
            pass
        if data and len(data) < count:
            raise Wrong(f"the connection ended inside a frame, after {data.hex()}")
        return data


def essence(message: Any) -> Any:
    """Return as much of *message* as the peer is not free to say otherwise."""
    if not isinstance(message, dict):
        return message
    if message.get("method") == "initialize":
        return {"id": message.get("id"), "revisions": message["params"]["revisions"]}
    if "revision" in message.get("result", {}):
        return {"id": message.get("id"), "revision": message["result"]["revision"]}
    if "error" in message:
        return {"id": message.get("id"), "code": message["error"]["code"]}
    return message


def value_of(written: Any) -> Any:
    """Return a value as it is on the wire: ``{"$bytes": "00ff"}`` stands for bytes."""
    if isinstance(written, dict):
        if set(written) == {"$bytes"}:
            return bytes.fromhex(written["$bytes"])
        return {key: value_of(value) for key, value in written.items()}
    return [value_of(value) for value in written] if isinstance(written, list) else written


def attempts(
    role: str, channel_to_new_peer: Callable[[], contextlib.AbstractContextManager[socket.socket]]
) -> Iterator[tuple[str, str]]:
    """Play every dialogue to a new peer each; yield its name and what went wrong, or an empty string."""
    for dialogue in dialogues(role):
        with channel_to_new_peer() as channel:
            try:
                Conversation(channel).play(dialogue)
            except Wrong as error:
                yield dialogue["name"], str(error)
            else:
                yield dialogue["name"], ""
