"""A model's options for people, read from the JSON schema that its plugin gave."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from innkeeper.untrusted import one_line

_TYPES = {"number": "float", "integer": "int", "string": "str", "object": "dict"}


def option_lines(schema: dict[str, Any], *, described: bool = True) -> Iterator[str]:
    """Yield what ``llm models --options`` shows below a model: a line for each option, its description where wanted."""
    properties = schema.get("properties")
    if not isinstance(properties, dict) or not properties:
        return
    yield "  Options:"
    for name, option in properties.items():
        details = option if isinstance(option, dict) else {}
        yield f"    {one_line(str(name), 100)}: {_types(details, schema)}"
        description = details.get("description")
        if described and isinstance(description, str) and description:
            yield from textwrap.wrap(one_line(description), 70, initial_indent="      ", subsequent_indent="      ")


def _types(option: dict[str, Any], schema: dict[str, Any]) -> str:
    alternatives = option.get("anyOf", [option])
    names = [_type(one, schema) for one in alternatives if isinstance(one, dict) and one.get("type") != "null"]
    return ", ".join(dict.fromkeys(names))


def _type(one: dict[str, Any], schema: dict[str, Any]) -> str:
    reference = one.get("$ref")
    if isinstance(reference, str):
        definitions = schema.get("$defs", {})
        one = definitions.get(reference.rpartition("/")[2], {}) if isinstance(definitions, dict) else {}
    if isinstance(one.get("enum"), list):
        return one_line("|".join(map(str, one["enum"])), 200)
    kind = one.get("type", "str")
    return _TYPES.get(kind, one_line(str(kind), 40)) if isinstance(kind, str) else "str"
