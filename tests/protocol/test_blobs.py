"""Bytes larger than a frame: kept as they come, taken once, and never more than is allowed."""

from __future__ import annotations

import resource
import subprocess
import sys
import tracemalloc
from functools import partial

import pytest
from innkeeper_protocol.errors import CallFailed, ErrorCode, UnexpectedMessage
from innkeeper_protocol.peer import IncomingCall
from innkeeper_protocol.peer.blobs import HELD_BLOBS, HELD_BYTES, Blobs

from .pairs import BOUND_S, COUNT, ECHO, WAIT, Background, Gate, Links, Text, peers


def refusal(blobs: Blobs, number: int) -> int:
    with pytest.raises(CallFailed) as caught:
        blobs.take(number)
    return caught.value.code


def test_parts_make_a_whole_that_is_taken_once() -> None:
    """BLOB-2, BLOB-5"""
    blobs = Blobs()
    for part in (b"he", b"", b"llo"):
        blobs.add(1, 5, part)
    assert bytes(blobs.take(1)) == b"hello"
    assert refusal(blobs, 1) == ErrorCode.INVALID_PARAMS


def test_part_may_be_received_where_it_belongs() -> None:
    blobs = Blobs()
    blobs.add(1, 6, b"he")
    place = blobs.lend(1, 6, 4)
    assert place is not None
    place[:] = b"llo!"
    blobs.add(1, 6, b"")
    assert bytes(blobs.take(1)) == b"hello!"


def test_part_that_is_lent_a_place_and_never_comes_is_not_there() -> None:
    """BLOB-5"""
    blobs = Blobs()
    assert blobs.lend(1, 6, 6) is not None
    assert refusal(blobs, 1) == ErrorCode.INVALID_PARAMS


def test_no_place_is_lent_to_what_does_not_fit_or_is_too_large() -> None:
    """BLOB-3, BLOB-4"""
    blobs = Blobs(held_bytes=100)
    blobs.add(1, 6, b"he")
    assert blobs.lend(1, 6, 5) is None
    assert blobs.lend(1, 7, 1) is None
    assert blobs.lend(2, 101, 50) is None
    assert blobs.lend(3, -1, 50) is None


def test_blob_that_is_not_there_to_its_end_is_not_handed_out() -> None:
    """BLOB-5"""
    blobs = Blobs()
    blobs.add(1, 5, b"hell")
    assert refusal(blobs, 1) == ErrorCode.INVALID_PARAMS
    assert refusal(blobs, 2) == ErrorCode.INVALID_PARAMS


def test_empty_blob_is_one_part_without_data() -> None:
    """BLOB-2"""
    blobs = Blobs()
    blobs.add(1, 0, b"")
    assert bytes(blobs.take(1)) == b""


@pytest.mark.parametrize("parts", [[(5, b"a"), (6, b"b")], [(1, b"ab")], [(2, b"ab"), (2, b"c")], [(-1, b"a")]])
def test_parts_that_do_not_fit_break_a_rule(parts: list[tuple[int, bytes]]) -> None:
    """BLOB-3"""
    blobs = Blobs()

    def add_all() -> None:
        for size, data in parts:
            blobs.add(1, size, data)

    with pytest.raises(UnexpectedMessage) as caught:
        add_all()
    assert caught.value.rule == "BLOB-3"


def test_oldest_blobs_make_room_for_new_ones() -> None:
    """BLOB-4: what a cancelled call left behind does not fill the room for ever."""
    blobs = Blobs(held_bytes=100)
    for number in range(1, 12):
        blobs.add(number, 10, bytes([number]) * 10)
    assert refusal(blobs, 1) == ErrorCode.INVALID_PARAMS
    assert bytes(blobs.take(2)) == b"\x02" * 10
    assert bytes(blobs.take(11)) == b"\x0b" * 10


def test_blob_that_is_too_large_is_forgotten_as_it_comes_and_says_so_when_named() -> None:
    """BLOB-4, BLOB-5"""
    blobs = Blobs(held_bytes=100)
    blobs.add(1, 10, b"x" * 10)
    for _ in range(3):
        blobs.add(2, 101, b"y" * 33)
    assert refusal(blobs, 2) == ErrorCode.TOO_LARGE
    assert bytes(blobs.take(1)) == b"x" * 10


def test_number_of_blobs_is_bounded_as_well() -> None:
    """BLOB-4"""
    blobs = Blobs()
    for number in range(HELD_BLOBS + 10):
        blobs.add(number, 1, b"x")
    assert refusal(blobs, 9) == ErrorCode.INVALID_PARAMS
    assert bytes(blobs.take(10)) == b"x"


def test_memory_follows_what_came_and_not_what_a_size_claims() -> None:
    """BLOB-4: a thousand blobs that claim all there is room for."""
    blobs = Blobs()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracemalloc.start()
    try:
        for number in range(1_000):
            blobs.add(number, HELD_BYTES // 1_000, b"x")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 2_000_000
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kb < 64_000


def test_system_without_the_memory_refuses_the_blob_and_goes_on() -> None:
    """BLOB-4: a plugin has less than the blobs that a host may send it."""
    program = """
import resource, sys
from innkeeper_protocol.errors import CallFailed
from innkeeper_protocol.peer.blobs import Blobs
blobs = Blobs()
resource.setrlimit(resource.RLIMIT_AS, (2**28, 2**28))
blobs.add(1, 2**28, b"x")
blobs.add(2, 3, b"abc")
assert bytes(blobs.take(2)) == b"abc"
try:
    blobs.take(1)
except CallFailed as failure:
    sys.exit(failure.code)
"""
    assert (
        subprocess.run([sys.executable, "-c", program], timeout=BOUND_S, check=False).returncode == ErrorCode.TOO_LARGE
    )


@pytest.mark.parametrize("size", [0, 1, 1_000, 1024 * 1024, 1024 * 1024 + 1, 5_000_000])
def test_blob_goes_to_the_other_side_and_back(size: int, links: Links) -> None:
    """BLOB-1, BLOB-2"""
    content = bytes(range(256)) * (size // 256) + bytes(range(size % 256))

    def turn_round(params: Text, call: IncomingCall) -> Text:
        taken = call.peer.take_blob(int(params.text))
        return Text(text=str(call.peer.send_blob(bytes(taken)[::-1])))

    with peers(links, plugin={WAIT.name: turn_round}) as pair:
        number = pair.host.send_blob(content)
        back = pair.host.call(WAIT, Text(text=str(number)), timeout_s=BOUND_S).text
        assert bytes(pair.host.take_blob(int(back))) == content[::-1]


def take(params: Text, call: IncomingCall) -> Text:
    """Answer with the last bytes of the blob that the params number, and its size."""
    content = call.peer.take_blob(int(params.text))
    return Text(text=str(len(content)), data=bytes(content[-3:]))


def test_blob_for_a_side_with_a_small_frame_limit_is_cut_to_fit() -> None:
    """INIT-4"""
    with peers(plugin={WAIT.name: take}, plugin_options={"max_frame_bytes": 65_536}) as pair:
        number = pair.host.send_blob(b"x" * 1_000_000 + b"end")
        assert pair.host.call(WAIT, Text(text=str(number)), timeout_s=BOUND_S) == Text(text="1000003", data=b"end")


def test_blob_reaches_a_plugin_whose_handlers_are_all_at_work(links: Links) -> None:
    """BELL-2: larger than any buffer between the two, so that someone must read it."""
    gate = Gate()
    with peers(links, plugin={WAIT.name: gate, COUNT.name: take}) as pair:
        blocked = Background(lambda: pair.host.call(WAIT, Text()))
        gate.wait_until_entered()
        number = Background(lambda: pair.host.send_blob(b"ab" * 10_000_000)).join()
        assert pair.host.call(COUNT, Text(text=str(number)), timeout_s=BOUND_S) == Text(text="20000000", data=b"bab")
        gate.open()
        blocked.join()


def test_calls_go_on_while_a_blob_is_sent() -> None:
    with peers() as pair:
        sending = Background(lambda: [pair.host.send_blob(bytes(20_000_000)) for _ in range(5)])
        while sending.is_running:
            assert pair.host.call(ECHO, Text(text="on"), timeout_s=BOUND_S) == Text(text="on")
        assert sending.join() == [1, 2, 3, 4, 5]


def test_both_sides_send_blobs_at_once(links: Links) -> None:
    """BELL-2: two sides that both wait for room must both still read."""
    with peers(links, plugin={WAIT.name: take}, host={WAIT.name: take}) as pair:
        content = bytes(30_000_000)
        sending = [Background(partial(side.send_blob, content)) for side in (pair.host, pair.plugin)]
        assert [thread.join() for thread in sending] == [1, 1]
        assert pair.host.call(WAIT, Text(text="1"), timeout_s=BOUND_S).text == "30000000"
        assert Background(lambda: pair.plugin.call(WAIT, Text(text="1"))).join().text == "30000000"


def test_blob_larger_than_may_be_held_fails_the_call_that_names_it() -> None:
    """BLOB-5"""
    with peers(plugin={WAIT.name: take}, plugin_options={"held_blob_bytes": 1_000}) as pair:
        number = pair.host.send_blob(bytes(1_001))
        with pytest.raises(CallFailed) as caught:
            pair.host.call(WAIT, Text(text=str(number)), timeout_s=BOUND_S)
        assert caught.value.code == ErrorCode.TOO_LARGE
        number = pair.host.send_blob(bytes(1_000))
        assert pair.host.call(WAIT, Text(text=str(number)), timeout_s=BOUND_S).text == "1000"
