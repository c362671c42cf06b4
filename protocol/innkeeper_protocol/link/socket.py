"""A link over a connected stream socket: the one between a host and a plugin.

The bell travels as a descriptor beside the first bytes (SCM_RIGHTS), so that starting a plugin needs to hand over one
descriptor only. The sockets are those of ``_socket``, of which ``socket`` is made: that one takes as long to import as
five modules of this package, and in a plugin's process it is the plugin's, which may patch it.
"""

from __future__ import annotations

import _socket
import array
import contextlib
import os
import select
from collections.abc import Callable
from os import sched_yield
from time import monotonic

from .base import Bell, do_nothing
from .bell import DescriptorBell

BUFFER_BYTES = 4 * 1024 * 1024
"""What the kernel may hold each way. The default of 200 KiB costs bulk a third of its speed."""

GIVEN_WAY_S = 0.000004
"""Giving way takes longer than this only when someone else had the processor: the other side as a rule, so look."""

TAKEN_AWAY_S = 0.0007
"""And longer than this when it was someone who computes, a model for instance, and had it for all of a time slice. If
something came in the meantime, that was too long."""

SLEEPY_S = 0.25
"""Then nobody stays awake for so long. Who sleeps is woken ahead of who computes; who gave way comes after it."""

_ANCILLARY_BYTES = _socket.CMSG_SPACE(4 * array.array("i").itemsize)

_SEND_FLAGS = _socket.MSG_DONTWAIT | _socket.MSG_NOSIGNAL
"""Never wait inside the call, where nobody could be rung; never a signal, whatever a plugin did to SIGPIPE."""


class SocketLink:
    """A link over *connected*, which it owns from now on."""

    def __init__(self, connected: _socket.socket) -> None:
        self._socket = connected
        self._descriptor_to_send: int | None = None
        self._bell: DescriptorBell | None = None
        connected.setblocking(True)
        for option in (_socket.SO_SNDBUF, _socket.SO_RCVBUF):
            with contextlib.suppress(OSError):
                connected.setsockopt(_socket.SOL_SOCKET, option, BUFFER_BYTES)
        self._sleepy_until = 0.0
        self._readable = select.poll()
        self._readable.register(connected, select.POLLIN)
        self.before_waiting: Callable[[], None] = do_nothing
        self.receive_into: Callable[[memoryview], int] = connected.recv_into

    @classmethod
    def from_descriptor(cls, number: int) -> SocketLink:
        """Take over descriptor *number*, one end of a socket pair. Programs that this one starts do not inherit it."""
        os.set_inheritable(number, False)
        return cls(_socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM, 0, fileno=number))

    def fileno(self) -> int:
        """Return the descriptor, -1 once closed."""
        return self._socket.fileno()

    def is_readable(self, timeout_s: float) -> bool:
        """Wait at most *timeout_s* for something to read."""
        return bool(self._readable.poll(max(0, timeout_s) * 1000))

    def stay_awake(self, span_s: float) -> None:
        """Look again and again; in between the other side may have the processor, should both share one."""
        began = monotonic()
        if began < self._sleepy_until:
            return
        sched_yield()
        now, look = monotonic(), self._readable.poll
        if now - began < GIVEN_WAY_S:
            while not look(0) and now - began < span_s:
                sched_yield()
                now = monotonic()
        if now - began > TAKEN_AWAY_S and look(0):
            self._sleepy_until = now + SLEEPY_S

    def send(self, data: bytes, more: bytes | memoryview = b"", /) -> None:
        """Send *data* and then *more*: in one piece where there is room, else as room comes."""
        if more or self._descriptor_to_send is not None:
            self._send_parts([data, more])
            return
        try:
            sent = self._socket.send(data, _SEND_FLAGS)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            self._send_parts([memoryview(data)[sent:]])

    def _send_parts(self, rest: list[bytes | memoryview]) -> None:
        while rest:
            try:
                sent = self._send_now(rest)
            except BlockingIOError:
                self.before_waiting()
                poll = select.poll()
                poll.register(self._socket, select.POLLOUT)
                poll.poll()
                continue
            while rest and sent >= len(rest[0]):
                sent -= len(rest.pop(0))
            if rest and sent:
                rest[0] = memoryview(rest[0])[sent:]

    def _send_now(self, parts: list[bytes | memoryview]) -> int:
        if self._descriptor_to_send is not None:
            number, self._descriptor_to_send = self._descriptor_to_send, None
            try:
                rights = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, array.array("i", [number]))]
                return self._socket.sendmsg(parts, rights, _SEND_FLAGS)
            finally:
                _socket.close(number)
        return self._socket.sendmsg(parts, (), _SEND_FLAGS)

    def shut_down(self) -> None:
        """End both directions. What has come already can still be read."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(_socket.SHUT_RDWR)

    def leave(self) -> None:
        """Leave the connection to the process that this one was forked off: there it goes on, and here it is over."""
        number = self._socket.fileno()
        if number >= 0:
            ours, theirs = _socket.socketpair()
            theirs.close()
            os.dup2(ours.fileno(), number, inheritable=False)
            ours.close()

    def close(self) -> None:
        """Give the descriptors back."""
        self._socket.close()
        if self._descriptor_to_send is not None:
            _socket.close(self._descriptor_to_send)
            self._descriptor_to_send = None
        if self._bell is not None:
            self._bell.dispose()
            self._bell = None

    def offer_bell(self) -> Bell | None:
        """Make a bell whose other end goes along with the next thing sent."""
        if self._socket.family != _socket.AF_UNIX:
            return None
        ours, theirs = _socket.socketpair()
        self._descriptor_to_send = theirs.detach()
        self._bell = DescriptorBell(ours.detach())
        return self._bell

    def expect_bell(self) -> None:
        """Look for a descriptor beside the bytes that come."""
        if self._socket.family == _socket.AF_UNIX:
            self.receive_into = self._receive_with_bell

    def take_bell(self) -> Bell | None:
        """Return the bell that came, if one did."""
        self.receive_into = self._socket.recv_into
        return self._bell

    def _receive_with_bell(self, space: memoryview) -> int:
        count, rights, _, _ = self._socket.recvmsg_into([space], _ANCILLARY_BYTES, _socket.MSG_CMSG_CLOEXEC)
        for level, kind, data in rights:
            if level == _socket.SOL_SOCKET and kind == _socket.SCM_RIGHTS:
                numbers = array.array("i")
                numbers.frombytes(data[: len(data) - len(data) % numbers.itemsize])
                for number in numbers:
                    if self._bell is None:
                        self._bell = DescriptorBell(number)
                    else:
                        _socket.close(number)
        return count


def socket_links() -> tuple[SocketLink, SocketLink]:
    """Return both ends of a new socket pair."""
    ours, theirs = _socket.socketpair()
    return SocketLink(ours), SocketLink(theirs)
