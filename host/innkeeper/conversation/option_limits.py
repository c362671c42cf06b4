"""The limits that a JSON schema sets an option's values, beside that a number is one: choices, and bounds of numbers.

The schema is a plugin's: what makes no sense in it limits nothing, and the model itself has the last word.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

BOUNDS: dict[str, tuple[str, Callable[[float, float], bool]]] = {
    "minimum": ("at least", operator.ge),
    "exclusiveMinimum": ("above", operator.gt),
    "maximum": ("at most", operator.le),
    "exclusiveMaximum": ("below", operator.lt),
}


def limits_broken(value: Any, option: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """Return, in words, the limits of *option*, a property of *schema*, where *value* is not within; else nothing."""
    broken: list[str] = []
    for one in _alternatives(option, schema):
        limits = _broken(value, one)
        if not limits:
            return ""
        broken.append(limits)
    return ", or ".join(dict.fromkeys(broken))


def _alternatives(option: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield what *option* may be; not that it may be nothing."""
    choices = option.get("anyOf")
    for one in choices if isinstance(choices, list) else [option]:
        meant = _referred(one, schema) if isinstance(one, Mapping) else {}
        if meant.get("type") != "null":
            yield meant


def _referred(one: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return *one*, or what it refers to; where that is nowhere, what limits nothing."""
    if "$ref" not in one:
        return one
    reference, definitions = one["$ref"], schema.get("$defs")
    if not isinstance(reference, str) or not isinstance(definitions, Mapping):
        return {}
    found = definitions.get(reference.removeprefix("#/$defs/"))
    return found if isinstance(found, Mapping) else {}


def _broken(value: Any, one: Mapping[str, Any]) -> str:
    choices = one.get("enum")
    if isinstance(choices, list):
        texts = [str(choice) for choice in choices]
        return "" if str(value) in texts else f"one of {', '.join(texts)}"
    if one.get("type") == "boolean":
        return "" if isinstance(value, bool) else "true or false"
    if not _is_number(value) or one.get("type") not in ("integer", "number"):
        return ""
    bounds = {name: one[name] for name in BOUNDS if _is_number(one.get(name))}
    if all(BOUNDS[name][1](value, bound) for name, bound in bounds.items()):
        return ""
    return "a number " + " and ".join(f"{BOUNDS[name][0]} {bound}" for name, bound in bounds.items())


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
