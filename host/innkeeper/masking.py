"""Keys that were handed out in one run, taken out of what is shown, logged or kept after that.

A plugin that has a key can say it anywhere: in an error, on the console, in its log. It may do so by mistake, such as
printing the headers of a request. What is too short to be a key that anybody issues stays: masking it would only
garble what is said.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TypeVar

V = TypeVar("V")

SHORTEST_KEY = 8

SHOWN_AS = "[key]"

SECRET_WORDS = ("KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIALS")
"""In the name of a variable: what it holds is as secret as a key."""


class Mask:
    """The keys of one run. Any thread may use it."""

    def __init__(self, keys: Iterable[str | None] = ()) -> None:
        self._keys: frozenset[str] = frozenset()
        self.add(*keys)

    def add(self, *keys: str | None) -> None:
        """Take *keys* out of all that comes from now on."""
        self._keys |= {key for key in keys if key and len(key) >= SHORTEST_KEY}

    @property
    def keys(self) -> list[str]:
        """What is masked, the longest first: one may be a part of another."""
        return sorted(self._keys, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Return *text* without them."""
        for key in self.keys:
            text = text.replace(key, SHOWN_AS)
        return text

    def value(self, value: V) -> V:
        """Return *value*, made of JSON values, without them."""
        if not self._keys or value is None:
            return value
        written = cleaned = json.dumps(value, ensure_ascii=False)
        for key in self.keys:
            cleaned = cleaned.replace(json.dumps(key, ensure_ascii=False)[1:-1], SHOWN_AS)
        if cleaned == written:
            return value
        found: V = json.loads(cleaned)
        return found


def holds_secret(variable: str) -> bool:
    """Say whether the environment variable *variable* is named as those are that hold keys."""
    return any(word in variable.upper() for word in SECRET_WORDS)
