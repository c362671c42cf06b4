"""The broker by itself, asked over its own socket, with servers that are really there."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from innkeeper.confinement.broker import AT_ONCE, Broker
from innkeeper.confinement.policy import HostPort, Policy

TIMEOUT_S = 10


@contextmanager
def broker_for(
    *net: str, environ: dict[str, str] | None = None
) -> Iterator[tuple[socket.socket, list[tuple[object, ...]]]]:
    """Yield the plugin's end, and the list that refusals are reported to."""
    host, plugin = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    plugin.settimeout(TIMEOUT_S)
    denied: list[tuple[object, ...]] = []
    policy = Policy("talker", net=tuple(HostPort.parse(text) for text in net))
    broker = Broker(host.detach(), policy, environ=environ or {}, on_denied=lambda *facts: denied.append(facts))
    broker.start()
    with plugin:
        try:
            yield plugin, denied
        finally:
            broker.close()


def ask(plugin: socket.socket, request: bytes) -> tuple[bytes, socket.socket | None]:
    plugin.send(request)
    answer, descriptors, _, _ = socket.recv_fds(plugin, 2048, 4)
    return answer, socket.socket(fileno=descriptors[0]) if descriptors else None


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_a_granted_connection_is_handed_over(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    with broker_for(f"localhost:{port}") as (plugin, denied):
        answer, connection = ask(plugin, b"7 %d LOCALHOST." % port)
        assert connection is not None
        with connection, listener.accept()[0] as accepted:
            connection.sendall(b"hi")
            assert accepted.recv(2) == b"hi"

    assert (answer, denied) == (b"7 0 ", [])


@pytest.mark.parametrize(
    "host", ["other.example", "localhost.evil.example", "127.0.0.2", "0x7f.1", "local\thost", "[::1", ""]
)
def test_a_refusal_names_the_host_and_the_command(host: str) -> None:
    with broker_for("localhost:1") as (plugin, denied):
        answer, connection = ask(plugin, b"1 1 " + host.encode())

    assert connection is None
    assert answer.startswith(b"1 13 talker may not connect to ")
    assert [facts[:3] for facts in denied] == [("talker", host, 1)]


@pytest.mark.parametrize(
    "garbage",
    [
        b"proxy",
        b"1",
        b"1 1",
        b"x 1 localhost",
        b"1 x localhost",
        b"1 0 localhost",
        b"1 70000 localhost",
        b"\xff" * 9,
        b"1 1 " + b"a" * 2000,
    ],
)
def test_what_is_no_request_ends_the_network(garbage: bytes) -> None:
    with broker_for("localhost:1") as (plugin, denied):
        answer, _ = ask(plugin, garbage)

    assert (answer, denied) == (b"", [])


def test_descriptors_that_a_plugin_sends_are_closed(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    before = len(os.listdir("/proc/self/fd"))
    with broker_for(f"localhost:{port}") as (plugin, _):
        for number in range(20):
            socket.send_fds(plugin, [b"%d %d localhost" % (number, port)], [0] * 200)
            _, descriptors, _, _ = socket.recv_fds(plugin, 2048, 4)
            os.close(descriptors[0])
        threads = [thread for thread in threading.enumerate() if thread.name == "broker of talker"]
    for thread in threads:
        thread.join(TIMEOUT_S)

    assert len(os.listdir("/proc/self/fd")) == before


def test_a_slow_host_does_not_hold_up_the_others(listener: socket.socket) -> None:
    """A listener whose queue is full answers nobody; a connection to another is made meanwhile."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        stuck, port = full.getsockname()[1], listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", stuck))
        with broker_for(f"localhost:{stuck}", f"localhost:{port}") as (plugin, _):
            plugin.send(b"1 %d localhost" % stuck)
            answer, connection = ask(plugin, b"2 %d localhost" % port)
            assert connection is not None
            connection.close()
        for sock in waiting:
            sock.close()

    assert answer == b"2 0 "


def test_a_flood_of_requests_waits_in_the_socket() -> None:
    """Each goes to a proxy that never answers: the host has a bounded number under way, and takes no more."""
    before = {*threading.enumerate()}
    with socket.create_server(("127.0.0.1", 0), backlog=AT_ONCE) as mute:
        environ = {"HTTPS_PROXY": f"http://127.0.0.1:{mute.getsockname()[1]}"}
        with broker_for("api.example.com:443", environ=environ) as (plugin, _):
            plugin.settimeout(1)
            assert send_until_full(plugin, b"1 443 api.example.com") < 10_000
            threads = {*threading.enumerate()} - before
            assert len(threads) == AT_ONCE
    for thread in threads:
        thread.join(TIMEOUT_S)
        assert not thread.is_alive()


def send_until_full(plugin: socket.socket, request: bytes) -> int:
    """Send *request* until nobody takes it within the timeout; return how often that was."""
    for count in range(100_000):
        try:
            plugin.send(request)
        except TimeoutError:
            return count
    return 100_000


class Proxy(threading.Thread):
    """A proxy of the person's: notes what it is asked, answers with *answer*, then echoes or ends."""

    def __init__(self, answer: bytes, *, echoes: bool = True) -> None:
        super().__init__(daemon=True)
        self.echoes = echoes
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.answer = answer
        self.asked = b""
        self.start()

    @property
    def url(self) -> str:
        return f"http://me:pass@127.0.0.1:{self.listener.getsockname()[1]}"

    def run(self) -> None:
        with self.listener, self.listener.accept()[0] as client:
            while not self.asked.endswith(b"\r\n\r\n"):
                self.asked += client.recv(1000)
            client.sendall(self.answer)
            if self.echoes:
                client.sendall(client.recv(1000))


def test_the_person_s_proxy_is_asked_for_granted_hosts_only() -> None:
    proxy = Proxy(b"HTTP/1.1 200 Yes\r\nVia: me\r\n\r\n")
    with broker_for("api.example.com:443", environ={"HTTPS_PROXY": proxy.url}) as (plugin, denied):
        refused, _ = ask(plugin, b"1 443 evil.example.com")
        answer, connection = ask(plugin, b"2 443 api.example.com")
        assert connection is not None
        with connection:
            connection.settimeout(TIMEOUT_S)
            connection.sendall(b"hello")
            assert connection.recv(100) == b"hello"
    proxy.join(TIMEOUT_S)

    assert (refused[:5], answer) == (b"1 13 ", b"2 0 ")
    assert proxy.asked.split(b"\r\n") == [
        b"CONNECT api.example.com:443 HTTP/1.1",
        b"Host: api.example.com:443",
        b"Proxy-Authorization: Basic bWU6cGFzcw==",
        b"",
        b"",
    ]
    assert [facts[1] for facts in denied] == ["evil.example.com"]


@pytest.mark.parametrize("answer", [b"HTTP/1.1 407 Who\r\n\r\n", b"HTTP/1.1 200", b"x" * 20000])
def test_a_proxy_that_refuses_is_an_error_of_the_connection(answer: bytes) -> None:
    proxy = Proxy(answer, echoes=False)
    with broker_for("api.example.com:443", environ={"HTTPS_PROXY": proxy.url}) as (plugin, _):
        plugin.send(b"1 443 api.example.com")
        said, descriptors, _, _ = socket.recv_fds(plugin, 2048, 4)

    proxy.join(TIMEOUT_S)
    assert said.startswith(b"1 111 the proxy")
    assert descriptors == []


def test_closing_twice_or_after_the_plugin_is_harmless() -> None:
    with broker_for("localhost:1") as (plugin, _):
        plugin.close()
