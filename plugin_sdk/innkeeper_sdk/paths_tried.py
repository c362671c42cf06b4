"""Which files and programs the plugin's Python tried that are not its own: told to the host, which alone knows what of
that the sandbox kept from it.

Python's audit events come before the attempt, so this sees what is tried, not what comes of it; a plugin that swallows
the exception is seen, too. Code in C that opens files by itself is not, nor who asks whether a file is there: of those,
only what an error is about, or names. What is told is for display, nothing else.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .files_read import NEVER

MOST = 256
"""Different files and programs in one process. Whoever tries more reads a tree, and one refusal of it is enough."""

_O_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_READING = frozenset(["os.listdir", "os.scandir"])
_WRITING = {
    "os.mkdir": ((0, 2),),
    "os.remove": ((0, 1),),
    "os.rmdir": ((0, 1),),
    "os.rename": ((0, 2), (1, 3)),
    "os.link": ((1, 3),),
    "os.symlink": ((1, 2),),
    "os.truncate": ((0, 2),),
}
"""Where the arguments have what is written, and the open folder that it is relative to. What is relative to one is not
noted: that one was, when it was opened, and it may be the plugin's own.
"""
_RUNNING = frozenset(["subprocess.Popen", "os.exec", "os.posix_spawn"])
_PERSONS = ("embeddings.db", "logs.db")
"""Databases that lie in ``llm.user_dir()`` under the real ``llm``: whoever opens one there means the person's."""
_MOST_CAUSES = 20
_REFUSALS = (errno.EACCES, errno.ENOENT, errno.EPERM, errno.EROFS)
"""What a path that the sandbox keeps away may answer."""
_MOST_NAMED = 5
_NAMING_LETTERS = 10_000
_NAMED = r"""'(/[^'\n]+)'|"(/[^"\n]+)"|(?<![\w/.:~'"-])(/[^\s'"]+)"""
"""A path in a sentence: quoted, or a word that begins with a slash, which no address and no fraction does."""


class Tried(NamedTuple):
    """*kind* is ``read``, ``write`` or ``run``. *operation* is ``failed`` where an error is about it."""

    kind: str
    what: str
    operation: str = ""


class PathsTried:
    """Notes from `watch` on, until the process ends: an audit hook stays. `take` hands out what is new."""

    def __init__(self) -> None:
        self._own: tuple[str, ...] = NEVER
        self._seen: set[Tried] = set()
        self._new: list[Tried] = []
        self._tmp = "/tmp/"
        self._persons: tuple[str, ...] = ()

    def watch(self, environ: Mapping[str, str] = os.environ) -> None:
        """Begin to note; before the plugin is imported. What lies in the environment, or in its home, does not count,
        nor that it writes temporary files.
        """
        own = {sys.prefix, sys.base_prefix, sys.exec_prefix, environ.get("HOME", ""), *sys.path}
        self._own = (*NEVER, *(f"{folder.rstrip('/')}/" for folder in own if os.path.isabs(folder)))
        self._tmp = f"{environ.get('TMPDIR', '/tmp').rstrip('/')}/"
        self._persons = tuple(os.path.join(environ.get("HOME", ""), name) for name in _PERSONS)
        sys.addaudithook(self._note)

    def take(self) -> list[Tried]:
        """Return what was tried since it was asked last."""
        new, self._new = self._new, []
        return new

    def add_error(self, error: BaseException | None) -> None:
        """Note the files that *error*, and what led to it, is about, or names: asking for a file's state is no audit
        event.
        """
        for _ in range(_MOST_CAUSES):
            if error is None:
                return
            if isinstance(error, OSError):
                if error.errno in _REFUSALS and error.filename is not None:
                    self._add(self._tried_kind(error.filename), error.filename, "failed")
            else:
                for name in _named_in(error):
                    self._add("read", name)
            error = error.__cause__ or error.__context__

    def _tried_kind(self, name: Any) -> str:
        """Return what was to be done with the file *name*, as far as that was seen."""
        return "write" if Tried("write", _absolute(name)) in self._seen else "read"

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(path, str) and not path.startswith(self._own):
                self._add("write" if isinstance(flags, int) and flags & _O_WRITING else "read", path)
        elif event in _READING:
            self._add("read", arguments[0])
        elif event in _WRITING:
            for path, folder in _WRITING[event]:
                if arguments[folder : folder + 1] in ((), (-1,)):
                    self._add("write", arguments[path])
        elif event in _RUNNING:
            self._add("run", arguments[0])
        elif event == "os.system":
            self._add("run", "sh")
        elif event == "sqlite3.connect":
            self._add("read", arguments[0])

    def _add(self, kind: str, what: Any, operation: str = "") -> None:
        name = os.fsdecode(what) if kind == "run" and isinstance(what, (str, bytes, os.PathLike)) else _absolute(what)
        means_persons = kind == "read" and name in self._persons
        if not name or (kind != "run" and not means_persons and self._is_its_own(kind, name)):
            return
        found = Tried(kind, name, operation)
        if found not in self._seen and len(self._seen) < MOST:
            self._seen.add(found)
            self._new.append(found)

    def _is_its_own(self, kind: str, name: str) -> bool:
        """Say whether this is about a file of the plugin's own. Others may have temporary ones in a folder of the same
        name, which is not the one that is seen here.
        """
        is_temporary = f"{name}/".startswith(self._tmp) and (kind == "write" or os.path.lexists(name))
        return is_temporary or name.startswith(self._own)


def _absolute(what: Any) -> str:
    """Return the absolute path of the file *what*; "" for a descriptor, or where the working directory is gone."""
    try:
        return os.path.abspath(os.fsdecode(what))
    except (TypeError, ValueError, OSError):
        return ""


def _named_in(error: BaseException) -> Iterator[str]:
    """Yield the absolute paths in the text of *error*."""
    try:
        text = str(error)[:_NAMING_LETTERS]
    except Exception:  # noqa: BLE001  # a stranger's error may not even have a text
        return
    import re  # late: nothing else on the way to a start needs it

    for number, match in enumerate(re.finditer(_NAMED, text)):
        if number == _MOST_NAMED:
            return
        yield (match[1] or match[2] or match[3].rstrip(".,:;!?)]}>")).rstrip("/") or "/"
