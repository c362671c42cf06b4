"""Whether the sandbox refused what a plugin reports that it tried: files and programs, where the kernel tells nobody.

The plugin names what it touched; only the host knows what is there for the person and what the plugin was granted. So
it is decided here, for display alone: a plugin that lies gets a line about something that it was in fact refused.
"""

from __future__ import annotations

import os

from innkeeper_protocol.payloads.host_services import DenialParams

from innkeeper.confinement.bubblewrap import PRIVATE_TMP
from innkeeper.confinement.policy import Policy
from innkeeper.paths import Home
from innkeeper.process.denials import Denial
from innkeeper.process.launch import Launched
from innkeeper.storage.database_views import NAMES

PATH_LETTERS = 4096

SYSTEM = ("/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/proc", "/sbin", "/snap", "/sys", "/usr")
"""Libraries look for much of the system that they can do without. What counts is what the person keeps."""

SHARED = ("/opt", "/run", "/var")
"""Of the system, where people keep things as well: what is there counts where an error of the plugin's is about it."""

NOT_GRANTED = "it was not granted"


def refusal(launched: Launched, home: Home, told: DenialParams) -> Denial | None:
    """Return what the policy kept from the plugin, which says that it tried to ``read``, ``write`` or ``run`` *told*;
    None where it would not be there without the policy either.

    A new file is the folder that it was to be in, since only what is there can be granted.
    """
    kind, what, policy = told.kind, told.what, launched.policy
    if not launched.is_confined or len(what) > PATH_LETTERS or "\0" in what:
        return None
    if kind == "run":
        return Denial(kind, what, NOT_GRANTED) if _is_program_refused(policy, what) else None
    if kind not in ("read", "write") or not os.path.isabs(what):
        return None
    return _file(launched, home, kind, os.path.normpath(what), has_failed=told.operation == "failed")


def _file(launched: Launched, home: Home, kind: str, path: str, *, has_failed: bool) -> Denial | None:
    policy = launched.policy
    database = _database_at(path, home, policy)
    if database is not None:
        return Denial("database", database, NOT_GRANTED)
    own = (*policy.write, *launched.own_paths, *(policy.read if kind == "read" else ()))
    if kind == "write" and launched.tier == "ns":
        own = (*own, PRIVATE_TMP)
    elsewhere = SYSTEM if has_failed else (*SYSTEM, *SHARED)
    if _is_below(path, (*elsewhere, *own)) or not _is_possible(path, kind):
        return None
    if kind == "write" and not os.path.lexists(path) and not _is_hosts_own(os.path.dirname(path), home):
        path = os.path.dirname(path)
    if _is_hosts_own(path, home):
        return Denial("file", path, "there are Innkeeper's own files")  # for which there is no grant
    return Denial(kind, path, NOT_GRANTED)


def _database_at(path: str, home: Home, policy: Policy) -> str | None:
    """Return which of the person's databases would be at *path*, in the plugin's data, had it been granted that. One
    that keeps something of its own in a file of that name does not mean theirs.
    """
    folder, file = os.path.split(path)
    name = file.removesuffix(".db")
    if folder != home.data_dir(policy.plugin) or name not in NAMES or policy.may_use_database(name):
        return None
    keeps_own = os.path.exists(path) and os.path.getsize(path) > 0
    return name if os.path.exists(getattr(home, f"{name}_file")) and not keeps_own else None


def _is_possible(path: str, kind: str) -> bool:
    """Say whether the person could do that: whether it is not the sandbox that stands in the way."""
    if kind == "read" or os.path.lexists(path):
        return os.access(path, os.R_OK if kind == "read" else os.W_OK)
    return os.access(os.path.dirname(path), os.W_OK)


def _is_hosts_own(path: str, home: Home) -> bool:
    """Say whether *path* is among Innkeeper's own files, or a folder that holds them."""
    real, root = os.path.realpath(path), os.path.realpath(home.root)
    return os.path.commonpath([real, root]) in (real, root)


def _is_program_refused(policy: Policy, program: str) -> bool:
    name = os.path.basename(program)
    is_granted = policy.exec_any or any(name == os.path.basename(granted) for granted in policy.run)
    if is_granted:
        return False
    import shutil

    return shutil.which(program) is not None


def _is_below(path: str, folders: tuple[str, ...]) -> bool:
    return any(path == folder or path.startswith(f"{folder.rstrip('/')}/") for folder in folders)
