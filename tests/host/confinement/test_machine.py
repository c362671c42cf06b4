"""What is said of machines that have less than this one: each sentence where it is true, and not where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from innkeeper.confinement.machine import Machine, look, what_is_missing, what_stays_open

from .rooms import bubblewrap_here

GOOD = Machine(
    system="Linux",
    kernel="6.18",
    processor="x86_64",
    python="3.12",
    is_root=False,
    landlock=7,
    seccomp=True,
    user_namespaces="",
    bubblewrap="/usr/bin/bwrap",
    tier="ns",
    failures=(),
)
WEAKER = GOOD._replace(tier="inproc", bubblewrap=None, user_namespaces="The setting user.max_user_namespaces is 0.")
NOTHING = WEAKER._replace(tier="", landlock=1)


def test_this_machine_is_looked_at_by_trying(tmp_path: Path) -> None:
    machine = look(str(tmp_path))

    assert machine.tier == ("ns" if bubblewrap_here() else "inproc")
    assert machine.bubblewrap == bubblewrap_here()
    assert machine.landlock >= 2
    assert machine.seccomp


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        (GOOD, []),
        (GOOD._replace(landlock=0), []),
        (WEAKER, ["user.max_user_namespaces is 0. Without user namespaces there is only the weaker tier."]),
        (WEAKER._replace(user_namespaces=""), []),
        (NOTHING, ["max_user_namespaces is 0", "version 2 of Landlock (Linux 5.19), and there is version 1."]),
        (NOTHING._replace(landlock=0, user_namespaces=""), ["version 2 of Landlock (Linux 5.19), and there is none."]),
        (GOOD._replace(seccomp=False), ["no seccomp"]),
        (GOOD._replace(processor="riscv64"), ["no list of system calls for riscv64"]),
        (GOOD._replace(system="Darwin", tier=""), ["Linux only, for now, and this is Darwin"]),
    ],
)
def test_what_is_missing_is_named_with_what_would_change_it(machine: Machine, expected: list[str]) -> None:
    found = what_is_missing(machine)

    assert len(found) == len(expected)
    assert all(part in sentence for part, sentence in zip(expected, found, strict=True))


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        (GOOD, ["many files"]),
        (GOOD._replace(is_root=True), ["many files", "You are root"]),
        (WEAKER, ["names, sizes and times", "may outlive", "--own-sockets", "many files"]),
        (WEAKER._replace(landlock=5), ["names", "may outlive", "--own-sockets", "cannot signal them", "many files"]),
        (NOTHING, ["Everything, with --no-sandbox"]),
    ],
)
def test_what_stays_open_is_named(machine: Machine, expected: list[str]) -> None:
    found = what_stays_open(machine)

    assert len(found) == len(expected)
    assert all(part in sentence for part, sentence in zip(expected, found, strict=True))
