"""Keys, taken out of what goes into the log: a provider's answer may repeat one, a plugin may say one that it has."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TypeVar

V = TypeVar("V")

SHORTEST_KEY = 8
"""What is shorter is no key that anybody issues, and taking it out of an answer would only garble that."""

SHOWN_AS = "[key]"


def without_keys(value: V, keys: Iterable[str | None]) -> V:
    """Return *value*, made of JSON values, with every one of *keys* in it taken out."""
    known = sorted({key for key in keys if key and len(key) >= SHORTEST_KEY}, key=len, reverse=True)
    if not known or value is None:
        return value
    written = cleaned = json.dumps(value, ensure_ascii=False)
    for key in known:
        cleaned = cleaned.replace(json.dumps(key, ensure_ascii=False)[1:-1], SHOWN_AS)
    if cleaned == written:
        return value
    found: V = json.loads(cleaned)
    return found
