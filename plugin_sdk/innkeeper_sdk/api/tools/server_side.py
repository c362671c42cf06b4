"""Tools that a model's provider runs on its own machines: carried with a prompt, never run here."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any, ClassVar

from .configuration import recording
from .tool import Tool, definition_hash


class ServerSideTool:
    """A tool of the provider. Subclass it for a tool with settings, or give the base class a raw *spec*."""

    name: ClassVar[str] = "server_side_tool"
    plugin: ClassVar[str | None] = None
    implementation: ClassVar[None] = None
    input_schema: ClassVar[dict[str, Any]] = {}
    spec: dict[str, Any] | None
    _config: dict[str, Any]

    def __init__(self, spec: dict[str, Any] | None = None) -> None:
        self.spec = spec
        vars(self).setdefault("_config", {"spec": spec})

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.__init__ = recording(cls.__init__, _keep_settings)  # type: ignore[method-assign]  # that is the point

    @property
    def description(self) -> str | None:
        """The class's docstring."""
        return inspect.getdoc(type(self))

    def tool_spec(self, model: Any) -> dict[str, Any]:
        """Return what the provider's API wants to see of the tool. Raises TypeError where there is no raw spec."""
        if self.spec is None:
            raise TypeError(f"{type(self).__name__} has no raw spec: it needs a tool_spec() of its own")
        return self.spec

    def prepare_request(self, model: Any, kwargs: dict[str, Any]) -> None:
        """Change what else is sent with the request, where the tool needs that."""

    def hash(self) -> str:
        """Return the SHA-256 of the definition, without the settings of this instance."""
        return definition_hash(self, server_side=True)


def _keep_settings(instance: Any, named: dict[str, Any]) -> None:
    instance._config = named


def partition_tools(model: Any, tools: Iterable[Any]) -> tuple[list[Tool], list[ServerSideTool]]:
    """Return *tools* as those we run and those the provider runs.

    Raises ValueError for one of the provider's that *model* does not claim. A model that claims ServerSideTool itself
    claims raw specs only, not every other provider's subclasses.
    """
    ours: list[Tool] = []
    theirs: list[ServerSideTool] = []
    claimed = tuple(model.supported_server_side_tools)
    for tool in tools:
        if not isinstance(tool, ServerSideTool):
            ours.append(tool)
        elif any(type(tool) is kind if kind is ServerSideTool else isinstance(tool, kind) for kind in claimed):
            theirs.append(tool)
        else:
            raise ValueError(
                f"Model '{model.model_id}' does not support server-side tool '{tool.name}'. "
                f"Run: llm tools -m {model.model_id}"
            )
    return ours, theirs
