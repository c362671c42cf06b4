"""Which files the person's own words name. Whoever points at a file lets the plugin that gets the words read it.

That holds for what the person typed as the argument of a loader or a tool, for that call; what a model or a plugin says
names nothing. The rights go to what exists, and to nothing beside it: a file that is missing does not name its folder.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator

from innkeeper.confinement.grants import read_any
from innkeeper.errors import UsageError
from innkeeper.paths import Home

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_LOCAL_SCHEMES = frozenset(["file", "local"])
"""With these a path follows; what other addresses name is no file of this machine."""

_MARKS = "?#:/"
"""What stands between a path and what a loader wants from it: ``clip.mp4?fps=2``, ``a.py:10``, ``a.zip/inner``."""

_MOST_LETTERS = 4096
"""PATH_MAX: no longer text is a path."""

_MOST_LINKS = 40
"""The kernel's own limit: a longer way leads nowhere."""

_KERNEL_FOLDERS = ("/proc", "/sys", "/dev")
"""Processes and devices: not files that somebody keeps. Shared memory is, in a folder of its own."""


def named_paths(texts: Iterable[str], plugin: str, *, home: Home, cwd: str | None) -> tuple[str, ...]:
    """Return the absolute paths that *plugin* must see to read what *texts*, typed by the person, name.

    Relative paths start at *cwd*; without one they name nothing. Of a link both ends are returned. Raises UsageError
    for what holds the host's own files, or lies among them, and for a link that a plugin may have put there.
    """
    found: dict[str, None] = {}
    for text in texts:
        for path in _existing_paths(with_home_folder(text), cwd):
            found.update(dict.fromkeys(_to_be_seen(path, plugin, home)))
    return tuple(found)


def with_home_folder(text: str) -> str:
    """Return *text* with a ``~`` that stands for the person's home folder written out.

    A plugin has a home folder of its own, so it would look for the file there.
    """
    if text == "~" or text.startswith("~/"):
        return os.path.expanduser("~") + text[1:]
    return text


def _existing_paths(text: str, cwd: str | None) -> Iterator[str]:
    """Yield what exists of the paths in *text*; ``::`` stands between the parts of a chained address."""
    for part in text.split("::"):
        scheme = _SCHEME.match(part)
        if scheme is None:
            path = _longest_existing(part, cwd)
        elif scheme[1].lower() in _LOCAL_SCHEMES:
            path = _longest_existing(part[scheme.end() :], cwd)
        else:
            continue
        if path is not None:
            yield path


def _longest_existing(text: str, cwd: str | None) -> str | None:
    """Return *text* as an absolute path, or else the longest part of it, up to a mark, that exists.

    Up to a slash that must be a file: a folder in which something is missing was not named.
    """
    if not text or "\0" in text or (cwd is None and not os.path.isabs(text)):
        return None
    whole = os.path.join(cwd or "", text)
    if os.path.exists(whole):
        return whole
    for end in range(min(len(text), _MOST_LETTERS) - 1, 0, -1):
        if text[end] in _MARKS:
            head = os.path.join(cwd or "", text[:end])
            if os.path.isfile(head) or (text[end] != "/" and os.path.exists(head)):
                return head
    return None


def _to_be_seen(path: str, plugin: str, home: Home) -> Iterator[str]:
    """Yield where *path* really is, and where the person says it is."""
    real = os.path.realpath(path)
    if not _may_be_shown(real):
        return
    root, data = os.path.realpath(home.root), os.path.realpath(home.data_dir(plugin))
    if _is_within(real, data):
        return  # its own already
    if _is_within(real, root) or _is_within(root, real):
        raise UsageError(
            f"Plugin '{plugin}' cannot be shown {path}: it holds Innkeeper's own files.",
            why="The keys and the other plugins' data are among them.",
            hint=f"Name something that neither holds {root} nor lies in it.",
        )
    if any(_is_within(link, folder) for link in _links_on(path) for folder in _writable_by_plugins(home)):
        raise UsageError(
            f"Plugin '{plugin}' cannot be shown {path}: a link in it lies where a plugin may write.",
            why=f"It leads to {real}, and who put it there may want that to be read.",
            hint="If you mean that file, name it as it is called there.",
        )
    yield real
    said = os.path.abspath(path)
    if said != real and os.path.realpath(said) == real:  # not so where ".." follows a link
        yield said


def _links_on(path: str) -> Iterator[str]:
    """Yield each link that is followed on the way along the absolute *path*; ".." goes up from where one led."""
    done, left = "/", [part for part in path.split("/") if part]
    followed = 0
    while left and followed < _MOST_LINKS:
        here = os.path.normpath(os.path.join(done, left.pop(0)))
        if not os.path.islink(here):
            done = here
            continue
        yield here
        followed += 1
        target = os.readlink(here)
        done = "/" if target.startswith("/") else done
        left = [part for part in target.split("/") if part] + left


def _writable_by_plugins(home: Home) -> Iterator[str]:
    """Yield where plugins may put links: what any was allowed to write, and the home with their data."""
    yield os.path.realpath(home.root)
    names = os.listdir(home.plugins_dir) if os.path.isdir(home.plugins_dir) else []
    for name in names:
        for file in (home.grants_file(name), home.once_file(name)):
            yield from read_any(file, name)[1].write


def _may_be_shown(real: str) -> bool:
    """Say whether there is a file or a folder at *real* that a person may mean."""
    try:
        mode = os.stat(real).st_mode
    except OSError:
        return False
    is_kernels = any(_is_within(real, folder) for folder in _KERNEL_FOLDERS) and not real.startswith("/dev/shm/")
    return (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) and not is_kernels


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
