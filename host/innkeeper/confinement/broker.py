"""Connects for the plugin: it names a host and a port, and gets a connected socket, if that was granted.

Threads serve the host's end of the socket that `confine` made: whichever takes a request makes the connection, and
another waits for the next, up to a bounded number. Names are resolved here, for every connection anew, and only when
they are granted: a name that is not leaves this machine in no form. Every refusal is reported by name.

Requests are text, ``NUMBER PORT HOST``; answers ``NUMBER ERRNO TEXT``, with the socket beside them when ERRNO is 0.
What else a plugin sends ends its network, and descriptors that it sends are closed.

Every plugin has a broker and few ask it for anything, so what connecting takes is imported when that happens.
"""

from __future__ import annotations

import _socket
import errno
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .policy import HostPort, Policy, canonical_host

if TYPE_CHECKING:
    import socket

    from .proxy import ConnectProxy

CONNECT_TIMEOUT_S = 30.0
"""For one connection, all addresses of its name together. Longer than any of the vendors' clients waits."""

ATTEMPT_TIMEOUT_S = 10.0
"""For one address of several: an IPv6 address that leads nowhere must leave time for the IPv4 one."""

AT_ONCE = 16
"""Connections being made at once. The rest waits in the socket, and then the plugin does: a browser makes six to a
host."""

_REQUEST_LIMIT_BYTES = 1024
_TEXT_LIMIT = 300
_DESCRIPTOR_BYTES = 4
_DESCRIPTORS_BYTES = _socket.CMSG_LEN(253 * _DESCRIPTOR_BYTES)
"""The kernel's own limit for one message (SCM_MAX_FD): all that are received are closed."""

_REMEMBERED = 256
"""Hosts and ports that were found to be granted."""

Denied = Callable[[str, str, int, str], None]
"""Called with plugin, host, port and the reason, from the broker's threads. Where the host was granted, but not the
private address that it stands for, it is ``private:HOST``: what would have to be granted."""

Connected = Callable[[str, int], None]
"""Called with host and port of each connection that was made, from the broker's threads."""


class Broker:
    """The network of one plugin. `start` it once the plugin runs, `close` it when that is gone."""

    def __init__(
        self,
        fd: int,
        policy: Policy,
        *,
        environ: Mapping[str, str] = os.environ,
        on_denied: Denied | None = None,
        on_connected: Connected | None = None,
    ) -> None:
        """*fd* is `Confined.broker_fd`, which the broker now owns. *environ* names the person's proxy."""
        self._channel = _socket.socket(fileno=fd)
        self._policy = policy
        self._environ = environ
        self._on_denied = on_denied
        self._on_connected = on_connected
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._busy: set[threading.Thread] = set()
        self._is_over = False
        self._granted: dict[tuple[str, int], list[HostPort]] = {}
        self._proxy: ConnectProxy | None = None

    def start(self) -> None:
        with self._lock:
            self._add_thread()

    def close(self) -> None:
        """End the plugin's network; connections that it has stay, and those being made are nobody's."""
        self._end()
        with self._lock:
            idle = [thread for thread in self._threads if thread not in self._busy]
        for thread in idle:
            thread.join(CONNECT_TIMEOUT_S)
        self._channel.close()
        if self._proxy is not None:
            self._proxy.close()

    def open(self, host: str, port: int) -> socket.socket:
        """Return a socket connected to *host*, which may be what a plugin sent. Raises OSError, with an errno, and
        reports refusals.
        """
        name, grants = host, self._granted.get((host, port))
        if grants is None:
            name, grants = self._look_up(host, port)
        connection = self._connected(name, port, grants)
        if self._on_connected is not None:
            self._on_connected(name, port)
        return connection

    def _look_up(self, host: str, port: int) -> tuple[str, list[HostPort]]:
        """Return the name that *host* is, and the grants for it and *port*. Raises as `open` where there are none."""
        try:
            name = canonical_host(host)
        except ValueError as error:
            raise self._refusal(host, port, str(error)) from error
        grants = [grant for grant in self._policy.net if grant.covers(name, port)]
        if not grants:
            raise self._refusal(name, port, "it was not granted")
        if name == host and len(self._granted) < _REMEMBERED:
            self._granted[name, port] = grants
        return name, grants

    def _connected(self, name: str, port: int, grants: list[HostPort]) -> socket.socket:
        from .person_proxy import ask_to_connect, proxy_for

        proxy = proxy_for(name, port, self._environ)
        if proxy is None:
            return self._connect(name, port, grants)
        import socket

        connection = socket.create_connection((proxy.host, proxy.port), timeout=CONNECT_TIMEOUT_S)
        try:
            ask_to_connect(connection, proxy, name, port)
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect(self, name: str, port: int, grants: list[HostPort]) -> socket.socket:
        import socket

        from .addresses import may_reach

        found = _addresses(name, port)
        allowed = [one for one in found if any(may_reach(grant, str(one[1][0])) for grant in grants)]
        if not allowed:
            private = ", ".join(sorted({str(address[0]) for _, address in found}))
            raise self._refusal(f"private:{name}", port, f"it stands for a private address ({private})")
        failures: list[OSError] = []
        for family, address in allowed:
            try:
                connection = socket.socket(family, socket.SOCK_STREAM)
            except OSError as error:  # no IPv6 here
                failures.append(error)
                continue
            try:
                connection.settimeout(ATTEMPT_TIMEOUT_S if len(allowed) > 1 else CONNECT_TIMEOUT_S)
                connection.connect(address)
            except OSError as error:
                failures.append(error)
                connection.close()
            except BaseException:
                connection.close()
                raise
            else:
                return connection
        raise failures[0]

    def _refusal(self, host: str, port: int, reason: str) -> OSError:
        """Report the refusal, and return it. *host* is what would have to be granted."""
        plugin = self._policy.plugin
        if self._on_denied is not None:
            self._on_denied(plugin, host, port, reason)
        where = f"[{host}]:{port}" if host.count(":") > 1 else f"{host}:{port}"
        return PermissionError(
            errno.EACCES,
            f"{plugin} may not connect to {where.removeprefix('private:')}: {reason} "
            f"(llm plugins allow {plugin} --net {where})",
        )

    def _add_thread(self) -> None:
        thread = threading.Thread(target=self._serve, name=f"broker of {self._policy.plugin}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _serve(self) -> None:
        """Take requests, one after the other; while one is being seen to, somebody else waits for the next."""
        this = threading.current_thread()
        while not self._is_over:
            try:
                data, beside, _, _ = self._channel.recvmsg(
                    _REQUEST_LIMIT_BYTES + 1, _DESCRIPTORS_BYTES, _socket.MSG_CMSG_CLOEXEC
                )
            except OSError:
                return
            descriptors = [descriptor for message in beside for descriptor in _descriptors(*message)]
            if data == b"proxy" and len(descriptors) == 1 and self._may_start_proxy():
                from .proxy import ConnectProxy

                self._proxy = ConnectProxy(descriptors[0], self.open, name=self._policy.plugin)
                continue
            for descriptor in descriptors:
                os.close(descriptor)
            request = _parse(data)
            if request is None:
                self._end()
                return
            with self._lock:
                self._busy.add(this)
                if len(self._busy) == len(self._threads) < AT_ONCE and not self._is_over:
                    self._add_thread()
            self._attempt(*request)
            with self._lock:
                self._busy.discard(this)
                if self._is_over:  # and who ends it does not wait for this thread
                    return

    def _may_start_proxy(self) -> bool:
        return self._policy.own_sockets and self._proxy is None

    def _end(self) -> None:
        """Wake all that wait for requests: there are none any more."""
        with self._lock:
            self._is_over = True
        with suppress(OSError):  # the plugin may be gone already
            self._channel.shutdown(_socket.SHUT_RDWR)

    def _attempt(self, number: int, port: int, host: str) -> None:
        try:
            with self.open(host, port) as connection:
                connection.settimeout(None)
                self._answer(number, 0, "", connection.fileno())
        except _socket.gaierror as error:
            self._answer(number, errno.EHOSTUNREACH, f"{host} cannot be resolved: {error.strerror}", None)
        except OSError as error:
            default = errno.ETIMEDOUT if isinstance(error, TimeoutError) else errno.ECONNREFUSED
            self._answer(number, error.errno or default, error.strerror or str(error), None)

    def _answer(self, number: int, error: int, text: str, descriptor: int | None) -> None:
        answer = f"{number} {error} {text[:_TEXT_LIMIT]}".encode("utf-8", "replace")
        beside = b"" if descriptor is None else descriptor.to_bytes(_DESCRIPTOR_BYTES, sys.byteorder)
        try:
            self._channel.sendmsg([answer], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, beside)] if beside else [])
        except OSError:
            return  # the plugin is gone; nobody waits


def _addresses(name: str, port: int) -> list[tuple[int, Any]]:
    """Return family and address of each that *name* stands for, in the order to try. Names of this machine itself are
    not looked up: what they stand for is nobody else's to say (RFC 6761).
    """
    import socket

    from .addresses import address_of, is_loopback_name

    if is_loopback_name(name):
        return [(socket.AF_INET, ("127.0.0.1", port)), (socket.AF_INET6, ("::1", port, 0, 0))]
    flags = socket.AI_NUMERICHOST if address_of(name) else socket.AI_ADDRCONFIG if "." in name else 0
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=flags)
    return [(family, address) for family, _, _, _, address in found]


def _descriptors(level: int, kind: int, content: bytes) -> Iterator[int]:
    """Yield the descriptors that a control message brought. (`socket.recv_fds` takes longer than all else here.)"""
    if (level, kind) == (_socket.SOL_SOCKET, _socket.SCM_RIGHTS):
        for start in range(0, len(content) - len(content) % _DESCRIPTOR_BYTES, _DESCRIPTOR_BYTES):
            yield int.from_bytes(content[start : start + _DESCRIPTOR_BYTES], sys.byteorder)


def _parse(data: bytes) -> tuple[int, int, str] | None:
    """Return number, port and host of a request; None for anything else, an end of the stream included."""
    try:
        number, port, host = data.decode("utf-8").split(" ", 2)
    except ValueError:
        return None
    if len(data) > _REQUEST_LIMIT_BYTES or not (
        number.isascii() and number.isdigit() and port.isascii() and port.isdigit()
    ):
        return None
    return (int(number), int(port), host) if 0 < int(port) < 65536 else None
