"""A model's answer on its way to a terminal, without what would do more than show text.

Removed are escape sequences (ECMA-48), other control characters but line breaks and tabs, and the characters that turn
the direction of writing (https://trojansource.codes). In a pipe nothing is changed: there it is data.
"""

from __future__ import annotations

import re

_SEQUENCE = re.compile(
    r"(?:\x1b\]|\x9d|\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"  # strings: titles, links, ...
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # control sequences: colours, cursor, ...
    r"|\x1b(?:[0-OQ-WYZ\\`a-~]|[ -/]+[0-~])"  # all others
)
_UNFINISHED = re.compile(
    r"(?:(?:\x1b\]|\x9d|\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*\x1b?|(?:\x1b\[|\x9b)[0-?]*[ -/]*|\x1b[ -/]*)\Z"
)
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

HELD_LETTERS = 256
"""The most that is held back of a sequence that does not end; a title longer than this is text without its start."""


class TerminalText:
    """Cleans text that comes in pieces; a sequence may be cut anywhere."""

    def __init__(self) -> None:
        self._held = ""

    def clean(self, piece: str) -> str:
        """Return what of the text so far can be shown now."""
        if not self._held and piece.isprintable():
            return piece
        text = _SEQUENCE.sub("", self._held + piece)
        unfinished = _UNFINISHED.search(text)
        if unfinished and len(unfinished[0]) <= HELD_LETTERS:
            text, self._held = text[: unfinished.start()], unfinished[0]
        else:
            self._held = ""
        return _FORBIDDEN.sub("", text)

    def rest(self) -> str:
        """Return what was held back, now that no more comes."""
        text, self._held = self._held, ""
        return _FORBIDDEN.sub("", text)
