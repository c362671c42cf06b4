"""A plugin's log: what it printed, call after call, and what the host noted beside that.

The plugin holds a descriptor of the file, not its path; RLIMIT_FSIZE bounds what it can write there. One older file is
kept. What stands in a log is a stranger's words: whoever shows it to a person cleans it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import BinaryIO

ROTATED_BYTES = 1024 * 1024
"""A log of this size is put aside when the plugin starts the next time."""

TAIL_BYTES = 16 * 1024
"""How much of the end is looked at for a plugin's last words."""

PIECE_BYTES = 1024 * 1024
"""Of a log that is looked through."""


class Log:
    """The log of one start. *descriptor* is for the plugin's stdout and stderr, until `started`."""

    __slots__ = ("_file", "_start", "descriptor", "path")

    def __init__(self, path: str) -> None:
        """Open the log at *path*, made if need be; its folder, too. Raises OSError."""
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with suppress(OSError):
            if os.stat(path, follow_symlinks=False).st_size > ROTATED_BYTES:
                os.replace(path, f"{path}.1")
        self.path = path
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        self.descriptor = os.open(path, flags, 0o600)
        state = os.fstat(self.descriptor)
        self._start, self._file = state.st_size, (state.st_dev, state.st_ino)

    def started(self) -> None:
        """Close the descriptor, which the plugin has by now. May be called twice."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def last_lines(self, count: int) -> list[str]:
        """Return the last *count* lines that were written since this start, cleaned, empty ones left out."""
        try:
            with open(self.path, "rb") as file:
                end = file.seek(0, os.SEEK_END)
                file.seek(max(self._start, end - TAIL_BYTES))
                text = file.read(TAIL_BYTES).decode("utf-8", "replace")
        except OSError:
            return []
        lines = [
            "".join(letter if letter.isprintable() else " " for letter in line).strip() for line in text.split("\n")
        ]
        return [line for line in lines if line][-count:]

    def take_out(self, keys: Iterable[str]) -> None:
        """Write over every one of *keys*, also what is left of a run whose host was killed before it could. The plugin,
        which may have said one by mistake, is gone; others that write at the end of the file are not disturbed.
        """
        wanted = [key.encode("utf-8") for key in keys]
        for path in (self.path, f"{self.path}.1") if wanted else ():
            with suppress(OSError), open(path, "r+b") as file:
                state = os.fstat(file.fileno())
                if (state.st_dev, state.st_ino) == self._file:
                    _overwrite(file, wanted)


def _overwrite(file: BinaryIO, wanted: list[bytes]) -> None:
    """Write stars over each of *wanted*, also where it lies across two pieces that are read."""
    overlap, start = max(map(len, wanted)) - 1, 0
    while True:
        file.seek(start)
        piece = file.read(PIECE_BYTES + overlap)
        clean = piece
        for key in wanted:
            clean = clean.replace(key, b"*" * len(key))
        if clean != piece:
            file.seek(start)
            file.write(clean)
        if len(piece) <= PIECE_BYTES:
            return
        start += PIECE_BYTES


def note(path: str, text: str) -> None:
    """Add a line of the host's own to the log at *path*. A log that cannot be written loses it."""
    line = noted(time.localtime(), text) + "\n"
    with suppress(OSError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            os.write(descriptor, line.encode("utf-8", "replace"))
        finally:
            os.close(descriptor)


def noted(when: time.struct_time, text: str) -> str:
    """Return the line that notes *text*."""
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', when)} innkeeper: {text}"
