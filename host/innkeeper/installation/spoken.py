"""Values that a plugin said, made fit to be kept and shown: names, texts, JSON. Each is bounded.

Names are refused when they are bad, since changing one would make it another's; texts are mended.
"""

from __future__ import annotations

import math
from typing import Any

from innkeeper.untrusted import cleaned, one_line

NAME_LETTERS = 200
"""The longest id, alias or prefix. The longest model ids of today have some 80 letters."""

LABEL_LETTERS = 300
TEXT_LETTERS = 4000
"""Of a description or a help text; `llm` itself shows a line of most."""

MOST_JSON_VALUES = 20_000
"""In one schema: objects, arrays and what they hold."""
MOST_JSON_DEPTH = 40
JSON_LETTERS = 20_000
"""The longest string in a schema."""


class Unfit(Exception):
    """What a plugin said cannot be kept; the text says why, as the end of a sentence."""


def name(value: str) -> str:
    """Return *value*, a name that people type and scripts compare. Raises Unfit."""
    if not value or value != value.strip():
        raise Unfit("has a name that is empty or begins or ends with a space")
    if len(value) > NAME_LETTERS:
        raise Unfit(f"has a name of {len(value)} letters, and {NAME_LETTERS} is the most")
    if not value.isprintable():
        raise Unfit("has control characters in its name")
    return value


def word(value: str) -> str:
    """Return *value*, a name that stands on a command line by itself. Raises Unfit."""
    if any(letter.isspace() for letter in name(value)) or value.startswith("-"):
        raise Unfit("has a name that no command line can hold")
    return value


def label(value: str) -> str:
    """Return *value* as one line."""
    return one_line(value, LABEL_LETTERS)


def text(value: str, limit: int = TEXT_LETTERS) -> str:
    """Return *value* without control characters, cut at *limit*."""
    return cleaned(value, limit)


def optional(value: str | None, limit: int = TEXT_LETTERS) -> str | None:
    """Return *value* as `text` does, or None."""
    return None if value is None else cleaned(value, limit)


def json(value: dict[str, Any]) -> dict[str, Any]:
    """Return *value* as JSON can hold it, its strings without control characters. Raises Unfit."""
    found: dict[str, Any] = _Json().walk(value, 0)
    return found


class _Json:
    def __init__(self) -> None:
        self.values = 0

    def walk(self, value: Any, depth: int) -> Any:
        self.values += 1
        if self.values > MOST_JSON_VALUES or depth > MOST_JSON_DEPTH:
            raise Unfit("has a schema that is too large")
        if isinstance(value, str):
            return cleaned(value, JSON_LETTERS)
        if value is None or isinstance(value, (bool, int)):
            return value
        if isinstance(value, float):
            return value if math.isfinite(value) else None
        if isinstance(value, (list, tuple)):
            return [self.walk(item, depth + 1) for item in value]
        if isinstance(value, dict) and all(isinstance(key, str) for key in value):
            return {cleaned(key, NAME_LETTERS): self.walk(item, depth + 1) for key, item in value.items()}
        raise Unfit("has a schema with something in it that is not JSON")
