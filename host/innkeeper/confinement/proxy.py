"""A CONNECT proxy for code inside that makes its own sockets: gRPC, Rust clients, curl, git.

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

from .policy import HostPort

REQUEST_TIMEOUT_S = 30.0
"""To name the host. A client does that at once."""

CONNECTIONS_LIMIT = 64
"""Open at once. More is a flood."""

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
                request = _read_head(client)
                target = _target(request)
                if target is None:
                    client.sendall(b"HTTP/1.1 405 Only CONNECT\r\nAllow: CONNECT\r\nContent-Length: 0\r\n\r\n")
                    return
                try:
                    server = self._connect(target.host, target.port or 443)
                except OSError as error:
                    status = b"403 Forbidden" if isinstance(error, PermissionError) else b"502 Bad Gateway"
                    text = (error.strerror or str(error)).encode("utf-8", "replace")
                    client.sendall(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(text), text))
                    return
                with server:
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


def _target(head: bytes) -> HostPort | None:
    words = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
    if len(words) != 3 or words[0] != "CONNECT":
        return None
    try:
        return HostPort.parse(words[1])
    except ValueError:
        return None


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
