"""What stands for the function of a tool that lives elsewhere: it looks like it, and calling it asks the host.

A model only needs the schema. But plugins hand the function itself to their vendor's client (``llm-ollama`` does),
which reads its name, its docstring and its signature.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from innkeeper_protocol.payloads.models import ToolDefinition

from innkeeper_sdk.api.host import current_host

TYPES = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}
"""What a parameter is annotated with, for each type of a JSON schema."""


def stand_in(tool: ToolDefinition) -> Callable[..., Any]:
    """Return a function with the name, docstring and signature of *tool*'s.

    Called, it runs the tool within what this plugin was allowed. Raises what the tool raises, by name and text.
    """

    def run(**arguments: Any) -> Any:
        given = current_host().run_tool(tool.name, tool.name, arguments)
        return given if given.attachments else given.output

    run.__name__ = run.__qualname__ = tool.name if tool.name.isidentifier() else "tool"
    run.__doc__ = tool.description
    parameters = _parameters(tool.input_schema)
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # the documented way to set it
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _parameters(schema: dict[str, Any]) -> list[inspect.Parameter]:
    properties, required = schema.get("properties") or {}, schema.get("required") or ()
    return [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if name in required else described.get("default"),
            annotation=_annotation(described),
        )
        for name, described in properties.items()
        if name.isidentifier() and isinstance(described, dict)
    ]


def _annotation(described: dict[str, Any]) -> Any:
    kind = described.get("type")
    return TYPES.get(kind, Any) if isinstance(kind, str) else Any
