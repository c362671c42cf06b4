"""What was piped into a command. It can be read once, so it goes to whoever asks for it first."""

from __future__ import annotations

import sys

from innkeeper.errors import UsageError


class Stdin:
    """The stdin of one command."""

    def __init__(self) -> None:
        self._is_taken = False

    @property
    def is_terminal(self) -> bool:
        """Whether the person would have to type, rather than a program."""
        return sys.stdin is None or sys.stdin.isatty()

    def take(self) -> bytes:
        """Return all of it; nothing where somebody took it before. On a terminal, what is typed until Ctrl-D."""
        if self._is_taken or sys.stdin is None:
            return b""
        self._is_taken = True
        return sys.stdin.buffer.read()

    def take_text(self) -> str:
        """Return all of it as text, as `take` does. Raises UsageError for what is no text."""
        try:
            return self.take().decode("utf-8")
        except UnicodeDecodeError as error:
            found = UsageError(
                "What came on stdin is not text, so it cannot be part of a prompt.",
                why=f"It is not UTF-8: {error}",
                hint="A file goes with a prompt as an attachment: llm -a FILE, or -a - for stdin",
            )
            found.exit_code = 1
            raise found from error

    def before(self, typed: str | None) -> str | None:
        """Return what was piped in and behind it, after a space, what was *typed*. A terminal is not waited for."""
        piped = "" if self.is_terminal else self.take_text()
        return " ".join(filter(None, (piped, typed))) if piped else typed


def piped_text() -> str | None:
    """Return all of stdin as text; None where it is a terminal. Raises UsageError for what is no text."""
    stdin = Stdin()
    return None if stdin.is_terminal else stdin.take_text()
