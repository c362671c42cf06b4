"""What people write for an object to be made: ``Name``, ``Name("x")``, ``Name({"a": 1})``, ``Name(a=1, b="x")``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

SPECIFICATION = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:\((.*)\))?\s*", re.ASCII | re.DOTALL)
NAME = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*")
SEPARATOR = re.compile(r"\s*(,|\Z)\s*")


def instantiate_from_spec(class_map: Mapping[str, Any], spec: str) -> Any:
    """Make an instance of the class that *spec* names in *class_map*, with the arguments that it gives, as JSON.

    One object is keyword arguments, one other value is the one positional argument. Raises ValueError for what is not
    written like that, or names no class.
    """
    match = SPECIFICATION.fullmatch(spec)
    if match is None:
        raise ValueError(f"{spec!r} is not written like Name or Name(arguments)")
    name, arguments = match.group(1), (match.group(2) or "").strip()
    if name not in class_map:
        raise ValueError(f"unknown class {name!r}: there are {', '.join(sorted(class_map)) or 'none'}")
    make = class_map[name]
    if not arguments:
        return make()
    if NAME.match(arguments):
        return make(**_named(arguments))
    value = _value(arguments, spec)
    return make(**value) if isinstance(value, dict) else make(value)


def _value(text: str, spec: str) -> Any:
    import json

    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"the arguments of {spec!r} are not JSON: {error}") from error


def _named(text: str) -> dict[str, Any]:
    import json

    decoder = json.JSONDecoder()
    arguments: dict[str, Any] = {}
    position = 0
    while position < len(text):
        name = NAME.match(text, position)
        if name is None:
            raise ValueError(f"{text[position:]!r} is not written like name=value")
        try:
            value, position = decoder.raw_decode(text, name.end())
        except json.JSONDecodeError as error:
            raise ValueError(f"the value of {name.group(1)!r} is not JSON: {text[name.end() :]}") from error
        separator = SEPARATOR.match(text, position)
        if separator is None:
            raise ValueError(f"a comma is missing before {text[position:]!r}")
        arguments[name.group(1)] = value
        position = separator.end()
    return arguments
