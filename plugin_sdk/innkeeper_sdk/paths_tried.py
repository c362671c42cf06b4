"""Which files and programs the plugin's Python tried that are not its own: told to the host, which alone knows what of
that the sandbox kept from it.

Python's audit events come before the attempt, so this sees what is tried, not what comes of it; a plugin that swallows
the exception is seen, too. Code in C that opens files by itself is not. What is told is for display, nothing else.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from .files_read import NEVER

MOST = 256
"""Different files and programs in one process. Whoever tries more reads a tree, and one refusal of it is enough."""

_O_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_READING = frozenset(["os.listdir", "os.scandir"])
_WRITING = frozenset(["os.mkdir", "os.remove", "os.rmdir", "os.rename", "os.link", "os.symlink", "os.truncate"])
_RUNNING = frozenset(["subprocess.Popen", "os.exec", "os.posix_spawn"])
_MOST_CAUSES = 20


class PathsTried:
    """Notes from `watch` on, until the process ends: an audit hook stays. `take` hands out what is new."""

    def __init__(self) -> None:
        self._own: tuple[str, ...] = NEVER
        self._seen: set[tuple[str, str]] = set()
        self._new: list[tuple[str, str]] = []
        self._tmp = "/tmp/"

    def watch(self, environ: Mapping[str, str] = os.environ) -> None:
        """Begin to note; before the plugin is imported. What lies in the environment, or in its home, does not count,
        nor that it writes temporary files.
        """
        own = {sys.prefix, sys.base_prefix, sys.exec_prefix, environ.get("HOME", ""), *sys.path}
        self._own = (*NEVER, *(f"{folder.rstrip('/')}/" for folder in own if os.path.isabs(folder)))
        self._tmp = f"{environ.get('TMPDIR', '/tmp').rstrip('/')}/"
        sys.addaudithook(self._note)

    def take(self) -> list[tuple[str, str]]:
        """Return kind (``read``, ``write``, ``run``) and name of what was tried since it was asked last."""
        new, self._new = self._new, []
        return new

    def add_error(self, error: BaseException | None) -> None:
        """Note the files that *error*, and what led to it, is about: asking for a file's state is no audit event."""
        for _ in range(_MOST_CAUSES):
            if error is None:
                return
            if isinstance(error, OSError) and ("write", error.filename) not in self._seen:
                self._add("read", error.filename)
            error = error.__cause__ or error.__context__

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(path, str) and not path.startswith(self._own):
                self._add("write" if isinstance(flags, int) and flags & _O_WRITING else "read", path)
        elif event in _READING:
            self._add("read", arguments[0])
        elif event in _WRITING:
            self._add("write", arguments[0])
        elif event in _RUNNING:
            self._add("run", arguments[0])
        elif event == "os.system":
            self._add("run", "sh")

    def _add(self, kind: str, what: Any) -> None:
        try:
            name = os.fsdecode(what)
            if kind != "run":
                name = os.path.abspath(name)
        except (TypeError, ValueError, OSError):  # a descriptor, or a working directory that is gone
            return
        if kind != "run" and (name.startswith(self._own) or self._is_temporary(kind, name)):
            return
        if (kind, name) not in self._seen and len(self._seen) < MOST:
            self._seen.add((kind, name))
            self._new.append((kind, name))

    def _is_temporary(self, kind: str, name: str) -> bool:
        """Say whether this is about a temporary file of the plugin's own. Others may have some in a folder of the same
        name, which is not the one that is seen here.
        """
        return f"{name}/".startswith(self._tmp) and (kind == "write" or os.path.lexists(name))
