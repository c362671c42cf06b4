"""Read-only views of the person's databases, for plugins that were granted them: a copy, where its data has the name.

Plugins open ``logs.db`` and ``embeddings.db`` in ``llm.user_dir()`` as files. That is their own directory here, so a
link in it leads to the view. A copy, and no way to the file itself: whoever may open a database may lock it, and what
hangs, or wants to, would hold up the person's prompts. What a plugin writes goes through the host, and is in the next
view.

The directory is the plugin's to write: nothing in it is opened, and no link in it followed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import closing, suppress

from innkeeper.errors import StorageError
from innkeeper.paths import Home

from .lock import exclusive
from .removal import remove_tree
from .unwritable import what_to_do
from .whole_file import read_text, write_whole

NAMES = ("embeddings", "logs")

BUSY_S = 10.0
"""To wait for another program that writes: each of its transactions takes milliseconds."""

LOCK_S = 120.0
"""For another process that makes the same copy: a gigabyte takes seconds."""

_BESIDE = ("", "-wal", "-shm", "-journal")
"""What a database consists of."""

_ASIDE = "own-"


def database_views(home: Home, plugin: str, names: Iterable[str]) -> tuple[str, ...]:
    """See that *plugin* finds views of the databases *names*, as they are now, and of no others. Return what it must be
    able to read for that.

    What it kept under the same name itself lies beside meanwhile, as ``own-logs.db``. Raises StorageError.
    """
    folder = home.views_dir(plugin)
    granted = frozenset(names)
    if not granted and not os.path.exists(folder):
        return ()
    lock = os.path.join(home.locks_dir, f"views-{plugin}.lock")
    try:
        with exclusive(lock, f"the views of '{plugin}'", wait_s=LOCK_S):
            os.makedirs(folder, mode=0o700, exist_ok=True)
            os.makedirs(home.data_dir(plugin), mode=0o700, exist_ok=True)
            for name in NAMES:
                database = getattr(home, f"{name}_file")
                view = _copied(database, folder, name) if name in granted and os.path.exists(database) else None
                _put(os.path.join(home.data_dir(plugin), f"{name}.db"), view, folder)
                if view is None:
                    _remove(folder, name)
            if not granted:
                remove_tree(folder)
    except OSError as error:
        raise StorageError(
            f"The databases that plugin '{plugin}' may read could not be copied for it.",
            why=str(error),
            hint=what_to_do(error),
        ) from error
    return (folder,) if granted else ()


def _copied(database: str, folder: str, name: str) -> str:
    """Return the path of a copy of *database* as it is now, which is made where there is none. Raises OSError.

    It is always the same one: what changes in the plugin's data is taken for the plugin's doing.
    """
    path, noted = os.path.join(folder, f"{name}.db"), os.path.join(folder, f"{name}.state")
    state = _state(database)
    if os.path.exists(path) and read_text(noted, what="The state of a view") == state:
        return path
    beside = os.path.join(folder, f"{name}.new")
    _copy(database, beside)
    os.rename(beside, path)
    write_whole(noted, state, what="The state of a view")
    return path


def _copy(database: str, beside: str) -> None:
    import sqlite3

    with suppress(FileNotFoundError):
        os.unlink(beside)
    os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        with closing(sqlite3.connect(database, timeout=BUSY_S)) as source, closing(sqlite3.connect(beside)) as copy:
            copy.execute("pragma synchronous=off")
            source.backup(copy)
            copy.execute("pragma journal_mode=delete")  # or whoever reads it would have to write beside it
    except sqlite3.Error as error:
        raise OSError(f"{database}: {error}") from error


def _state(database: str) -> str:
    """Return what changes whenever *database* does."""
    found = [os.stat(path) for path in (database, f"{database}-wal") if os.path.exists(path)]
    return "-".join(f"{state.st_ino:x}.{state.st_size:x}.{state.st_mtime_ns:x}" for state in found)


def _put(path: str, view: str | None, folder: str) -> None:
    """Have *path*, in a plugin's data, lead to *view*; without one have there what the plugin itself kept."""
    is_ours = os.path.islink(path) and os.readlink(path).startswith(f"{folder}/")
    own = os.path.join(os.path.dirname(path), _ASIDE + os.path.basename(path))
    if view is None:
        if is_ours:
            os.unlink(path)
            _move(own, path)
        return
    if is_ours and os.readlink(path) == view:
        return
    if os.path.lexists(path) and not is_ours:
        if not stat.S_ISREG(os.lstat(path).st_mode) or os.path.lexists(own):
            return  # what it made of it is its own affair
        _move(path, own)
    beside = os.path.join(os.path.dirname(path), f".view-{os.urandom(6).hex()}")
    os.symlink(view, beside)
    os.rename(beside, path)


def _move(database: str, target: str) -> None:
    for end in _BESIDE:
        with suppress(FileNotFoundError):
            os.rename(database + end, target + end)


def _remove(folder: str, name: str) -> None:
    for end in ("state", "db", "new"):
        with suppress(FileNotFoundError):
            os.unlink(os.path.join(folder, f"{name}.{end}"))
