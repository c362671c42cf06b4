"""Removes a folder that a stranger's code may have written to, and may still be writing to.

No link is followed, and no folder is too deep: each is opened by its name in one that is open already, and what is in
it is moved up before it goes. So one that is a thousand folders deep, which would use up our stack or our
descriptors, or that its maker closed to everyone, goes as any other does.
"""

from __future__ import annotations

import os
from contextlib import suppress

MOST_LEVELS = 100_000
"""How deep a folder may be to go at once: whoever still adds to it must not keep us for ever."""

_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove_tree(path: str) -> None:
    """Remove the folder *path*. What cannot be removed stays."""
    with suppress(OSError):
        folder = _open(path, None)
        try:
            for _ in range(MOST_LEVELS):
                if not _remove_a_level(folder):
                    break
        finally:
            os.close(folder)
        os.rmdir(path)


def _remove_a_level(folder: int) -> bool:
    """Remove what lies in *folder* but for what lies deeper, which is moved into it. Say whether there was any."""
    goes_on = False
    for entry in _entries(folder):
        with suppress(OSError):
            if entry.is_dir(follow_symlinks=False):
                goes_on |= _empty(entry.name, folder)
                os.rmdir(entry.name, dir_fd=folder)
            else:
                os.unlink(entry.name, dir_fd=folder)
    return goes_on


def _empty(name: str, outer: int) -> bool:
    """Move what folders the folder *name* of *outer* has up into that, remove the rest; say whether there were any."""
    has_moved = False
    inner = _open(name, outer)
    try:
        for entry in _entries(inner):
            if not entry.is_dir(follow_symlinks=False):
                os.unlink(entry.name, dir_fd=inner)
                continue
            os.close(_open(entry.name, inner))  # to move a folder is to change it, since it knows where it is
            os.rename(entry.name, f"{os.urandom(8).hex()}.gone", src_dir_fd=inner, dst_dir_fd=outer)
            has_moved = True
    finally:
        os.close(inner)
    return has_moved


def _entries(folder: int) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return list(entries)


def _open(name: str, outer: int | None) -> int:
    """Return the folder *name*, opened to be read, and made ours to read and change. Raises OSError for a link."""
    held = os.open(name, _FOLDER, dir_fd=outer)
    try:
        itself = f"/proc/self/fd/{held}"  # which leads to what is held, whatever has its name by now
        os.chmod(itself, 0o700)
        return os.open(itself, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    finally:
        os.close(held)
