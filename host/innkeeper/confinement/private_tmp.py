"""The private tmp of a plugin in tier inproc: a folder of its own, removed with it. (Tier ns has one in memory.)"""

from __future__ import annotations

import os
from collections.abc import Mapping


def make_private_tmp(environ: Mapping[str, str]) -> str:
    """Make the folder, for this user only, and return its path: short, since a unix socket's may have 108 bytes."""
    parent = environ.get("TMPDIR") or "/tmp"
    path = os.path.join(os.path.realpath(parent), f"{_prefix()}{os.getpid()}-{os.urandom(6).hex()}")
    os.mkdir(path, 0o700)
    return path


def remove_private_tmp(path: str) -> None:
    """Remove the folder *path*, and those of this user beside it whose host was killed before it could."""
    from innkeeper.storage.removal import remove_tree

    remove_tree(path)
    prefix = _prefix()
    with os.scandir(os.path.dirname(path)) as beside:
        for entry in beside:
            pid = entry.name.removeprefix(prefix).partition("-")[0]
            if not entry.name.startswith(prefix) or not pid.isdigit() or os.path.exists(f"/proc/{pid}"):
                continue
            if entry.stat(follow_symlinks=False).st_uid == os.geteuid():
                remove_tree(entry.path)


def _prefix() -> str:
    """Return how names begin here: with the pid namespace, since containers may share a tmp but not their pids."""
    return f"innkeeper-{os.stat('/proc/self/ns/pid').st_ino}-"
