"""Which files a plugin's hooks opened: when one of them changes, what it registers may change, too."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any

MOST_FILES = 64
"""More than this is no list of configuration files but a plugin reading a tree; the first ones are kept."""

NEVER = ("/dev/", "/proc/", "/sys/", "/usr/", "/lib/", "/lib64/", "/etc/")
"""The system's files: what registers does not hang on them."""


class FilesRead:
    """Paths that were opened, or looked for, while watching. *own_folders* do not count: ``environment_folders()``.

    An audit hook cannot be taken out of the interpreter again, so the one here is made when watching starts and does
    nothing once it has ended.
    """

    def __init__(self, own_folders: Iterable[str] | None = None) -> None:
        self._own_folders = own_folders
        self._paths: dict[str, None] = {}
        self._watching = False

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Note what is opened inside this block."""
        sys.addaudithook(self._note)
        self._watching = True
        try:
            yield
        finally:
            self._watching = False

    def outside_the_environment(self) -> tuple[str, ...]:
        """Return the noted paths, sorted, that lie neither in the system's folders nor in our own."""
        own = environment_folders() if self._own_folders is None else self._own_folders
        prefixes = (*NEVER, *(f"{folder.rstrip('/')}/" for folder in own))
        return tuple(sorted(path for path in self._paths if not path.startswith(prefixes)))[:MOST_FILES]

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._watching or event not in {"open", "os.listdir", "os.scandir"}:
            return
        path = arguments[0]
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if isinstance(path, str) and len(self._paths) < 16 * MOST_FILES:
            self._paths[os.path.abspath(path)] = None


def environment_folders() -> set[str]:
    """Return where Python, the environment, the plugin's code and its temporary files lie."""
    import tempfile  # which takes longer than the rest of this

    return {sys.prefix, sys.base_prefix, sys.exec_prefix, tempfile.gettempdir(), *filter(os.path.isabs, sys.path)}
