"""Folders for work that may die half way: each goes with who made it, or at the next installation."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from innkeeper.paths import Home
from innkeeper.storage.lock import attempt, exclusive
from innkeeper.storage.removal import remove_tree

_LOCK = "lock"


@contextmanager
def scratch_folder(home: Home) -> Iterator[str]:
    """Make a folder, yield its path, and remove it. Those of processes that were killed go on the way.

    The path has no links in it: what a build writes down of where it ran can be found again.
    """
    parent = os.path.join(os.path.realpath(home.cache_dir), "scratch")
    folder = os.path.join(parent, os.urandom(6).hex())
    with ExitStack() as held:
        with exclusive(os.path.join(home.locks_dir, "scratch.lock"), "the folder for unfinished work"):
            _sweep(parent)
            os.makedirs(folder, mode=0o700)
            held.enter_context(exclusive(os.path.join(folder, _LOCK), "a folder for unfinished work"))
        held.callback(remove_tree, folder)
        yield folder


def _sweep(parent: str) -> None:
    for name in os.listdir(parent) if os.path.isdir(parent) else ():
        folder = os.path.join(parent, name)
        with suppress(OSError), attempt(os.path.join(folder, _LOCK)) as abandoned:
            if abandoned:
                remove_tree(folder)
