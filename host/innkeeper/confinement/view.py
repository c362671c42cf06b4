"""Which paths a plugin sees, and what it may do with each: one list, that both tiers enforce.

Bubblewrap makes each visible, Landlock gives each its rights; what is not listed does not exist. Every entry costs
bubblewrap 0.1 ms, so what only some policies need is listed for those alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from .policy import Policy

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = 0x1, 0x2, 0x4, 0x8, 0x10, 0x20
MAKE_DIR, MAKE_REG, MAKE_SOCK, MAKE_FIFO, MAKE_SYM = 0x80, 0x100, 0x200, 0x400, 0x1000
REFER, TRUNCATE, IOCTL_DEV = 0x2000, 0x4000, 0x8000

READ = READ_FILE | READ_DIR
WRITE = READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_FIFO | MAKE_SYM | REFER | TRUNCATE
"""Landlock's rights (``linux/landlock.h``). Not among them: devices, and sockets but for a `Policy.unix_server`."""

LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/lib32", "/usr/lib32")
_SYSTEM_FILES = (
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/timezone",
    "/etc/mime.types",
    "/usr/share/zoneinfo",
    "/sys/devices/system",
)
"""The last is how libraries count processors."""
_TERMINALS = ("/usr/share/terminfo", "/etc/terminfo", "/etc/inputrc")
_CERTIFICATES = (
    "/etc/ssl/certs",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/openssl.cnf",
    "/etc/pki/tls/certs",
    "/etc/pki/tls/cert.pem",
    "/etc/pki/tls/openssl.cnf",
    "/etc/pki/ca-trust/extracted",
    "/etc/ca-certificates",
    "/etc/crypto-policies",
    "/usr/share/crypto-policies",
    "/usr/share/ca-certificates",
    "/usr/share/pki/ca-trust-source",
    "/usr/local/share/ca-certificates",
    "/var/lib/ca-certificates",
)
_MACHINE = ("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/sys/vm/overcommit_memory")
"""Of the machine's /proc in tier inproc; tier ns has a /proc of its own."""
_OWN_PROCESS = "/proc/self"
_OF_OWN_PROCESS = (
    *("auxv", "cgroup", "cmdline", "comm", "environ", "fdinfo", "io", "limits", "maps", "mountinfo", "mounts"),
    *("oom_score", "smaps", "smaps_rollup", "stat", "statm", "status"),
)
"""What may be read there, one by one: in its ``net`` stands who is connected with the machine."""
_LOADERS = (
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-linux-aarch64.so.1",
    "/lib/ld-musl-x86_64.so.1",
    "/lib/ld-musl-aarch64.so.1",
)
"""The kernel runs one of these when it runs a program that is not linked statically."""
_SYSTEM_PROGRAMS = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/alternatives")
DEVICES = ("/dev/null", "/dev/urandom")
"""Not /dev/zero: mapped shared, it is memory that no limit counts."""


class Entry(NamedTuple):
    """*path*, and the *rights* (Landlock's) to it and all below. *device*: bubblewrap must bind it as one."""

    path: str
    rights: int
    device: bool = False


def entries(
    policy: Policy,
    *,
    namespaces: bool,
    interpreter: str,
    base_prefix: str,
    read: tuple[str, ...],
    write: tuple[str, ...],
) -> Iterator[Entry]:
    """Yield all that a plugin with *policy* sees. *read* and *write* are what it needs by itself: environment,
    bootstrap, data, tmp.

    One path may come more than once: its rights then add up.
    """
    execute = EXECUTE if policy.exec_any else 0
    certificates = _CERTIFICATES if policy.net or policy.own_sockets else ()
    terminals = _TERMINALS if policy.terminal or policy.may_fork else ()
    for path in (*LIBRARIES, *_SYSTEM_FILES, *certificates, *terminals):
        yield Entry(path, READ | execute)
    for path in (*_interpreter(interpreter, base_prefix), *read, *policy.read):
        yield Entry(path, READ | execute)
    sockets = MAKE_SOCK if policy.unix_server else 0
    for path in (*write, *policy.write):
        yield Entry(path, WRITE | execute | sockets)
    for path in DEVICES:
        yield Entry(path, READ_FILE | WRITE_FILE, device=True)
    yield from [Entry("/proc", READ)] if namespaces else _process_files()
    if policy.terminal:
        yield Entry("/dev/tty", READ_FILE | WRITE_FILE | IOCTL_DEV, device=True)
    if policy.exec_any:
        for path in _SYSTEM_PROGRAMS:
            yield Entry(path, READ | EXECUTE)
    if policy.may_fork:
        for path in _LOADERS:
            yield Entry(path, READ_FILE | EXECUTE)
    for path in _programs(policy):
        yield Entry(path, READ_FILE | EXECUTE)


def _process_files() -> Iterator[Entry]:
    for path in _MACHINE:
        yield Entry(path, READ_FILE)
    yield Entry(_OWN_PROCESS, READ_DIR)
    for name in _OF_OWN_PROCESS:
        yield Entry(f"{_OWN_PROCESS}/{name}", READ)


def _interpreter(interpreter: str, base_prefix: str) -> Iterator[str]:
    """Yield what Python reads of its own; never the prefix itself, which may be /usr or the person's ~/.local."""
    yield interpreter
    for folder in ("lib", "lib64", "ssl", "etc/ssl", "share/zoneinfo", "share/terminfo"):
        yield os.path.join(base_prefix, folder)
    if base_prefix.startswith(("/nix/store/", "/gnu/store/")):
        yield base_prefix[:10]  # each package is a folder beside the others there, and all are public


def _programs(policy: Policy) -> Iterator[str]:
    """Yield what the programs that it may run consist of, without those that it may rewrite: they are not what was
    granted.
    """
    folders = tuple(f"{folder.rstrip('/')}/" for folder in policy.write)
    for program in policy.run:
        if not program.startswith(folders):
            yield from _with_what_runs_it(program)


def _with_what_runs_it(program: str) -> Iterator[str]:
    """Yield *program*, what it is a link to, and for a script what its first line names."""
    real = os.path.realpath(program)
    yield from {program, real}
    try:
        with open(real, "rb") as file:
            first = file.readline(256)
    except OSError:
        return
    if first.startswith(b"#!"):
        words = first[2:].decode("utf-8", "surrogateescape").split()
        yield from words[:1]
