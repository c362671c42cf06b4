"""Timing whole commands, fairly: variants take turns, medians are compared, and what is printed are ratios.

A benchmark says what it found as rows, each with the limit it is held to, and exits 1 when one is beyond it.
"""

from __future__ import annotations

import ctypes
import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Command:
    """A program to time, with the whole environment it gets."""

    argv: Sequence[str]
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Cost:
    """What one run took: seconds on the clock, and of all cores, whoever of its processes used them."""

    wall_s: float
    cpu_s: float


def run_once(command: Command) -> Cost:
    """Run *command* to its end. It must succeed.

    Its orphans count, too: bubblewrap leaves before the namespace in which the plugin's process has spent its time.
    """
    _adopt_orphans()
    began = time.perf_counter()
    process = subprocess.Popen(
        list(command.argv),
        env=dict(command.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - began
    cpu_s = used.ru_utime + used.ru_stime
    while True:
        try:
            _, _, used = os.wait4(-1, 0)
        except ChildProcessError:
            break
        cpu_s += used.ru_utime + used.ru_stime
    process.stderr.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command.argv)} failed:\n{said.decode(errors='replace')}")
    return Cost(wall_s, cpu_s)


def _adopt_orphans() -> None:
    """Become the parent of every descendant that loses its own (PR_SET_CHILD_SUBREAPER)."""
    if ctypes.CDLL(None, use_errno=True).prctl(36, 1, 0, 0, 0) == -1:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def medians(commands: Mapping[str, Command], *, rounds: int) -> dict[str, Cost]:
    """Run each of *commands* once to warm caches, then *rounds* times in turns; return the median cost of each."""
    for command in commands.values():
        run_once(command)
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            costs[name].append(run_once(command))
    return {
        name: Cost(statistics.median(cost.wall_s for cost in found), statistics.median(cost.cpu_s for cost in found))
        for name, found in costs.items()
    }


@dataclass
class Report:
    """The rows of one benchmark. `finish` prints them and says by its value whether all limits were kept."""

    title: str
    rows: list[tuple[str, str, str, str]] = field(default_factory=list)
    kept: bool = True

    def at_most(self, what: str, ratio: float, limit: float, context: str = "") -> None:
        self._add(what, ratio, f"at most {limit:g}", context, ratio <= limit)

    def at_least(self, what: str, ratio: float, limit: float, context: str = "") -> None:
        self._add(what, ratio, f"at least {limit:g}", context, ratio >= limit)

    def note(self, what: str, ratio: float, context: str = "") -> None:
        """Add a row that is for reading only."""
        self._add(what, ratio, "", context, True)

    def finish(self) -> int:
        """Print the table; return the exit status."""
        rows = [(self.title, "ratio", "limit", "figures"), *self.rows]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        rows.insert(1, tuple("-" * width for width in widths))  # type: ignore[arg-type]
        for row in rows:
            print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
        return 0 if self.kept else 1

    def _add(self, what: str, ratio: float, limit: str, context: str, kept: bool) -> None:
        self.kept = self.kept and kept
        self.rows.append((what, f"{ratio:.3g}", limit if kept else f"{limit} MISSED", context))


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
