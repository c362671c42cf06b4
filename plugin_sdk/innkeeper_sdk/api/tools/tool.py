"""A tool: a name, a schema of arguments, and the function that does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from innkeeper_sdk.api.values import Value, field, value

from .calls import ToolCall
from .schema import arguments_schema, as_schema


@value
class Tool(Value):
    """Something a model may call. *input_schema* is a JSON schema, or a pydantic model class, which is turned into one.

    *plugin* is the plugin that it came from.
    """

    name: str
    description: str | None = None
    input_schema: dict[str, Any] = field(default_factory=dict)
    implementation: Callable[..., Any] | None = None
    plugin: str | None = None

    def __post_init__(self) -> None:
        self.input_schema = as_schema(self.input_schema)

    @classmethod
    def function(cls, function: Callable[..., Any], name: str | None = None, description: str | None = None) -> Tool:
        """Make a tool of a function: its name, its docstring, and the annotations of its parameters.

        A parameter called ``llm_tool_call`` gets the ToolCall itself and is not shown to the model. Raises ValueError
        for a lambda without a *name*.
        """
        if not name and function.__name__ == "<lambda>":
            raise ValueError("a lambda needs name= to become a Tool")
        name = name or function.__name__
        return cls(
            name=name,
            description=description or function.__doc__ or None,
            input_schema=arguments_schema(function, name),
            implementation=function,
        )

    def hash(self) -> str:
        """Return the SHA-256 of what the model sees of the tool, and of the plugin it came from."""
        return definition_hash(self, server_side=False)


def definition_hash(tool: Any, *, server_side: bool) -> str:
    """Return the SHA-256 of a tool's name, description, schema and plugin, in this order, as JSON."""
    import hashlib
    import json

    hashed: dict[str, Any] = {"name": tool.name, "description": tool.description, "input_schema": tool.input_schema}
    if server_side:
        hashed["server_side"] = True
    if tool.plugin:
        hashed["plugin"] = tool.plugin
    return hashlib.sha256(json.dumps(hashed).encode("utf-8")).hexdigest()


def call_arguments(tool: Tool, tool_call: ToolCall) -> dict[str, Any]:
    """Return what to call the implementation with: the model's arguments, and the call itself where it is asked for.

    ``**kwargs`` does not ask for it.
    """
    import inspect

    assert tool.implementation is not None
    try:
        parameters = inspect.signature(tool.implementation).parameters
    except (TypeError, ValueError):  # a builtin without a signature
        return dict(tool_call.arguments)
    if "llm_tool_call" not in parameters:
        return dict(tool_call.arguments)
    return {**tool_call.arguments, "llm_tool_call": tool_call}


def instance_of(implementation: Any) -> Any:
    """Return the object that a bound method belongs to, or None."""
    return getattr(implementation, "__self__", None)
