"""The private tmp of a plugin in tier inproc: a folder of its own, removed with it. (Tier ns has one in memory.)

Removing goes through descriptors and follows no link, since what lies in there is the plugin's work.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

_PREFIX = "innkeeper-"


def make_private_tmp(environ: Mapping[str, str]) -> str:
    """Make the folder, for this user only, and return its path: short, since a unix socket's may have 108 bytes."""
    parent = environ.get("TMPDIR") or "/tmp"
    path = os.path.join(os.path.realpath(parent), f"{_PREFIX}{os.getpid()}-{os.urandom(6).hex()}")
    os.mkdir(path, 0o700)
    return path


def remove_private_tmp(path: str) -> None:
    """Remove the folder *path*, and those beside it whose host was killed before it could."""
    import shutil

    shutil.rmtree(path, ignore_errors=True)
    parent = os.path.dirname(path)
    for name in os.listdir(parent):
        pid = name.removeprefix(_PREFIX).partition("-")[0]
        if name.startswith(_PREFIX) and pid.isdigit() and not os.path.exists(f"/proc/{pid}"):
            shutil.rmtree(os.path.join(parent, name), ignore_errors=True)
