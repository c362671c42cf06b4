"""Schemas in short: ``name, age int, bio: a short one`` as the JSON schema it stands for."""

from __future__ import annotations

from typing import Any

JSONMap = dict[str, Any]

TYPES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}


def schema_dsl(schema_dsl: str, multi: bool = False) -> JSONMap:
    """Return the JSON schema of an object with the fields named, separated by commas or, if there are any, newlines.

    A field is ``name``, ``name type`` or either with ``: description``; types are str, int, float and bool, and every
    field is required. *multi*: the schema of a list of such objects, under ``items``. Raises ValueError.
    """
    properties: JSONMap = {}
    for field in filter(None, map(str.strip, schema_dsl.split("\n" if "\n" in schema_dsl else ","))):
        name, schema = _field(field)
        if name in properties:
            raise ValueError(f"Invalid schema DSL: duplicate field name {name!r}")
        properties[name] = schema
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return multi_schema(schema) if multi else schema


def _field(field: str) -> tuple[str, JSONMap]:
    before, _, description = (part.strip() for part in field.partition(":"))
    words = before.split()
    if not words:
        raise ValueError(f"Invalid schema DSL: field {field!r} is missing a name before ':'")
    kind = words[1] if len(words) > 1 else "str"
    if kind not in TYPES:
        raise ValueError(f"Invalid schema DSL: unknown type {kind!r} for field {words[0]!r}")
    schema = {"type": TYPES[kind]}
    return words[0], {**schema, "description": description} if description else schema


def multi_schema(schema: JSONMap) -> JSONMap:
    """Return the schema of an object with a list of *schema* under ``items``."""
    return {
        "type": "object",
        "properties": {"items": {"type": "array", "items": schema}},
        "required": ["items"],
    }


def make_schema_id(schema: JSONMap) -> tuple[str, str]:
    """Return the id that stored schemas go by, and the JSON it is made of."""
    import hashlib
    import json

    written = json.dumps(schema, separators=(",", ":"))
    return hashlib.blake2b(written.encode(), digest_size=16).hexdigest(), written


def schema_summary(schema: Any) -> str:
    """Return the names of a schema's fields in short: ``{name, pets: [{name}]}``."""
    if not isinstance(schema, dict):
        return ""
    if schema.get("type") == "array":
        return schema_summary(schema.get("items", {}))
    if schema.get("type") != "object":
        return ""
    return "{" + ", ".join(_summary(name, inner) for name, inner in schema.get("properties", {}).items()) + "}"


def _summary(name: str, schema: JSONMap) -> str:
    if schema.get("type") == "array":
        return f"{name}: [{schema_summary(schema.get('items', {}))}]"
    if schema.get("type") == "object":
        return f"{name}: {schema_summary(schema)}"
    return name
