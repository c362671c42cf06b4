"""A peer in a process of its own: what only a process shows."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
from innkeeper_protocol import methods
from innkeeper_protocol.errors import CallFailed, ConnectionLost
from innkeeper_protocol.link import SocketLink
from innkeeper_protocol.peer import Peer

from .pairs import BOUND_S, Background


@contextlib.contextmanager
def plugin_process(handler: str) -> Iterator[tuple[Peer, subprocess.Popen[bytes]]]:
    """Start a plugin whose tools are the source *handler*, a function ``answer(params, call)``; yield a host to it."""
    program = f"""
import os, signal, resource, sys, threading
from innkeeper_protocol import methods
from innkeeper_protocol.link import SocketLink
from innkeeper_protocol.payloads.host_services import GetKeyParams
from innkeeper_protocol.payloads.tools import CallToolResult
from innkeeper_protocol.peer import Peer
{handler}
try:
    Peer(SocketLink.from_descriptor(int(sys.argv[1])), role="plugin", handlers={{"tools/call": answer}}).serve()
except KeyboardInterrupt:
    sys.exit(7)
"""
    ours, theirs = socket.socketpair()
    with subprocess.Popen([sys.executable, "-c", program, str(theirs.fileno())], pass_fds=[theirs.fileno()]) as process:
        theirs.close()
        host = Peer(
            SocketLink(ours), role="host", handlers={"host/get_key": lambda params, call: methods.GET_KEY.result()}
        )
        try:
            host.initialize(timeout_s=BOUND_S)
            yield host, process
        finally:
            host.close()
            process.wait(BOUND_S)


def call(host: Peer, name: str) -> str:
    return host.call(methods.CALL_TOOL, methods.CALL_TOOL.params(name=name), timeout_s=BOUND_S).output


def test_interrupt_in_a_handler_of_the_main_thread_answers_its_call_and_leaves() -> None:
    """A plugin that gets SIGINT ends like any Python program, and the call it was in has its failure."""
    with plugin_process("""
def answer(params, call):
    if threading.current_thread() is not threading.main_thread():
        return CallToolResult(output="another thread was quicker")
    signal.raise_signal(signal.SIGINT)
    while True:  # the interrupt may come a few instructions later
        pass
""") as (host, process):
        with pytest.raises(CallFailed, match="KeyboardInterrupt"):  # noqa: PT012  # until the main thread gets one
            while True:
                assert call(host, "x") == "another thread was quicker"
        assert process.wait(BOUND_S) == 7


def test_other_process_killed_fails_the_call() -> None:
    """CALL-8"""
    with plugin_process("""
def answer(params, call):
    os.kill(os.getpid(), signal.SIGKILL)
""") as (host, process):
        with pytest.raises(ConnectionLost):
            call(host, "x")
        assert process.wait(BOUND_S) == -signal.SIGKILL


def test_no_thread_to_be_had_is_no_reason_to_end_the_connection() -> None:
    """A confined process may be at its limit: what waits is done by the thread that is free next."""
    with plugin_process("""
def answer(params, call):
    if params.name == "limit":
        threading.stack_size(2**30)
        resource.setrlimit(resource.RLIMIT_AS, (2**29, 2**29))
        try:
            threading.Thread(target=print).start()
        except RuntimeError:
            return CallToolResult(output="reached")
    if params.name == "back":
        call.peer.call(methods.GET_KEY, GetKeyParams(name="x"))
    return CallToolResult(output=params.name)
""") as (host, _):
        assert call(host, "limit") == "reached"
        calls = [Background(lambda n=n: [call(host, "back" if n % 2 else "x") for _ in range(50)]) for n in range(8)]
        assert [len(running.join()) for running in calls] == [50] * 8


def test_program_that_a_plugin_starts_does_not_inherit_the_channel_or_the_bell() -> None:
    """Else the host would wait for the end of a connection that a grandchild holds open."""
    with plugin_process("""
import subprocess
def answer(params, call):
    held = subprocess.run([sys.executable, "-c", "import os; print(sorted(os.listdir('/proc/self/fd')))"],
                          close_fds=False, capture_output=True, text=True).stdout
    return CallToolResult(output=held)
""") as (host, _):
        assert call(host, "x").strip() == "['0', '1', '2', '3']"
