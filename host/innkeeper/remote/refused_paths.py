"""Whether the sandbox refused what a plugin reports that it tried: files and programs, where the kernel tells nobody.

The plugin names what it touched; only the host knows what is there for the person and what the plugin was granted. So
it is decided here, for display alone: a plugin that lies gets a line about something that it was in fact refused.
"""

from __future__ import annotations

import os
import shutil

from innkeeper.confinement.bubblewrap import PRIVATE_TMP
from innkeeper.confinement.policy import Policy
from innkeeper.process.launch import Launched

PATH_LETTERS = 4096

SYSTEM = (
    *("/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/opt", "/proc", "/run", "/sbin", "/snap", "/sys"),
    *("/usr", "/var"),
)
"""Libraries look for much of the system that they can do without. What counts is what the person keeps."""


def is_refused(launched: Launched, kind: str, what: str) -> bool:
    """Say whether *what*, which the plugin tried to ``read``, ``write`` or ``run``, was kept from it by its policy, and
    would be there without.
    """
    policy = launched.policy
    if not launched.is_confined or len(what) > PATH_LETTERS or "\0" in what:
        return False
    if kind == "run":
        return _is_program_refused(policy, what)
    if kind not in ("read", "write") or not os.path.isabs(what):
        return False
    path = os.path.normpath(what)
    own = (*policy.write, *launched.own_paths, *(policy.read if kind == "read" else ()))
    if kind == "write" and launched.tier == "ns":
        own = (*own, PRIVATE_TMP)
    return not _is_below(path, (*SYSTEM, *own)) and _is_possible(path, kind)


def _is_possible(path: str, kind: str) -> bool:
    """Say whether the person could do that: whether it is not the sandbox that stands in the way."""
    if kind == "read" or os.path.lexists(path):
        return os.access(path, os.R_OK if kind == "read" else os.W_OK)
    return os.access(os.path.dirname(path), os.W_OK)


def _is_program_refused(policy: Policy, program: str) -> bool:
    name = os.path.basename(program)
    is_granted = policy.exec_any or any(name == os.path.basename(granted) for granted in policy.run)
    return not is_granted and shutil.which(program) is not None


def _is_below(path: str, folders: tuple[str, ...]) -> bool:
    return any(path == folder or path.startswith(f"{folder.rstrip('/')}/") for folder in folders)
