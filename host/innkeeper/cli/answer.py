"""Shows an answer as it comes: text on stdout, what the model thinks on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .run import Run

if TYPE_CHECKING:
    from innkeeper_protocol.payloads.models import ModelEvent

    from .terminal_text import TerminalText

DIM, PLAIN = "\x1b[2m", "\x1b[0m"


class Answer:
    """Writes pieces of text to stdout, each at once; on a terminal without control sequences, thoughts dim."""

    def __init__(self, run: Run, *, hide_reasoning: bool = False) -> None:
        self._run = run
        self._hide_reasoning = hide_reasoning
        self._out = _for_terminal() if sys.stdout.isatty() else None
        self._thoughts = _for_terminal() if sys.stderr.isatty() else None
        self._is_dim = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
        self._open_thought = ""
        self._has_begun = False

    def show(self, events: Iterable[str | ModelEvent]) -> None:
        """Show all of *events* and end the line."""
        try:
            for event in events:
                if isinstance(event, str):
                    self.text(event)
                elif event.type == "text":
                    self.text(event.chunk)
                elif event.type == "reasoning" and not self._hide_reasoning:
                    self._thought(event.chunk)
        finally:
            self._end_thought()
            if self._has_begun and self._out is not None:
                self._write(self._out.rest())
        self._write("\n")

    def text(self, piece: str) -> None:
        """Show a piece of the answer."""
        self._end_thought()
        self._write(piece if self._out is None else self._out.clean(piece))

    def _write(self, text: str) -> None:
        if not self._has_begun:
            self._run.progress.clear()
            self._has_begun = True
        if text:
            sys.stdout.write(text)
            sys.stdout.flush()

    def _thought(self, piece: str) -> None:
        if not piece:
            return
        self._run.progress.clear()
        text = piece if self._thoughts is None else self._thoughts.clean(piece)
        sys.stderr.write(f"{DIM}{text}{PLAIN}" if self._is_dim and text else text)
        sys.stderr.flush()
        self._open_thought = (self._open_thought + text)[-1:]

    def _end_thought(self) -> None:
        if self._open_thought and self._open_thought != "\n":
            sys.stderr.write("\n")
            sys.stderr.flush()
        self._open_thought = ""


def _for_terminal() -> TerminalText:
    from .terminal_text import TerminalText

    return TerminalText()


def show_usage(lines: Iterable[str]) -> None:
    """Show what answers cost, on stderr."""
    import click

    for line in lines:
        is_coloured = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
        text = f"Token usage: {line}"
        click.echo(click.style(text, fg="yellow", bold=True) if is_coloured else text, err=True)
