"""Writes text that a model, a plugin or a stranger made: on a terminal without what would do more than show text."""

from __future__ import annotations

import sys

from .terminal_text import TerminalText


def echo(text: str, *, end: str = "\n") -> None:
    """Write *text* to stdout; in a pipe as it is."""
    if sys.stdout.isatty():
        terminal = TerminalText()
        text = terminal.clean(text) + terminal.rest()
    sys.stdout.write(text + end)
