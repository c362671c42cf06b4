"""Options of a model, as the values that its JSON schema says they are: people type them as text.

For what is kept and shown. With a prompt the model itself says what it takes, in its own words.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from math import isfinite
from typing import Any

YES, NO = ("true", "1", "yes", "on", "t", "y"), ("false", "0", "no", "off", "f", "n")


def schemas_of(options_schema: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the schema of each option; what a plugin said that is none is left out."""
    properties = options_schema.get("properties")
    if not isinstance(properties, dict):
        return {}
    return {str(name): schema for name, schema in properties.items() if isinstance(schema, dict)}


def typed(text: str, schema: Mapping[str, Any]) -> Any:
    """Return *text* as the value that *schema* wants. Raises ValueError for what is no number and should be."""
    kinds = _kinds(schema)
    if "boolean" in kinds and text.lower() in (*YES, *NO):
        return text.lower() in YES
    try:
        if "integer" in kinds and "number" not in kinds:
            return int(text)
        if "number" in kinds:
            number = float(text)
            if not isfinite(number):
                raise ValueError(f"{text} cannot be kept as JSON")
            return int(number) if "integer" in kinds and number.is_integer() else number
    except ValueError:
        if "string" not in kinds:
            raise
    return text


def wanted(schema: Mapping[str, Any]) -> str:
    """Return, in words, which numbers *schema* takes, of one whose texts `typed` may refuse."""
    return "a number" if "number" in _kinds(schema) else "a whole number"


def _kinds(schema: Mapping[str, Any]) -> set[str]:
    alternatives = schema.get("anyOf")
    choices = alternatives if isinstance(alternatives, list) else [schema]
    return {one["type"] for one in choices if isinstance(one, Mapping) and isinstance(one.get("type"), str)}


def effective(options: Mapping[str, Any], options_schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a model ran with: *options* that were given, and its own for the others, as far as they are known."""
    schemas = schemas_of(options_schema)
    found = {name: schema["default"] for name, schema in schemas.items() if schema.get("default") is not None}
    for name, value in options.items():
        found[name] = value
        if isinstance(value, str) and name in schemas:
            with suppress(ValueError):  # the model took it all the same
                found[name] = typed(value, schemas[name])
    return found
