"""What the parts of a payload may be whose type is JSON: msgspec takes more there than JSON can hold.

It decodes bytes, timestamps and keys of any type, which whoever stores or shows the value later does not expect; and it
nests until the stack ends, which depends on the interpreter and on how deep the caller stands.

Source: SPEC.md MSG-5, MSG-8, MSG-10.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec

MAX_DEPTH = 100
"""Maps and arrays inside each other, counted from the params, result, items or error data."""

_SCALARS = frozenset({str, int, float, bool, type(None)})


def problem_with(value: Any, *, is_json: bool = False) -> str | None:
    """Say what is wrong with *value*, a decoded payload, or data that *is_json*; None when nothing is."""
    return _look_into(value, is_json, MAX_DEPTH)


def _look_into(value: Any, is_json: bool, levels: int) -> str | None:
    """Look into *value*, which may have so many levels of maps and arrays."""
    kind: Any = type(value)
    if kind is dict:
        inside: Any = value.values()
        is_json = True
        if not all(type(key) is str for key in value):
            return "a key that is no text"
    elif kind is list or kind is tuple:
        inside = value
    elif isinstance(value, msgspec.Struct):
        return _look_into_fields(value, levels)
    else:
        return f"a value of type {kind.__name__}, which JSON cannot hold" if is_json and kind not in _SCALARS else None
    if not levels:
        return "nested too deep"
    for inner in inside:
        if type(inner) not in _SCALARS:
            problem = _look_into(inner, is_json, levels - 1)
            if problem is not None:
                return problem
    return None


def _look_into_fields(struct: msgspec.Struct, levels: int) -> str | None:
    if not levels:
        return "nested too deep"
    for name, is_json in fields_to_json(type(struct)):
        inner = getattr(struct, name)
        if inner:
            problem = _look_into(inner, is_json, levels - 1)
            if problem is not None:
                return problem
    return None


@cache
def fields_to_json(struct: Any) -> tuple[tuple[str, bool], ...]:
    """Return the fields of *struct* that lead to JSON, each with whether it is JSON itself, or an array of it."""
    return tuple(
        (name, not any(map(_is_struct, parts)))
        for name, parts in _parts_of_fields(struct).items()
        if any(_leads_to_json(part, ()) for part in parts)
    )


def _leads_to_json(hint: Any, above: tuple[Any, ...]) -> bool:
    """Say whether JSON may stand in a *hint*, or any number of what is *above* it inside each other."""
    if not _is_struct(hint):
        return hint is Any
    if hint in above:
        return True
    return any(_leads_to_json(part, (*above, hint)) for parts in _parts_of_fields(hint).values() for part in parts)


@cache
def _parts_of_fields(struct: Any) -> dict[str, tuple[Any, ...]]:
    """Return for each field of *struct* the types that its type is made of."""
    hints = typing.get_type_hints(struct, include_extras=True)
    return {name: tuple(_parts_of(hint)) for name, hint in hints.items()}


def _parts_of(hint: Any) -> Iterator[Any]:
    """Yield what *hint* is made of. ``TextOrBytes`` is a whole, though it is written with ``Any``."""
    if typing.get_origin(hint) is typing.Annotated or not (inside := typing.get_args(hint)):
        yield hint
    else:
        for part in inside:
            yield from _parts_of(part)


def _is_struct(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, msgspec.Struct)
