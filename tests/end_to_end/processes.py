"""Processes as the kernel shows them: who descends from whom, and the wait for one to end."""

from __future__ import annotations

import os
import select
from pathlib import Path


def _parents() -> dict[int, int]:
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            parents[int(entry.name)] = int(fields[1])
    return parents


def descendants(pid: int) -> list[int]:
    """Return the processes below *pid*: children, their children, and so on."""
    parents = _parents()
    found = [pid]
    for ancestor in found:
        found += [child for child, parent in parents.items() if parent == ancestor]
    return found[1:]


def state(pid: int) -> str | None:
    """Return the state of *pid* as one letter (``Z`` is a zombie), or None when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return None


class Watched:
    """Processes that are running now, held so that their numbers cannot come to mean others."""

    def __init__(self, pids: list[int]) -> None:
        self._descriptors = {pid: os.pidfd_open(pid) for pid in pids}

    def left_after(self, timeout_s: float) -> list[int]:
        """Wait until all have ended; return those that had not after *timeout_s* seconds."""
        left = []
        for pid, descriptor in self._descriptors.items():
            waiting = select.poll()
            waiting.register(descriptor, select.POLLIN)
            if not waiting.poll(timeout_s * 1000):
                left.append(pid)
            os.close(descriptor)
        return left
