"""Sees that what the person granted, or named, is what a plugin gets to see when it starts.

A path is a name. Whoever may write the folder, such as another plugin, can put a link to something else in its place,
also while the plugin starts. So each path is opened here and must be where its name says, and its inode goes along: the
bootstrap, which runs inside before the plugin does, compares.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

Identity = tuple[int, int]
"""Device and inode."""


def pinned(paths: Iterable[str]) -> dict[str, Identity]:
    """Return the identity of each of *paths*, leaving out those that are not there, or lead to what is none of them."""
    paths = tuple(paths)
    found = {}
    for path in paths:
        try:
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            if os.readlink(f"/proc/self/fd/{descriptor}") in paths:
                state = os.fstat(descriptor)
                found[path] = (state.st_dev, state.st_ino)
        finally:
            os.close(descriptor)
    return found
