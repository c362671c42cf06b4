"""Lines about what takes long: on a terminal one that is written over, elsewhere a line each. Always on stderr."""

from __future__ import annotations

from typing import TextIO

from innkeeper.untrusted import one_line


class Progress:
    """Writes to *stream*."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._is_shown = False
        self._is_lent = False

    def show(self, line: str) -> None:
        """Say what is being done now."""
        text = one_line(line, 500)
        if not self._is_terminal or self._is_lent:
            print(text, end="\r\n" if self._is_terminal else "\n", file=self._stream, flush=True)
            return
        import shutil

        width = shutil.get_terminal_size().columns - 2
        print(f"\r\x1b[2K{text[:width]}", end="", file=self._stream, flush=True)
        self._is_shown = True

    def lend(self) -> None:
        """Take the line away, and write a line each from now on: the terminal is a command's."""
        self.clear()
        self._is_lent = True

    def take_back(self) -> None:
        """Write a line over the other again."""
        self._is_lent = False

    def clear(self) -> None:
        """Take the line away, before something else is written."""
        if self._is_shown:
            print("\r\x1b[2K", end="", file=self._stream, flush=True)
            self._is_shown = False
