"""Locks between processes: the kernel's, on a file, so that they are gone with whoever held them.

The index lock is held for milliseconds, around reading and replacing one file. A plugin's lock is held while it is
installed, which may take minutes, so waiting for it says so. Who runs a plugin shares the lock of its environment.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from innkeeper.errors import StorageError

from .unwritable import what_to_do

WAIT_S = 900.0
"""Longer than the slowest honest installation; who holds a lock for longer hangs, and is named."""

SMALL_FILE_S = 30.0
"""Reading, changing and writing a small file of the home takes a millisecond."""

_PAUSE_S = 0.02
"""Between two tries. The kernel's own wait has no time limit that works without signals."""


@contextmanager
def exclusive(
    path: str, what: str, *, waiting: Callable[[str], None] | None = None, wait_s: float = WAIT_S
) -> Iterator[None]:
    """Hold the lock *path*, alone; its folder is made. *what* it guards stands in messages; *waiting* gets one line
    if another process holds it. Raises StorageError after *wait_s* seconds.
    """
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageError(f"There is no way to lock {what}.", why=str(error), hint=what_to_do(error)) from error
    try:
        _wait(descriptor, what, waiting, wait_s)
        yield
    finally:
        os.close(descriptor)


def _wait(descriptor: int, what: str, waiting: Callable[[str], None] | None, wait_s: float) -> None:
    deadline = time.monotonic() + wait_s
    told = False
    while not _try(descriptor, fcntl.LOCK_EX):
        if time.monotonic() > deadline:
            raise StorageError(
                f"Another process has been changing {what} for more than {wait_s / 60:.0f} minutes.",
                hint="Look for another `llm` that hangs, end it, and try again.",
            )
        if waiting and not told:
            waiting(f"Waiting for another process that is changing {what}")
            told = True
        time.sleep(_PAUSE_S)


def _try(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def attempt(path: str) -> Iterator[bool]:
    """Hold the lock *path*, alone, if nobody else holds it; yield whether that is so. Its folder must be there."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield _try(descriptor, fcntl.LOCK_EX)
    finally:
        os.close(descriptor)


def share(path: str) -> int:
    """Return a descriptor that holds the lock *path*, with others, until it is closed.

    Raises FileNotFoundError when there is no such file, or when who holds it alone is removing it.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    if _try(descriptor, fcntl.LOCK_SH) and os.fstat(descriptor).st_nlink:
        return descriptor
    os.close(descriptor)
    raise FileNotFoundError(path)
