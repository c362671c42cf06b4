"""What a plugin was refused while it ran, and the one command that would allow it.

The broker and the host's services know for certain what they refused. What a plugin itself reports of the kernel's
refusals is its word: good enough to show, never to act on.
"""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable
from typing import NamedTuple

from innkeeper.untrusted import one_line

from .log import note

KEPT = 100
"""Refusals that are remembered of one run; a plugin may ask without end."""

LETTERS = 400
"""Of the name of what was refused."""

OPTIONS = {
    "net": "--net",
    "key": "--key",
    "database": "--database",
    "read": "--read",
    "write": "--write",
    "run": "--run",
    "env": "--env",
}
"""The option of ``llm plugins allow`` for each kind of refusal."""


class Denial(NamedTuple):
    """*what* was refused, a host with its port, a key's name, a path, and *reason*, a clause."""

    kind: str
    what: str
    reason: str


class Denials:
    """The refusals of one running plugin, each kind and thing once. *tell* gets each as it happens, from any thread."""

    def __init__(self, plugin: str, log_path: str, tell: Callable[[Denial], None] | None = None) -> None:
        self.plugin = plugin
        self._log_path = log_path
        self._tell = tell
        self._found: dict[tuple[str, str], Denial] = {}
        self._lock = threading.Lock()

    def add(self, kind: str, what: str, reason: str) -> None:
        """Note a refusal; all three may be a plugin's words."""
        denial = Denial(one_line(kind, 20), one_line(what, LETTERS), one_line(reason, LETTERS))
        with self._lock:
            if (denial.kind, denial.what) in self._found or len(self._found) >= KEPT:
                return
            self._found[denial.kind, denial.what] = denial
        note(self._log_path, f"refused {denial.kind} {denial.what}: {denial.reason}")
        if self._tell is not None:
            self._tell(denial)

    def all(self) -> list[Denial]:
        """Return the refusals so far, in order."""
        with self._lock:
            return list(self._found.values())

    def hint(self) -> str:
        """Return what was refused, and the command that would allow all of it; "" where nothing was."""
        found = [denial for denial in self.all() if denial.kind in OPTIONS]
        if not found:
            return ""
        options = " ".join(f"{OPTIONS[denial.kind]} {shlex.quote(denial.what)}" for denial in found[:5])
        refused = ", ".join(f"{denial.kind} {denial.what}" for denial in found[:5])
        return f"The sandbox refused it: {refused}. To allow that: llm plugins allow {self.plugin} {options}"
