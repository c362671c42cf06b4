"""Bytes larger than a frame travel in parts, and never more than agreed lie unclaimed."""

from __future__ import annotations

import pytest
from innkeeper_protocol.errors import CallFailed, ErrorCode
from innkeeper_protocol.payloads.base import Nothing
from innkeeper_protocol.payloads.session import BlobPartParams
from innkeeper_sdk import blobs
from innkeeper_sdk.blobs import Blobs


class Recording:
    """A peer that hands each part to another connection's blobs."""

    def __init__(self, receiver: Blobs) -> None:
        self.receiver = receiver
        self.parts: list[tuple[int, int, bool]] = []

    def call(self, method: object, params: BlobPartParams) -> Nothing:
        self.parts.append((params.blob, len(params.data), params.last))
        self.receiver.add(params)
        return Nothing()


def test_large_bytes_arrive_whole_and_once() -> None:
    content = bytes(range(256)) * 40_000
    sender, receiver = Blobs(), Blobs()
    peer = Recording(receiver)

    number = sender.send(peer, content)

    part = blobs.PART_BYTES
    assert peer.parts == [(1, part, False), (1, part, False), (1, len(content) - 2 * part, True)]
    assert receiver.take(number) == content
    with pytest.raises(CallFailed) as caught:
        receiver.take(number)
    assert caught.value.code == ErrorCode.INVALID_PARAMS


def test_nothing_at_all_is_one_last_part() -> None:
    receiver = Blobs()
    peer = Recording(receiver)
    assert receiver.take(Blobs().send(peer, b"")) == b""
    assert peer.parts == [(1, 0, True)]


def test_blob_without_its_last_part_cannot_be_taken() -> None:
    receiver = Blobs()
    receiver.add(BlobPartParams(blob=7, data=b"half"))
    with pytest.raises(CallFailed, match="blob 7 was not sent ahead, or not to its end"):
        receiver.take(7)


def test_more_than_may_be_held_is_refused_and_forgotten() -> None:
    receiver = Blobs(held_bytes=10)
    receiver.add(BlobPartParams(blob=1, data=b"123456"))
    with pytest.raises(CallFailed) as caught:
        receiver.add(BlobPartParams(blob=1, data=b"123456"))
    assert caught.value.code == ErrorCode.TOO_LARGE
    receiver.add(BlobPartParams(blob=2, data=b"1234567890", last=True))
    assert receiver.take(2) == b"1234567890"
