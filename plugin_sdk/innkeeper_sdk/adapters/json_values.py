"""Whatever a plugin calls JSON, made of plain JSON values: providers' answers hold dates, enums, models of pydantic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec


def json_value(value: Any) -> Any:
    """Return *value* as maps, lists, text, numbers, booleans and None; bytes become base64.

    What JSON has no form for is there as its ``repr``, as in ``llm``'s own log.
    """
    if value is None:
        return None
    return msgspec.to_builtins(value, str_keys=True, enc_hook=_foreign)


def json_map(value: Any) -> dict[str, Any] | None:
    """Return *value* as ``json_value`` does, or None where that is not a map."""
    converted = json_value(value)
    return converted if isinstance(converted, dict) else None


def _foreign(value: Any) -> Any:
    if isinstance(value, str):  # a subclass, such as a Fragment
        return str.__str__(value)
    if isinstance(value, Mapping):
        return dict(value)
    for method, arguments in (("model_dump", {"mode": "json"}), ("item", {}), ("tolist", {})):
        convert = getattr(value, method, None)
        if callable(convert) and not isinstance(value, type):
            return convert(**arguments)
    return repr(value)
