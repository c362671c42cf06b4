"""How a connection ends, on purpose or not: open calls fail once, handlers are told, nothing is left behind."""

from __future__ import annotations

import contextlib
import gc
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from innkeeper_protocol import codec, methods
from innkeeper_protocol.connection import notification
from innkeeper_protocol.errors import (
    CallCancelled,
    CallFailed,
    ConnectionLost,
    FrameTooLarge,
    MalformedMessage,
    ProtocolViolation,
    TruncatedFrame,
    UnexpectedMessage,
)
from innkeeper_protocol.framing import encode_frame
from innkeeper_protocol.link import SocketLink
from innkeeper_protocol.messages import Result
from innkeeper_protocol.payloads.base import Nothing
from innkeeper_protocol.payloads.session import InitializeResult, Software
from innkeeper_protocol.peer import IncomingCall, Peer

from .pairs import BOUND_S, COUNT, ECHO, TABLE, WAIT, Background, Links, Text, peers

REPOSITORY = Path(__file__).resolve().parents[2]


@contextlib.contextmanager
def host_and_raw_plugin() -> Any:
    """Yield a host, initialized, and the bare socket of a plugin that says only what the test says for it."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(BOUND_S)
    host = Peer(SocketLink(ours), role="host", handlers={}, table=TABLE)
    answer = InitializeResult(revision=1, sdk=Software(name="raw", version="1"))
    theirs.sendall(encode_frame(codec.encode(Result(id=1, result=answer))))
    host.initialize(timeout_s=BOUND_S)
    theirs.recv(65_536)
    try:
        with theirs:
            yield host, theirs
    finally:
        host.close()


def test_shutdown_is_answered_and_then_the_plugin_leaves(links: Links) -> None:
    """INIT-6"""
    with peers(links) as pair:
        assert pair.host.call(methods.SHUTDOWN, Nothing(), timeout_s=BOUND_S) == Nothing()
        pair.serving.join(BOUND_S)
        assert not pair.serving.is_alive()
        assert pair.plugin.closed
        with pytest.raises(ConnectionLost):
            pair.host.call(ECHO, Text(), timeout_s=BOUND_S)


def test_shutdown_does_not_wait_for_open_calls(links: Links) -> None:
    """INIT-6"""
    told = threading.Event()

    def wait(params: Text, call: IncomingCall) -> Text:
        call.on_cancel(told.set)
        assert told.wait(BOUND_S)
        return params

    with peers(links, plugin={WAIT.name: wait}) as pair:
        open_call = Background(lambda: pair.host.call(WAIT, Text()))
        while not pair.plugin._core.connection.incoming:
            pair.host.call(ECHO, Text(), timeout_s=BOUND_S)
        assert pair.host.call(methods.SHUTDOWN, Nothing(), timeout_s=BOUND_S) == Nothing()
        with pytest.raises(ConnectionLost):
            open_call.join()
        assert told.wait(BOUND_S)


@pytest.mark.parametrize("who", ["host", "plugin"])
def test_close_fails_every_open_call_of_both_sides_and_tells_every_handler(who: str, links: Links) -> None:
    """CALL-8"""
    told = [threading.Semaphore(0), threading.Semaphore(0)]

    def waiting(side: int) -> Callable[[Text, IncomingCall], Text]:
        def wait(params: Text, call: IncomingCall) -> Text:
            entered.release()
            released = threading.Event()
            call.on_cancel(released.set)
            assert released.wait(BOUND_S)
            assert call.cancelled
            told[side].release()
            raise CallCancelled

        return wait

    entered = threading.Semaphore(0)
    with peers(links, host={WAIT.name: waiting(0)}, plugin={WAIT.name: waiting(1)}) as pair:
        calls = [Background(lambda side=side: side.call(WAIT, Text())) for side in (pair.host, pair.plugin) * 3]
        for _ in calls:
            assert entered.acquire(timeout=BOUND_S)
        getattr(pair, who).close()
        for call in calls:
            with pytest.raises(ConnectionLost):
                call.join()
        for semaphore in told * 3:
            assert semaphore.acquire(timeout=BOUND_S)


def test_closed_peer_takes_no_calls_and_ignores_notifications() -> None:
    with peers() as pair:
        pair.host.close()
        pair.host.close()
        with pytest.raises(ConnectionLost, match="this side closed the connection"):
            pair.host.call(ECHO, Text())
        with pytest.raises(ConnectionLost):
            pair.host.send_blob(b"x")
        pair.host.notify(methods.CONSOLE, methods.CONSOLE.params(text="x"))
        assert isinstance(pair.host.why_closed, ConnectionLost)


def test_other_side_dying_inside_a_frame_is_told_from_one_that_left() -> None:
    """FRAME-5"""
    with host_and_raw_plugin() as (host, plugin):
        call = Background(lambda: host.call(ECHO, Text()))
        assert plugin.recv(65_536)
        plugin.sendall(encode_frame(b"x" * 100)[:50])
        plugin.close()
        with pytest.raises(TruncatedFrame):
            call.join()
        assert isinstance(host.why_closed, TruncatedFrame)
        with pytest.raises(ConnectionLost, match="inside a frame"):
            host.call(ECHO, Text())


def test_other_side_leaving_fails_the_open_calls() -> None:
    """FRAME-5, CALL-8"""
    with host_and_raw_plugin() as (host, plugin):
        calls = [Background(lambda: host.call(ECHO, Text())) for _ in range(3)]
        while len(host._core.connection.outgoing) < 3:
            assert plugin.recv(65_536)
        plugin.close()
        for call in calls:
            with pytest.raises(ConnectionLost):
                call.join()


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (b"Hello, world!\n", FrameTooLarge),
        (encode_frame(b"\xc1"), MalformedMessage),
        (encode_frame(codec.encode(Result(id=77, result={}))), UnexpectedMessage),
        (encode_frame(notification(methods.CANCEL, {"id": "x"})), MalformedMessage),
    ],
    ids=["printed", "garbage", "answer to nothing", "cancel of text"],
)
def test_broken_rule_ends_the_connection_with_its_own_error(said: bytes, error: type[ProtocolViolation]) -> None:
    """A plugin that misbehaves is named for what it did; the other calls see that the connection was ended."""
    with host_and_raw_plugin() as (host, plugin):
        call = Background(lambda: host.call(ECHO, Text()))
        assert plugin.recv(65_536)
        plugin.sendall(said)
        with pytest.raises(error):
            call.join()
        assert type(host.why_closed) is error
        assert plugin.recv(65_536) == b""
        with pytest.raises(ConnectionLost, match="the connection was ended"):
            host.call(ECHO, Text())


def test_violation_while_nobody_calls_is_noticed_by_who_is_rung() -> None:
    with peers() as pair:
        pair.plugin._core.send_payload(codec.encode(Result(id=999, result={})))
        pair.plugin._core.ring()
        pair.serving.join(BOUND_S)
        assert isinstance(pair.host.why_closed, UnexpectedMessage)


def test_second_initialize_is_refused() -> None:
    """INIT-5"""
    again = methods.INITIALIZE.params(revisions=(1,), host=Software(name="h", version="1"))
    with peers() as pair, pytest.raises(CallFailed, match="initialized already"):
        pair.host.call(methods.INITIALIZE, again, timeout_s=BOUND_S)


def test_plugin_that_chooses_another_revision_is_refused() -> None:
    """INIT-2"""
    ours, theirs = socket.socketpair()
    host = Peer(SocketLink(ours), role="host", handlers={})
    answer = InitializeResult(revision=2, sdk=Software(name="raw", version="1"))
    with theirs:
        theirs.sendall(encode_frame(codec.encode(Result(id=1, result=answer))))
        with pytest.raises(UnexpectedMessage) as caught:
            host.initialize(timeout_s=BOUND_S)
    assert caught.value.rule == "INIT-2"
    assert host.closed


def open_descriptors() -> int:
    gc.collect()  # an earlier test's garbage may hold some
    return len(os.listdir("/proc/self/fd"))


def wait_for_threads_to_leave(before: set[threading.Thread]) -> None:
    """Those *before* were earlier tests', and may stay."""
    for thread in {*threading.enumerate()} - before:
        thread.join(BOUND_S)
    assert {*threading.enumerate()} <= before


@pytest.mark.parametrize("end", ["host", "plugin", "shutdown"])
def test_nothing_is_left_of_a_connection_that_is_over(end: str) -> None:
    """Descriptors and threads, whoever ended it, also with handlers at work and a stream in flow."""
    threads = {*threading.enumerate()}
    before = open_descriptors()

    def endless(params: Text, call: IncomingCall) -> Text:
        while True:
            call.send_item("x" * 100)

    with peers(plugin={COUNT.name: endless}) as pair:
        stream = pair.host.open_stream(COUNT, Text())
        assert [next(stream) for _ in range(100)] == ["x" * 100] * 100
        assert Background(lambda: pair.plugin.call(ECHO, Text(text="hi"))).join() == Text(text="hi")
        if end == "shutdown":
            pair.host.call(methods.SHUTDOWN, Nothing(), timeout_s=BOUND_S)
        else:
            getattr(pair, end).close()

    wait_for_threads_to_leave(threads)
    assert open_descriptors() == before


def test_peer_that_was_never_initialized_leaves_nothing() -> None:
    threads = {*threading.enumerate()}
    before = open_descriptors()
    ours, theirs = socket.socketpair()
    host = Peer(SocketLink(ours), role="host", handlers={})
    theirs.close()
    with pytest.raises(ConnectionLost):
        host.initialize(timeout_s=BOUND_S)
    wait_for_threads_to_leave(threads)
    assert open_descriptors() == before
