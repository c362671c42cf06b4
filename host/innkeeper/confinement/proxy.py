"""A proxy for code inside that makes its own sockets: gRPC, Rust clients, curl, git. It joins them to a host when asked
to CONNECT, and passes on requests in plain HTTP, one a connection.

Tier ns only. The plugin's network is an empty one, whose only listener is the socket that the bootstrap made there
and handed to the host; the host accepts from it, so the plugin reaches this proxy and nothing else. Who may be
connected to is the broker's decision, as for everyone.
"""

from __future__ import annotations

import os
import select
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from .policy import HostPort

REQUEST_TIMEOUT_S = 30.0
"""To say what is wanted. A client does that at once."""

CONNECTIONS_LIMIT = 64
"""Open at once. More is a flood."""

_BETWEEN_TWO = frozenset(["connection", "proxy-connection", "keep-alive", "proxy-authorization", "te", "upgrade"])
"""Headers that are about one connection. The next request of a client may be for another host, so each is the last."""

_HEAD_LIMIT_BYTES = 16 * 1024
_PIECE_BYTES = 64 * 1024


class ConnectProxy:
    """Serves the listening socket *descriptor*, which it now owns, with connections that *connect* makes, until the
    plugin ends.
    """

    def __init__(self, descriptor: int, connect: Callable[[str, int], socket.socket], *, name: str) -> None:
        self._listener = socket.socket(fileno=descriptor)
        self._connect = connect
        self._slots = threading.Semaphore(CONNECTIONS_LIMIT)
        self._thread = threading.Thread(target=self._accept, name=f"proxy of {name}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Accept no more."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(REQUEST_TIMEOUT_S)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            self._slots.acquire()
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), name="proxied", daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            with client:
                client.settimeout(REQUEST_TIMEOUT_S)
                request = _Request.parse(_read_head(client))
                if request is None:
                    client.sendall(b"HTTP/1.1 400 No request for a proxy\r\nContent-Length: 0\r\n\r\n")
                    return
                try:
                    server = self._connect(request.host, request.port)
                except OSError as error:
                    status = b"403 Forbidden" if isinstance(error, PermissionError) else b"502 Bad Gateway"
                    text = (error.strerror or str(error)).encode("utf-8", "replace")
                    client.sendall(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(text), text))
                    return
                with server:
                    if request.to_pass_on:
                        server.sendall(request.to_pass_on)
                    else:
                        client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
                    _relay(client, server)
        except OSError:
            return  # one side is gone, which ends it for the other
        finally:
            self._slots.release()


def _read_head(client: socket.socket) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n") and len(head) < _HEAD_LIMIT_BYTES:
        byte = client.recv(1)  # not one more: what follows is for the server
        if not byte:
            break
        head += byte
    return head


class _Request(NamedTuple):
    """Where a client wants to, and the head *to_pass_on* there, b"" where it only wants to be connected."""

    host: str
    port: int
    to_pass_on: bytes = b""

    @classmethod
    def parse(cls, head: bytes) -> _Request | None:
        """Return what *head* asks for, None where that is nothing for a proxy."""
        if not head.endswith(b"\r\n\r\n"):
            return None
        first, *headers = head.decode("latin-1").split("\r\n")
        words = first.split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            return None
        method, target, version = words
        try:
            if method == "CONNECT":
                found = HostPort.parse(target)
                return cls(found.host, found.port or 443)
            scheme, _, rest = target.partition("://")
            if scheme.lower() != "http" or not method.isalpha():
                return None
            end = next((number for number, letter in enumerate(rest) if letter in "/?#"), len(rest))
            found = HostPort.parse(rest[:end].rpartition("@")[2])
        except ValueError:
            return None
        path = rest[end:] if rest[end:].startswith("/") else f"/{rest[end:]}"
        kept = [line for line in headers if line and line.partition(":")[0].strip().lower() not in _BETWEEN_TWO]
        lines = [f"{method} {path} {version}", *kept, "Connection: close", "", ""]
        return cls(found.host, found.port or 80, "\r\n".join(lines).encode("latin-1"))


def _relay(one: socket.socket, other: socket.socket) -> None:
    """Copy both ways until both sides have ended. What one side does not take stays in the kernel's buffers."""
    for end in (one, other):
        end.settimeout(None)
    ways = {one: other, other: one}
    poll = select.poll()
    by_number = {end.fileno(): end for end in ways}
    for number in by_number:
        poll.register(number, select.POLLIN)
    while by_number:
        for number, _ in poll.poll():
            source = by_number.get(number)
            if source is None:
                continue
            piece = os.read(number, _PIECE_BYTES)
            if piece:
                ways[source].sendall(piece)
                continue
            poll.unregister(number)
            del by_number[number]
            try:
                ways[source].shutdown(socket.SHUT_WR)
            except OSError:
                return
