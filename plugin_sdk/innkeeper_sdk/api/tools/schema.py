"""The JSON schema of a function's arguments, as pydantic would write it.

Models see these schemas, and tools are told apart by them, so they are the same to the letter as those of the real
``llm``. Plain annotations are done here; whatever else there is (classes, enums, constrained types) is left to
pydantic, which costs an import of a tenth of a second and has to be in the plugin's environment.
"""

from __future__ import annotations

import inspect
import math
import types
import typing
from collections.abc import Callable
from typing import Any, Literal, Union, get_args, get_origin

JSONMap = dict[str, Any]

PLAIN: dict[Any, JSONMap] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    bytes: {"format": "binary", "type": "string"},
    None: {"type": "null"},
    type(None): {"type": "null"},
    Any: {},
    object: {},
}

UNIONS = (Union, types.UnionType)
ARRAYS: dict[Any, JSONMap] = {
    list: {},
    set: {"uniqueItems": True},
    frozenset: {"uniqueItems": True},
}
NOT_SHOWN = ("self", "llm_tool_call")
"""Parameters that are filled in, not asked of the model."""


class NotPlain(Exception):
    """An annotation, or a default, that needs pydantic."""


def arguments_schema(function: Callable[..., Any], name: str | None) -> JSONMap:
    """Return the schema of *function*'s parameters. Raises ImportError where that takes pydantic and there is none."""
    parameters = [
        parameter for parameter in inspect.signature(function).parameters.values() if parameter.name not in NOT_SHOWN
    ]
    hints = typing.get_type_hints(function)
    try:
        return _plain_schema(parameters, hints)
    except NotPlain as reason:
        return _pydantic_schema(parameters, hints, name, str(reason))


def as_schema(schema: Any) -> Any:
    """Return *schema* as a dict; a pydantic model class becomes its JSON schema, without titles."""
    if isinstance(schema, type) and hasattr(schema, "model_json_schema"):
        written: JSONMap = schema.model_json_schema()
        remove_titles(written)
        return written
    return schema


def remove_titles(schema: Any) -> None:
    """Remove the titles that pydantic puts everywhere; a *property* called title stays."""
    if isinstance(schema, dict):
        if isinstance(schema.get("title"), str):
            del schema["title"]
        for value in schema.values():
            remove_titles(value)
    elif isinstance(schema, list):
        for value in schema:
            remove_titles(value)


def _plain_schema(parameters: list[inspect.Parameter], hints: dict[str, Any]) -> JSONMap:
    properties: JSONMap = {}
    required = []
    for parameter in parameters:
        if parameter.name.startswith("_"):
            raise NotPlain(f"parameter {parameter.name}")
        shown = _of(hints.get(parameter.name, str))
        if parameter.default is inspect.Parameter.empty:
            required.append(parameter.name)
        else:
            shown["default"] = _default(parameter.default)
        properties[parameter.name] = dict(sorted(shown.items()))
    schema: JSONMap = {"properties": properties}
    if required:
        schema["required"] = required
    return {**schema, "type": "object"}


def _default(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        raise NotPlain("a default that JSON cannot hold")
    if value is None or type(value) in (str, int, float, bool):
        return value
    if type(value) is list:
        return [_default(item) for item in value]
    if type(value) is dict and all(type(key) is str for key in value):
        return {key: _default(item) for key, item in value.items()}
    raise NotPlain(f"a default of type {type(value).__name__}")


def _of(annotation: Any) -> JSONMap:
    """Return the schema of one annotation, with its keys sorted. Raises NotPlain."""
    try:
        if annotation in PLAIN:
            return dict(PLAIN[annotation])
    except TypeError:  # unhashable: Annotated[int, []] and the like
        raise NotPlain(repr(annotation)) from None
    origin, arguments = get_origin(annotation) or annotation, get_args(annotation)
    if origin in UNIONS:
        return _union(arguments)
    if origin is Literal:
        return _literal(arguments)
    if origin in ARRAYS:
        return dict(
            sorted({**ARRAYS[origin], "items": _of(arguments[0]) if arguments else {}, "type": "array"}.items())
        )
    if origin is dict:
        return _map(arguments)
    if origin is tuple:
        return _tuple(arguments)
    raise NotPlain(repr(annotation))


def _union(arguments: tuple[Any, ...]) -> JSONMap:
    """Return the alternatives; None comes last, wherever it was written."""
    nullable = type(None) in arguments
    alternatives: list[JSONMap] = []
    for schema in [_of(argument) for argument in arguments if argument is not type(None)]:
        if schema not in alternatives:
            alternatives.append(schema)
    if nullable:
        alternatives.append(dict(PLAIN[None]))
    return alternatives[0] if len(alternatives) == 1 else {"anyOf": alternatives}


def _literal(values: tuple[Any, ...]) -> JSONMap:
    kinds = {type(value) for value in values}
    if not kinds <= {str, int, bool, type(None)}:
        raise NotPlain(f"Literal{list(values)!r}")
    shown: JSONMap = {"const": values[0]} if len(values) == 1 else {"enum": list(values)}
    if len(kinds) == 1:
        shown.update(PLAIN[kinds.pop()])
    return shown


def _map(arguments: tuple[Any, ...]) -> JSONMap:
    if not arguments:
        return {"additionalProperties": True, "type": "object"}
    key, value = arguments
    if key is not str:
        raise NotPlain(f"a dict whose keys are {key!r}")
    return {"additionalProperties": _of(value) or True, "type": "object"}


def _tuple(arguments: tuple[Any, ...]) -> JSONMap:
    if not arguments:
        return {"items": {}, "type": "array"}
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return {"items": _of(arguments[0]), "type": "array"}
    items = [_of(argument) for argument in arguments]
    return {"maxItems": len(items), "minItems": len(items), "prefixItems": items, "type": "array"}


def _pydantic_schema(
    parameters: list[inspect.Parameter], hints: dict[str, Any], name: str | None, reason: str
) -> JSONMap:
    try:
        from pydantic import create_model
    except ImportError as error:
        raise ImportError(
            f"tool '{name}' needs pydantic for the schema of its arguments ({reason}), and its environment has none: "
            "add pydantic to the plugin's dependencies, or use plain annotations"
        ) from error
    fields: dict[str, Any] = {
        parameter.name: (
            hints.get(parameter.name, str),
            ... if parameter.default is inspect.Parameter.empty else parameter.default,
        )
        for parameter in parameters
    }
    schema: JSONMap = as_schema(create_model(f"{name}InputSchema", **fields))
    return schema
