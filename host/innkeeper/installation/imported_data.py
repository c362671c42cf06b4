"""What a plugin kept in the user directory of the real ``llm``: found by the names in its source, copied to its data.

There all plugins wrote into one directory, side by side with the person's keys and databases. Those are never taken
for a plugin's, though its source names them: it asks the host for them now.
"""

from __future__ import annotations

import ast
import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from innkeeper.errors import UsageError

from .inventory import InstalledPlugin
from .own_source import own_files
from .undeclared_imports import MOST_BYTES

KEYS = "keys.json"

OF_THE_PERSON = frozenset(
    """
    keys.json logs.db logs.db-wal logs.db-shm logs-off embeddings.db embeddings.db-wal embeddings.db-shm aliases.json
    default_model.txt default_embedding_model.txt model_options.json templates extra-openai-models.yaml
    """.split()  # noqa: SIM905  # a line for each is no easier to read
)
"""Entries of that directory that belong to no plugin."""


class Copied(NamedTuple):
    """One file, as a path relative to the directory, and whether it was *kept*: there was one by that name already."""

    path: str
    size_bytes: int
    kept: bool = False


def entries_of(plugin: InstalledPlugin, directory: str) -> list[str]:
    """Return the files and folders in *directory* that are the plugin's: its source names them, or they bear its name.

    Raises UsageError for what is no directory.
    """
    try:
        present = sorted(os.listdir(directory))
    except OSError as error:
        raise UsageError(f"{directory} cannot be read.", why=str(error)) from error
    named, own = _names_in_source(plugin), plugin.name.removeprefix("llm-").replace("-", "_")
    return [
        name for name in present if name not in OF_THE_PERSON and (name in named or _stem(name) in (own, f"llm_{own}"))
    ]


def checked_entries(names: Iterable[str], directory: str) -> list[str]:
    """Return *names*, which the person typed, as entries of *directory*. Raises UsageError for what is none of them."""
    found = []
    for name in names:
        entry = os.path.normpath(name)
        if entry.split(os.sep)[0] in (os.pardir, os.curdir, "") or os.path.isabs(entry):
            raise UsageError(f"{name!r} is not below {directory}.")
        if entry == KEYS:
            raise UsageError(
                f"{KEYS} is not copied: with it the plugin would have all your keys.",
                hint="Store the one it needs, and allow it: llm keys set NAME, llm plugins allow PLUGIN --key NAME",
            )
        if not os.path.lexists(os.path.join(directory, entry)):
            raise UsageError(f"There is no {name} in {directory}.")
        found.append(entry)
    return found


def copy_data(directory: str, entries: Iterable[str], data_dir: str, *, replace: bool = False) -> Iterator[Copied]:
    """Copy *entries* of *directory* to *data_dir*, a plugin's, file by file, and yield each when it is there.

    A file that is there already stays, unless *replace*. Links are left out: they lead to what the plugin may not
    see. Nor is one followed that the plugin has in its data. Raises OSError.
    """
    os.makedirs(data_dir, mode=0o700, exist_ok=True)
    for path, size_bytes in _files(directory, entries):
        *folders, name = path.split(os.sep)
        target = _folder(data_dir, folders)
        try:
            is_there = _exists(name, target)
            if replace or not is_there:
                _copy(os.path.join(directory, path), name, target)
            yield Copied(path, size_bytes, kept=is_there and not replace)
        finally:
            os.close(target)


def _names_in_source(plugin: InstalledPlugin) -> set[str]:
    """Return the first part of each text in the plugin's source that can be a path."""
    names: set[str] = set()
    size_bytes = 0
    for path in own_files(plugin):
        with suppress(OSError, SyntaxError, ValueError, RecursionError, MemoryError):
            size_bytes += os.path.getsize(path)
            if size_bytes > MOST_BYTES:
                break
            with open(path, "rb") as file:
                texts = (node.value for node in ast.walk(ast.parse(file.read())) if isinstance(node, ast.Constant))
                names.update(text.split("/")[0] for text in texts if isinstance(text, str) and len(text) < 200)
    return names - {""}


def _stem(name: str) -> str:
    return name.partition(".")[0].lower().replace("-", "_")


def _files(directory: str, entries: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Yield the regular files among *entries* and below them, relative to *directory*, with their sizes."""
    for entry in entries:
        top = os.path.join(directory, entry)
        walked = os.walk(top) if os.path.isdir(top) and not os.path.islink(top) else [(directory, [], [entry])]
        for folder, folders, names in walked:
            folders.sort()
            for name in sorted(names):
                path = os.path.join(folder, name)
                found = os.lstat(path)
                if stat.S_ISREG(found.st_mode):
                    yield os.path.relpath(path, directory), found.st_size


def _folder(data_dir: str, folders: list[str]) -> int:
    """Return a descriptor of the folder *folders* below *data_dir*, made where need be; none of them is a link."""
    descriptor = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    for name in folders:
        try:
            with suppress(FileExistsError):
                os.mkdir(name, 0o700, dir_fd=descriptor)
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            inner = os.open(name, flags, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        descriptor = inner
    return descriptor


def _exists(name: str, folder: int) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _copy(source: str, name: str, folder: int) -> None:
    """Copy the file *source* beside *name*, and put it in its place when it is whole."""
    beside = f".{os.urandom(6).hex()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with (
        open(os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as reader,
        open(os.open(beside, flags, 0o600, dir_fd=folder), "wb") as writer,
    ):
        try:
            shutil.copyfileobj(reader, writer, 1024 * 1024)
            writer.flush()
            os.rename(beside, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(beside, dir_fd=folder)
            raise
