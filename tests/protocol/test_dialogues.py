"""The dialogues of the vectors against the pure state of the side under test: its messages are exactly these bytes."""

from __future__ import annotations

from typing import Any, cast

import msgspec
import pytest
from innkeeper_protocol import codec, connection, errors
from innkeeper_protocol.connection import Asked, Call, Connection, Notified, Refused
from innkeeper_protocol.errors import CallFailed, ProtocolViolation
from innkeeper_protocol.framing import FrameDecoder, encode_frame
from innkeeper_protocol.messages import Result
from innkeeper_protocol.methods import BLOB_PART, INITIALIZE, METHODS
from innkeeper_protocol.negotiation import check_frame_limit, check_revision
from innkeeper_protocol.peer.blobs import Blobs
from innkeeper_protocol.streams import ReceiveWindow
from innkeeper_protocol.version import REVISIONS

from .vectors import Vector, section, value_of


class Side:
    """A connection, spoken to in the words of a dialogue."""

    def __init__(self, role: connection.Role) -> None:
        self.connection = Connection(role)
        self.decoder = FrameDecoder()
        self.blobs = Blobs()
        self.refused: dict[int, CallFailed] = {}

    def hear(self, stream: bytes) -> None:
        """Take what the other side sent."""
        for payload in self.decoder.feed(stream):
            event = self.connection.receive(codec.decode_message(payload))
            if isinstance(event, Refused):
                self.refused[event.id] = event.failure
            elif isinstance(event, Notified) and event.method is BLOB_PART:
                part = codec.decode_params(BLOB_PART, event.params)
                self.blobs.add(part.blob, part.size, part.data)
            elif isinstance(event, Call) and event.method is INITIALIZE:
                result = codec.decode_result(INITIALIZE, cast(msgspec.Raw, event.answer))
                check_revision(result.revision, REVISIONS)
                check_frame_limit(result.max_frame_bytes)

    def say(self, message: dict[str, Any]) -> bytes:
        """Do what makes this side send *message*; return what it sends."""
        return encode_frame(self._payload(message))

    def _payload(self, message: dict[str, Any]) -> bytes:
        number = message.get("id", 0)
        if "result" in message:
            asked = self.connection.answer(number)
            self.connection.is_initialized |= asked.method is INITIALIZE
            return codec.encode(Result(id=number, result=message["result"]))
        if "error" in message:
            self.connection.answer(number)
            failure = CallFailed(**message["error"])
            if number in self.refused:
                assert self.refused[number].code == failure.code
                failure = self.refused[number]
            return connection.failure(number, failure)
        method, params = METHODS[message["method"]], message["params"]
        if "id" in message:
            call = Call(method, ReceiveWindow(message["window"]) if "window" in message else None)
            payload = self.connection.request(call, params)
            assert call.id == number
            return payload
        if method.name == "stream/item":
            asked = self.connection.incoming[params["id"]]
            assert isinstance(asked, Asked)
            assert asked.window is not None
            assert asked.window.is_open
            encoded = codec.encode(params["items"])
            asked.window.spend(codec.cost_of_items(encoded))
            return connection.items(params["id"], encoded)
        if method is BLOB_PART:
            data = params["data"]
            return codec.encode_part_prefix(params["blob"], params["size"], len(data)) + bytes(data)
        return connection.notification(method, params)


@pytest.mark.parametrize("dialogue", section("dialogues.json", "dialogues"))
def test_dialogue_goes_as_it_is_written(dialogue: Vector) -> None:
    side = Side(dialogue["under_test"])
    steps = [step for step in dialogue["steps"] if "from" in step]
    breaking = steps.pop() if "error" in dialogue else None

    for step in steps:
        if step["from"] == dialogue["under_test"]:
            assert side.say(value_of(step["says"])).hex() == step["bytes"]
        else:
            side.hear(bytes.fromhex(step["bytes"]))

    if breaking is not None:
        with pytest.raises(ProtocolViolation) as caught:
            side.hear(bytes.fromhex(breaking["bytes"]))
        assert type(caught.value) is getattr(errors, dialogue["error"])
        assert caught.value.rule in (*dialogue["rules"], "MSG-1")
