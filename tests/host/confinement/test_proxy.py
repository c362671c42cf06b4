"""The proxy by itself: what it passes on, to whom, and what it does not take for a request."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator

import pytest
from innkeeper.confinement.proxy import ConnectProxy

TIMEOUT_S = 10


class Network:
    """Whom the proxy wanted to be connected to; it is connected to the test instead, or refused."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []
        self.ours, self._theirs = socket.socketpair()
        self.ours.settimeout(TIMEOUT_S)
        self.refuses = False

    def connect(self, host: str, port: int) -> socket.socket:
        self.asked.append((host, port))
        if self.refuses:
            raise PermissionError(errno.EACCES, "may not")
        theirs = self._theirs.detach()  # from here on it is the proxy's to close: its thread may still use the number
        return socket.socket(fileno=theirs)

    def close(self) -> None:
        self.ours.close()
        self._theirs.close()


@pytest.fixture
def network() -> Iterator[Network]:
    network = Network()
    yield network
    network.close()


@pytest.fixture
def client(network: Network) -> Iterator[socket.socket]:
    """Return a connection to a proxy, as code inside has it."""
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    proxy = ConnectProxy(listener.detach(), network.connect, name="talker")
    with socket.create_connection(address, timeout=TIMEOUT_S) as client:
        yield client
    proxy.close()


def head_of(connection: socket.socket) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        assert byte, f"it ended after {head!r}"
        head += byte
    return head


def test_connecting_joins_both_ends(client: socket.socket, network: Network) -> None:
    client.sendall(b"CONNECT [2001:db8::1]:8443 HTTP/1.1\r\nHost: x\r\n\r\n")
    assert head_of(client) == b"HTTP/1.1 200 Connected\r\n\r\n"
    assert network.asked == [("2001:db8::1", 8443)]

    client.sendall(b"ping")
    assert network.ours.recv(100) == b"ping"
    network.ours.sendall(b"pong")
    assert client.recv(100) == b"pong"


@pytest.mark.parametrize(
    ("target", "host", "path"),
    [
        (b"http://a.example.net/x?y#z", ("a.example.net", 80), b"/x?y#z"),
        (b"http://A.example.net:8080", ("a.example.net", 8080), b"/"),
        (b"http://u:p@a.example.net?q=http://b.example.net/", ("a.example.net", 80), b"/?q=http://b.example.net/"),
    ],
)
def test_a_plain_request_is_passed_on_and_is_the_last(
    client: socket.socket, network: Network, target: bytes, host: tuple[str, int], path: bytes
) -> None:
    client.sendall(
        b"POST " + target + b" HTTP/1.1\r\nHost: a\r\nProxy-Connection: keep-alive\r\nConnection: keep-alive\r\n"
        b"Content-Length: 4\r\n\r\nbody"
    )

    head = head_of(network.ours)

    assert network.asked == [host]
    assert head == b"POST " + path + b" HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nConnection: close\r\n\r\n"
    assert network.ours.recv(100) == b"body"
    network.ours.sendall(b"HTTP/1.1 200 Fine\r\nConnection: close\r\n\r\n")
    network.ours.shutdown(socket.SHUT_WR)
    assert head_of(client) == b"HTTP/1.1 200 Fine\r\nConnection: close\r\n\r\n"
    assert client.recv(100) == b""


@pytest.mark.parametrize("request_line", [b"CONNECT a.example.net:443 HTTP/1.1", b"GET http://a.example.net/ HTTP/1.1"])
def test_a_refusal_says_why(client: socket.socket, network: Network, request_line: bytes) -> None:
    network.refuses = True
    client.sendall(request_line + b"\r\n\r\n")

    assert head_of(client).startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert client.recv(100) == b"may not"


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1",
        b"GET https://a.example.net/ HTTP/1.1",
        b"GET ftp://a.example.net/ HTTP/1.1",
        b"GET http:// HTTP/1.1",
        b"GET http://a.example.net:0/ HTTP/1.1",
        b"CONNECT a.example.net:99999 HTTP/1.1",
        b"CONNECT a b c HTTP/1.1",
        b"CONNECT a.example.net:443 SPDY",
        b"",
        b"\xff\x00",
        b"GET http://a.example.net/" + b"x" * 20_000,
    ],
)
def test_what_is_no_request_connects_nobody(client: socket.socket, network: Network, garbage: bytes) -> None:
    client.sendall(garbage + b"\r\n\r\n")

    assert head_of(client).startswith(b"HTTP/1.1 400 ")
    assert network.asked == []
