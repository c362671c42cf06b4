"""What was piped into a command."""

from __future__ import annotations

import sys

from innkeeper.errors import UsageError


def piped_text() -> str | None:
    """Return all of stdin as text; None where it is a terminal. Raises UsageError for what is no text."""
    if sys.stdin is None or sys.stdin.isatty():
        return None
    try:
        return sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError as error:
        found = UsageError(
            "What came on stdin is not text, so it cannot be part of a prompt.",
            why=f"It is not UTF-8: {error}",
            hint="A file goes with a prompt as an attachment: llm -a FILE, or -a - for stdin",
        )
        found.exit_code = 1
        raise found from error
