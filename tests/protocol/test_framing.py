"""Frames out of any pieces of bytes, and no more memory than bytes that came."""

from __future__ import annotations

import signal
import socket
import threading
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from innkeeper_protocol.errors import EmptyFrame, FrameTooLarge, TruncatedFrame
from innkeeper_protocol.framing import (
    KEPT_BUFFER_BYTES,
    MAX_FRAME_BYTES,
    SMALL_BUFFER_BYTES,
    FrameDecoder,
    encode_frame,
    encode_header,
)

payloads = st.lists(st.binary(min_size=1, max_size=200), max_size=20)


@given(payloads, st.data())
def test_any_chunking_gives_the_same_frames(sent: list[bytes], data: st.DataObject) -> None:
    """FRAME-2"""
    stream = b"".join(map(encode_frame, sent))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    decoder = FrameDecoder()

    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    received = [payload for piece in pieces for payload in decoder.feed(piece)]
    decoder.finish()

    assert received == sent


@given(payloads, st.integers(1, 64))
def test_reading_into_the_own_buffer_gives_the_same_frames(sent: list[bytes], most: int) -> None:
    stream = b"".join(map(encode_frame, sent))
    decoder, received = FrameDecoder(), []

    def receive_into(space: memoryview) -> int:
        nonlocal stream
        count = min(len(space), len(stream), most)
        space[:count], stream = stream[:count], stream[count:]
        return count

    while decoder.read_from(receive_into):
        while decoder.has_payload:
            payload = decoder.next_payload()
            assert payload is not None
            received.append(bytes(payload))
        assert decoder.next_payload() is None

    assert received == sent


@given(st.binary(max_size=300), st.integers(1, 64))
def test_hostile_bytes_raise_only_what_is_documented(stream: bytes, limit: int) -> None:
    decoder = FrameDecoder(limit)
    try:
        for payload in decoder.feed(stream):
            assert 0 < len(payload) <= limit
        decoder.finish()
    except (FrameTooLarge, EmptyFrame, TruncatedFrame):
        pass


def test_memory_follows_what_came_and_not_what_a_length_claims() -> None:
    """FRAME-3: 16 MiB claimed and 1,000 bytes sent, by a hundred peers."""
    claim = MAX_FRAME_BYTES.to_bytes(4, "big") + bytes(1_000)
    decoders = [FrameDecoder() for _ in range(100)]
    tracemalloc.start()
    try:
        for decoder in decoders:
            assert list(decoder.feed(claim)) == []
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < SMALL_BUFFER_BYTES * 2


def test_buffer_of_a_large_frame_is_given_back() -> None:
    decoder = FrameDecoder()
    large = bytes(2 * KEPT_BUFFER_BYTES)
    tracemalloc.start()
    try:
        assert [len(payload) for payload in decoder.feed(encode_frame(large))] == [len(large)]
        list(decoder.feed(encode_frame(b"small")))
        now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most > len(large)
    assert now < SMALL_BUFFER_BYTES * 2


def test_large_frame_comes_whole_whatever_stood_before_it() -> None:
    sent = [b"x" * size for size in (1, 40_000, 70_000, 3, 300_000, 65_536, 65_532, 5_000_000, 1)]
    stream = b"".join(map(encode_frame, sent))
    decoder = FrameDecoder()
    pieces = [stream[at : at + 50_001] for at in range(0, len(stream), 50_001)]
    assert [len(payload) for piece in pieces for payload in decoder.feed(piece)] == [*map(len, sent)]


@given(st.binary(min_size=1, max_size=50), st.binary(min_size=1, max_size=5_000), st.integers(1, 700), st.booleans())
def test_end_of_a_payload_may_be_received_in_another_place(head: bytes, tail: bytes, most: int, is_last: bool) -> None:
    """However it comes, and whatever stands before and behind it."""
    stream = encode_frame(b"before") + encode_frame(head + tail) + (b"" if is_last else encode_frame(b"behind"))
    decoder, received, place = FrameDecoder(), [], bytearray(len(tail))

    def receive_into(space: memoryview) -> int:
        nonlocal stream
        count = min(len(space), len(stream), most)
        space[:count], stream = stream[:count], stream[count:]
        return count

    is_diverted = False
    while decoder.read_from(receive_into):
        while (payload := decoder.next_payload()) is not None:
            received.append(bytes(payload))
        begun, length = decoder.begun()
        if length == len(head) + len(tail) and len(begun) >= len(head) and not is_diverted and received == [b"before"]:
            assert bytes(begun[: len(head)]) == head
            decoder.divert(memoryview(place), b"stands for it")
            is_diverted = True
            assert decoder.begun()[1] == 0
    decoder.finish()

    assert received == [b"before", b"stands for it" if is_diverted else head + tail, *([] if is_last else [b"behind"])]
    assert not is_diverted or place == tail


def test_end_inside_a_payload_that_goes_to_another_place_is_one_inside_a_frame() -> None:
    """FRAME-5"""
    decoder = FrameDecoder()
    assert list(decoder.feed(encode_frame(b"head and tail")[:-2])) == []
    decoder.divert(memoryview(bytearray(8)), b"x")
    assert not decoder.has_payload
    with pytest.raises(TruncatedFrame):
        decoder.finish()


def test_what_cannot_be_a_frame_is_not_encoded() -> None:
    with pytest.raises(EmptyFrame):
        encode_frame(b"")
    with pytest.raises(FrameTooLarge):
        encode_header(11, 10)


class Interrupt(BaseException):
    """Stands for KeyboardInterrupt, which pytest has plans for."""


class Interrupter:
    """Raises Interrupt in the thread that made it, by a signal every 0.3 ms, while *is_armed*; that disarms it."""

    def __init__(self) -> None:
        self.is_armed = False
        self._target = threading.get_ident()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._send_signals)

    def __enter__(self) -> Interrupter:
        self._before = signal.signal(signal.SIGUSR1, self._handle)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        signal.signal(signal.SIGUSR1, self._before)

    def _send_signals(self) -> None:
        while not self._over.wait(0.0003):
            signal.pthread_kill(self._target, signal.SIGUSR1)

    def _handle(self, *_: object) -> None:
        if self.is_armed:
            self.is_armed = False
            raise Interrupt


def test_interrupts_never_tear_the_stream() -> None:
    """A signal may raise at any moment of a read; what was received is neither lost nor counted twice."""
    ours, theirs = socket.socketpair()
    sent = [b"%d" % number * 7 for number in range(1, 20_000)]

    def write() -> None:
        for payload in sent:
            theirs.sendall(encode_frame(payload))
        theirs.close()

    decoder, received, interrupts, is_open = FrameDecoder(), [], 0, True
    writer = threading.Thread(target=write)
    writer.start()
    with Interrupter() as interrupter:
        while is_open:
            while decoder.has_payload:
                received.append(bytes(decoder.next_payload() or b""))
            try:
                interrupter.is_armed = True
                is_open = decoder.read_from(ours.recv_into) > 0
                interrupter.is_armed = False
            except Interrupt:
                interrupts += 1
    writer.join()
    ours.close()

    assert received == sent
    assert interrupts > 0
