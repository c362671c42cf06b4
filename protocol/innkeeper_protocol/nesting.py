"""How deep values may be nested: what is deeper could not be shown, stored or walked without a crash somewhere.

msgspec stops by itself long before the stack ends, but where it stops depends on the interpreter and on how deep the
caller stands. A rule of the protocol needs one number.

Source: SPEC.md MSG-8.
"""

from __future__ import annotations

from typing import Any

import msgspec

MAX_DEPTH = 100
"""Maps and arrays inside each other, counted from the params, result, item or error data."""


def is_too_deep(value: Any) -> bool:
    """Say whether *value* nests deeper than MAX_DEPTH."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [inner for outer in level for inner in _containers_in(outer)]
        if not level:
            return False
    return True


def _containers_in(value: Any) -> list[Any]:
    if isinstance(value, msgspec.Struct):
        inside: Any = [getattr(value, name) for name in value.__struct_fields__]
    elif isinstance(value, dict):
        inside = value.values()
    elif isinstance(value, (list, tuple)):
        inside = value
    else:
        return []
    return [inner for inner in inside if isinstance(inner, (dict, list, tuple, msgspec.Struct))]
