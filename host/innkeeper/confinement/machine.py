"""What this machine has to confine plugins with, and what that leaves open: for ``llm doctor``, in words.

Whether it works is found out by trying (`tier`); this says with what, and why not.
"""

from __future__ import annotations

import os
import platform
import sys
from contextlib import suppress
from typing import NamedTuple

from .confine import LANDLOCK_NEEDED
from .system_calls import MACHINES
from .tier import probe

_LANDLOCK_CREATE_RULESET, _VERSION_FLAG = 444, 1

SIGNALS_SINCE = 6
"""The version of Landlock from which on the weaker tier keeps signals inside."""


class Machine(NamedTuple):
    """*tier* is the strongest that works, "" for none; *failures* say why no stronger one does. *landlock* is its
    version, 0 for none. *user_namespaces* says what stands in the way of those, "" for nothing that is known.
    """

    system: str
    kernel: str
    processor: str
    python: str
    is_root: bool
    landlock: int
    seccomp: bool
    user_namespaces: str
    bubblewrap: str | None
    tier: str
    failures: tuple[str, ...]


def look(data_dir: str) -> Machine:
    """Try what this machine can do. *data_dir* is a folder to try it in."""
    is_linux = sys.platform == "linux"
    found = probe(data_dir) if is_linux else {"tier": "", "bubblewrap": None, "failures": []}
    return Machine(
        system=platform.system(),
        kernel=platform.release(),
        processor=platform.machine(),
        python=platform.python_version(),
        is_root=is_linux and os.geteuid() == 0,
        landlock=_landlock_version() if is_linux else 0,
        seccomp=os.path.exists("/proc/sys/kernel/seccomp/actions_avail"),
        user_namespaces=_obstacle_to_user_namespaces(),
        bubblewrap=found["bubblewrap"],
        tier=found["tier"],
        failures=tuple(found["failures"]),
    )


def what_is_missing(machine: Machine) -> list[str]:
    """Return what keeps *machine* from the stronger tier, or from any, and what would change that."""
    if machine.system != "Linux":
        return [f"Plugins are run on Linux only, for now, and this is {machine.system}."]
    missing = []
    if not machine.seccomp:
        missing.append("This kernel has no seccomp, without which no system call can be refused.")
    if machine.processor not in MACHINES:
        missing.append(f"There is no list of system calls for {machine.processor}.")
    if machine.tier != "ns" and machine.user_namespaces:
        missing.append(f"{machine.user_namespaces} Without user namespaces there is only the weaker tier.")
    if machine.tier == "" and machine.landlock < LANDLOCK_NEEDED:
        has = f"version {machine.landlock}" if machine.landlock else "none"
        missing.append(f"The weaker tier needs version {LANDLOCK_NEEDED} of Landlock (Linux 5.19), and there is {has}.")
    return missing


def what_stays_open(machine: Machine) -> list[str]:
    """Return what confinement on *machine* does not prevent, a sentence each. SECURITY.md has the whole list."""
    if not machine.tier:
        return ["Everything, with --no-sandbox; without it no plugin is started."]
    points = []
    if machine.tier == "inproc":
        points += [
            "A plugin can learn names, sizes and times of files that it cannot read, and where links lead.",
            "Programs that a plugin's command starts from your terminal may outlive it, as those of any program do.",
            "What makes its own network connections (--own-sockets) is not run at all.",
        ]
        if machine.landlock < SIGNALS_SINCE:
            points.append("A plugin that may run programs cannot signal them: this kernel would let it signal others.")
    points.append("A plugin can fill its own data folder with many files, each below the limit.")
    if machine.is_root:
        points.append("You are root: the kernel does not limit how many threads and processes root has.")
    return points


def _landlock_version() -> int:
    from .bootstrap.kernel import function

    return max(function("syscall")(_LANDLOCK_CREATE_RULESET, None, 0, _VERSION_FLAG), 0)


def _obstacle_to_user_namespaces() -> str:
    """Return which setting of this machine is in the way of user namespaces, a sentence, or ""."""
    if _setting("user/max_user_namespaces") == 0:
        return "The setting user.max_user_namespaces is 0."
    if _setting("kernel/unprivileged_userns_clone") == 0:
        return "The setting kernel.unprivileged_userns_clone is 0."
    if _setting("kernel/apparmor_restrict_unprivileged_userns") == 1:
        return (
            "AppArmor lets only programs with a profile use user namespaces "
            "(kernel.apparmor_restrict_unprivileged_userns is 1); the bubblewrap of the distribution has one."
        )
    return ""


def _setting(name: str) -> int | None:
    with suppress(OSError, ValueError), open(f"/proc/sys/{name}", encoding="ascii") as file:
        return int(file.read())
    return None
