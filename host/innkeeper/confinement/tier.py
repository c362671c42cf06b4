"""Finds out how this machine can confine a plugin: by trying, since whether a program exists says little.

- ``ns``: bubblewrap with namespaces, and the lock-down inside;
- ``inproc``: the lock-down alone, where user namespaces are off (default containers, Ubuntu's AppArmor rule);
- ``off``: nothing, and only on the person's word.

The answer is kept for as long as this kernel runs.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from innkeeper.errors import ConfinementError, StorageError
from innkeeper.paths import Home
from innkeeper.storage.unwritable import what_to_do

from . import bubblewrap
from .confine import BOOTSTRAP, Run, confine
from .policy import Policy

PROBE_TIMEOUT_S = 20.0
"""A probe takes about 30 ms; a machine that needs longer than this is not one to wait for."""

_ANSWER = "locked down"


class Tier(str):
    """The name of a tier, with the *bubblewrap* that was found to work."""

    bubblewrap: str | None = None


def choose_tier(home: Home, *, no_sandbox: bool = False) -> Tier:
    """Return the strongest tier that works here. *no_sandbox* is the person's word that plugins may run unconfined.

    Raises ConfinementError, saying what failed, when nothing works, and StorageError where it cannot be tried.
    """
    if sys.platform != "linux":
        raise ConfinementError(
            "Plugins are run on Linux only, for now.",
            why="What confines them, and what starts and ends them, is Linux's: Landlock, seccomp, namespaces, pidfds.",
            hint="In a Linux container or a virtual machine it works.",
        )
    if no_sandbox:
        return Tier("off")
    circumstances = _circumstances()
    path = os.path.join(home.cache_dir, "confinement.json")
    known = _recall(path, circumstances)
    if known is None:
        data_dir = os.path.join(home.cache_dir, "probe")
        try:
            os.makedirs(data_dir, exist_ok=True)
        except OSError as error:  # says nothing about what the machine can do
            raise StorageError(
                "There is no way to try how plugins can be confined.", why=str(error), hint=what_to_do(error)
            ) from error
        known = probe(data_dir)
        _remember(path, circumstances, known)
    if not known["tier"]:
        raise ConfinementError(
            "This machine cannot confine plugins, so none is started.",
            why="\n".join(known["failures"]),
            hint="What is missing: llm doctor. To run a plugin unconfined all the same, at your own risk: --no-sandbox",
        )
    tier = Tier(known["tier"])
    tier.bubblewrap = known["bubblewrap"]
    return tier


def probe(data_dir: str) -> dict[str, Any]:
    """Try each tier, strongest first. Return the first that works, its bubblewrap, and the failures before it."""
    failures: list[str] = []
    for program in bubblewrap.candidates():
        tier = Tier("ns")
        tier.bubblewrap = program
        failure = _failure_of(tier, data_dir)
        if failure is None:
            return {"tier": "ns", "bubblewrap": program, "failures": failures}
        failures.append(f"{program}: {failure}")
    if not failures:
        failures.append("bubblewrap is not there")
    failure = _failure_of(Tier("inproc"), data_dir)
    if failure is None:
        return {"tier": "inproc", "bubblewrap": None, "failures": failures}
    return {"tier": "", "bubblewrap": None, "failures": [*failures, f"lock-down without namespaces: {failure}"]}


def compile_bootstrap(interpreter: str, folder: str) -> None:
    """Have *interpreter* compile the bootstrap; where that cannot be written down, starts are slower."""
    import subprocess  # late: this file is on the way to a start, and what it runs is run once

    argv = [interpreter, "-I", "-S", "-m", "compileall", "-q", folder]
    subprocess.run(argv, env={}, stdin=subprocess.DEVNULL, capture_output=True, timeout=PROBE_TIMEOUT_S, check=False)


def _failure_of(tier: Tier, data_dir: str) -> str | None:
    """Return why *tier* does not work here, in a line, or None if it does."""
    import subprocess

    interpreter = getattr(sys, "_base_executable", sys.executable)
    run = Run(script=os.path.join(BOOTSTRAP, "answer.py"), argv=(_ANSWER,))
    try:
        confined = confine(
            tier, Policy("probe"), interpreter=interpreter, base_prefix=sys.base_prefix, data_dir=data_dir, run=run
        )
    except (ConfinementError, OSError) as error:
        return str(error)
    try:
        done = subprocess.run(
            confined.argv,
            env=confined.environment,
            pass_fds=confined.pass_fds,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PROBE_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    finally:
        confined.cleanup()
    if done.returncode == 0 and done.stdout.decode("utf-8", "replace").strip() == _ANSWER:
        return None
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else f"it ended with status {done.returncode}"


def _circumstances() -> dict[str, Any]:
    """Return what the answer depends on."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read().strip()
    except OSError:  # a container may hide it
        boot = ""
    return {
        "boot": boot,
        "kernel": os.uname().release,
        "user": os.getuid(),
        "host": BOOTSTRAP,
        "python": sys.version,
        "bubblewraps": bubblewrap.candidates(),
    }


def _recall(path: str, circumstances: dict[str, Any]) -> dict[str, Any] | None:
    try:
        with open(path, encoding="utf-8") as file:
            known = json.load(file)
    except (OSError, ValueError):
        return None
    if not isinstance(known, dict) or known.get("circumstances") != circumstances or not known.get("tier"):
        return None  # a failure is not kept: it is what the person may be mending
    return known


def _remember(path: str, circumstances: dict[str, Any], known: dict[str, Any]) -> None:
    """Keep the answer; where that cannot be written, the next run tries again."""
    beside = f"{path}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(beside, "w", encoding="utf-8") as file:
            json.dump({"circumstances": circumstances, **known}, file)
        os.replace(beside, path)
    except OSError:
        return
