"""What carries the bytes: both kinds of link, and the bell that goes along."""

from __future__ import annotations

import array
import os
import socket
import threading
from collections.abc import Iterator

import pytest
from innkeeper_protocol.link import Link, SocketLink, memory_links, socket_links

from .pairs import BOUND_S, Background


@pytest.fixture(params=[socket_links, memory_links], ids=["socket", "memory"])
def ends(request: pytest.FixtureRequest) -> Iterator[tuple[Link, Link]]:
    made: tuple[Link, Link] = request.param()
    yield made
    for link in made:
        link.shut_down()
        link.close()


def received(link: Link, count: int) -> bytes:
    data, space = b"", memoryview(bytearray(65_536))
    while len(data) < count:
        got = link.receive_into(space)
        if not got:
            break
        data += space[:got]
    return data


def test_bytes_come_in_order_in_both_parts(ends: tuple[Link, Link]) -> None:
    one, other = ends
    one.send(b"head", b"body")
    one.send(b"tail")
    assert received(other, 12) == b"headbodytail"


def test_sender_waits_for_room_and_says_so_before(ends: tuple[Link, Link]) -> None:
    one, other = ends
    waited = threading.Event()
    one.before_waiting = waited.set
    content = os.urandom(20_000_000)
    sending = Background(lambda: one.send(b"head", content))
    assert waited.wait(BOUND_S)
    assert received(other, len(content) + 4) == b"head" + content
    sending.join()


def test_readable_means_there_is_something_or_the_end(ends: tuple[Link, Link]) -> None:
    one, other = ends
    assert not other.is_readable(0)
    assert not other.is_readable(-1)
    one.send(b"x")
    assert other.is_readable(BOUND_S)
    assert received(other, 1) == b"x"
    one.shut_down()
    assert other.is_readable(BOUND_S)
    assert received(other, 1) == b""


def test_staying_awake_ends_with_its_time_or_with_something_to_read(ends: tuple[Link, Link]) -> None:
    one, other = ends
    other.stay_awake(0.001)
    one.send(b"x")
    other.stay_awake(60)
    assert received(other, 1) == b"x"


def test_nobody_stays_awake_where_others_compute() -> None:
    """Who gives way to a busy process gets the processor back a time slice later; who sleeps is woken at once."""
    one, other = socket_links()
    other._sleepy_until = float("inf")
    other.stay_awake(BOUND_S * 100)  # returns, though nothing comes
    one.close()
    other.close()


def test_shutting_down_lets_everyone_go_and_keeps_what_came(ends: tuple[Link, Link]) -> None:
    one, other = ends
    one.send(b"last words")
    blocked = Background(lambda: received(one, 1))
    other.shut_down()
    other.shut_down()
    assert blocked.join() == b""
    with pytest.raises(OSError, match=r"."):
        one.send(b"x")


def test_shutting_down_lets_a_sender_go_that_waits_for_room(ends: tuple[Link, Link]) -> None:
    one, other = ends
    waiting = threading.Event()
    one.before_waiting = waiting.set
    sending = Background(lambda: one.send(bytes(30_000_000)))
    assert waiting.wait(BOUND_S)
    other.shut_down()
    with pytest.raises(OSError, match=r"."):
        sending.join()


def test_bell_wakes_the_other_side_and_poke_this_one(ends: tuple[Link, Link]) -> None:
    """BELL-1"""
    one, other = ends
    ours = one.offer_bell()
    other.expect_bell()
    one.send(b"hello")
    assert received(other, 5) == b"hello"
    theirs = other.take_bell()
    assert ours is not None
    assert theirs is not None

    asleep = Background(theirs.wait)
    ours.ring()
    assert asleep.join() is True
    asleep = Background(theirs.wait)
    theirs.poke()
    assert asleep.join() is True
    sleepers = [Background(theirs.wait) for _ in range(3)]
    theirs.close()
    assert [thread.join() for thread in sleepers] == [True] * 3
    ours.close()


def test_rings_that_nobody_answers_block_nobody() -> None:
    """BELL-4: a full bell is rung already."""
    one, other = socket_links()
    ours = one.offer_bell()
    other.expect_bell()
    one.send(b"x")
    received(other, 1)
    theirs = other.take_bell()
    assert ours is not None
    assert theirs is not None
    for _ in range(100_000):
        ours.ring()
    assert theirs.wait()
    one.close()
    other.close()


def test_bell_whose_other_end_is_gone_says_so() -> None:
    """BELL-4"""
    one, other = socket_links()
    ours = one.offer_bell()
    other.expect_bell()
    one.send(b"x")
    received(other, 1)
    theirs = other.take_bell()
    assert ours is not None
    assert theirs is not None
    one.close()
    while theirs.wait():
        pass
    theirs.ring()
    other.close()


def test_descriptors_that_nobody_asked_for_are_closed() -> None:
    """BELL-1: one is the bell, a hostile side may send more."""
    ours, theirs = socket.socketpair()
    link = SocketLink(theirs)
    link.expect_bell()
    before = len(os.listdir("/proc/self/fd"))
    extra = [os.dup(ours.fileno()) for _ in range(4)]
    ours.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", extra))])
    for number in extra:
        os.close(number)
    assert received(link, 1) == b"x"
    assert link.take_bell() is not None
    kept = len(os.listdir("/proc/self/fd")) - before
    assert kept == 3, "the bell, and the pipe that pokes"
    link.close()
    ours.close()
    assert len(os.listdir("/proc/self/fd")) == before - 2


def test_side_that_expects_no_bell_keeps_no_descriptor() -> None:
    ours, theirs = socket.socketpair()
    link = SocketLink(theirs)
    before = len(os.listdir("/proc/self/fd"))
    ours.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [ours.fileno()]))])
    assert received(link, 1) == b"x"
    assert len(os.listdir("/proc/self/fd")) == before
    link.close()
    ours.close()


def test_link_over_tcp_works_without_a_bell() -> None:
    """BELL-1"""
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        accepted, _ = server.accept()
    one, other = SocketLink(client), SocketLink(accepted)
    assert one.offer_bell() is None
    other.expect_bell()
    one.send(b"hi", b"there")
    assert received(other, 7) == b"hithere"
    assert other.take_bell() is None
    one.close()
    other.close()
