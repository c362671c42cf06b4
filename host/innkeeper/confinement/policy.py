"""What a plugin may touch: the one type that both tiers enforce.

A policy is a value; nothing here touches the disk or the machine. It is on the start-up path: standard library only,
and named tuples, which take a quarter of the time of frozen dataclasses to define.
"""

from __future__ import annotations

import os
from typing import NamedTuple

MIB = 1024 * 1024
GIB = 1024 * MIB

PRIVATE_SUFFIXES = (".local", ".lan", ".internal", ".home.arpa", ".localhost", ".test")
"""Names that cannot be public: to grant one is to grant the private address it stands for (RFC 6761, 6762, 8375)."""


class HostPort(NamedTuple):
    """A host, and a port or all of them (None). *host* is in canonical form; see `parse`.

    *private* says that the name may stand for a private or loopback address, which is refused for public names.
    """

    host: str
    port: int | None
    private: bool = False

    @classmethod
    def parse(cls, text: str) -> HostPort:
        """Read ``HOST``, ``HOST:PORT``, ``[V6]:PORT`` or either after ``private:``; ValueError says what is wrong."""
        rest = text.strip()
        private = rest.startswith("private:")
        rest = rest.removeprefix("private:")
        if "://" in rest or "/" in rest:
            raise ValueError(f"{text!r} is a URL; name the host alone, or HOST:PORT")
        host, port = _split_port(rest)
        if port is not None and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise ValueError(f"{port!r} in {text!r} is no port: ports go from 1 to 65535")
        return cls(canonical_host(host), None if port is None else int(port), private)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host and self.port is not None else self.host
        return ("private:" if self.private else "") + host + ("" if self.port is None else f":{self.port}")

    def covers(self, host: str, port: int) -> bool:
        """Say whether this grant names *host* (in canonical form) and *port*; ``localhost`` is its addresses, too."""
        same = host == self.host or {host, self.host} <= {"localhost", "127.0.0.1", "::1"}
        return same and self.port in (None, port)

    @property
    def may_be_private(self) -> bool:
        return self.private or "." not in self.host or self.host.endswith(PRIVATE_SUFFIXES)


def _split_port(text: str) -> tuple[str, str | None]:
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError(f"{text!r} is no address: write [V6]:PORT")
        return host, rest[1:] or None if rest else None
    if text.count(":") > 1:
        return text, None
    host, colon, port = text.partition(":")
    return host, port if colon else None


def canonical_host(host: str) -> str:
    """Return *host* as it is compared: lower case, ASCII, without the root's dot. ValueError for what is none."""
    try:
        name = host.strip().rstrip(".").lower()
        name = name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise ValueError(f"{host!r} is no host name") from error
    if not name or len(name) > 253 or not all(c.isalnum() or c in "-._:" for c in name):
        raise ValueError(f"{host!r} is no host name")
    return name


class Limits(NamedTuple):
    """What a plugin may use up. Per process, but for *processes*, which counts threads, too, of the whole room."""

    memory_bytes: int = 4 * GIB
    """Private memory: what a model's buffers take. Weights that are mapped from a file do not count."""
    address_space_bytes: int = 64 * GIB
    """All that is mapped. Mapped weights and the reserves of allocators are large, so this only stops the absurd."""
    processes: int = 512
    open_files: int = 512
    file_bytes: int = 64 * MIB
    tmp_bytes: int = 256 * MIB
    """The private tmp of tier ns, which lies in memory."""
    cpu_s: int | None = None
    silence_s: float = 3600.0
    """In a call, between two pieces of its answer. The slowest models think for minutes; a script waits for no plugin
    that hangs for ever. The host sees to it, so it holds in every tier."""


class Policy(NamedTuple):
    """What one plugin may do. Paths are absolute; what is not listed is refused."""

    plugin: str
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    pinned: tuple[str, ...] = ()
    """Of these, what the person granted or named: each must lead to one of them, and be the same when it starts."""
    run: tuple[str, ...] = ()
    """Programs. They are confined as the plugin is, and end with it; in the weaker tier not those that a command in the
    person's terminal started in the background.
    """
    net: tuple[HostPort, ...] = ()
    keys: tuple[str, ...] = ()
    """Names of stored keys that it may ask for."""
    key_variables: tuple[str, ...] = ()
    """Variables of the person's that may hold such a key. It may ask for them, and never finds them in its own."""
    databases: tuple[str, ...] = ()
    """Of the person's, which the host reads and writes for it: `logs`, `embeddings`. The files it never sees."""
    environment: tuple[tuple[str, str], ...] = ()
    own_sockets: bool = False
    """Its code makes sockets itself, which a CONNECT proxy serves. Tier ns only."""
    unix_server: bool = False
    """It may listen on a unix socket in its private tmp, as llama.cpp insists on. Connecting stays refused."""
    terminal: bool = False
    """Descriptors 0 to 2 are the person's terminal, and /dev/tty may be opened."""
    exec_any: bool = False
    """It may run the system's programs: for builds."""
    trusted: bool = False
    """The person trusts it: it runs unconfined."""
    limits: Limits = Limits()

    def check(self) -> None:
        """Raise ValueError for a policy that contradicts itself. `confine` does this before it believes one."""
        for path in (*self.read, *self.write, *self.run):
            if not os.path.isabs(path) or "\0" in path:
                raise ValueError(f"a policy's paths are absolute; {path!r} is not")
        if self.unix_server and (self.net or self.own_sockets):
            raise ValueError(f"{self.plugin} may not both listen on a unix socket and reach the network")

    def may_use_database(self, name: str) -> bool:
        """Say whether the host reads and writes the database *name* for it."""
        return self.trusted or name in self.databases

    @property
    def may_fork(self) -> bool:
        return bool(self.run) or self.exec_any
