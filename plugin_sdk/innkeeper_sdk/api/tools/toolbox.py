"""Toolboxes: objects whose methods are tools and who keep their state from one call to the next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from types import MethodType
from typing import Any, ClassVar

from .configuration import recording
from .server_side import ServerSideTool
from .tool import Tool


class Toolbox:
    """Subclass it: every public method becomes a tool named ``Class_method``.

    More can be added in ``prepare``, with ``add_tool``, or by a ``tools`` of one's own.
    """

    name: str | None = None
    plugin: str | None = None
    instance_id: int | None = None
    _blocked = ("tools", "add_tool", "method_tools", "__init_subclass__", "prepare", "prepare_async")
    _extra_tools: ClassVar[list[Tool]] = []
    _config: ClassVar[dict[str, Any]] = {}
    _prepared: bool = False
    _async_prepared: bool = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.__init__ = recording(cls.__init__, _begin)  # type: ignore[method-assign]  # that is the point

    @classmethod
    def method_tools(cls) -> list[Tool]:
        """Return a tool for each public method of the class."""
        return [
            Tool.function(method, name=f"{cls.__name__}_{name}")
            for name, method in _public_callables(cls, cls._blocked)
        ]

    def tools(self) -> Iterable[Tool]:
        """Yield a tool for each public method, bound to this instance, and those that were added."""
        for name, method in _public_callables(self, self._blocked):
            tool = Tool.function(method, name=f"{type(self).__name__}_{name}")
            tool.plugin = self.plugin
            yield tool
        yield from self._extra_tools

    def add_tool(self, tool_or_function: Tool | Callable[..., Any], pass_self: bool = False) -> None:
        """Offer one tool more from this instance. *pass_self*: the function gets the toolbox as its first argument."""
        if "_extra_tools" not in vars(self):  # an instance of Toolbox itself; subclasses got theirs when constructed
            self._extra_tools = []  # type: ignore[misc]  # shadows the class's empty list on purpose
        if isinstance(tool_or_function, Tool):
            self._extra_tools.append(tool_or_function)
        elif callable(tool_or_function):
            function: Any = MethodType(tool_or_function, self) if pass_self else tool_or_function
            self._extra_tools.append(Tool.function(function))
        else:
            raise TypeError(f"a tool must be a Tool or something callable, not {type(tool_or_function).__name__}")

    def prepare(self) -> None:
        """Set up what the tools need; called once, before the first of them runs. Override it."""

    async def prepare_async(self) -> None:
        """Set up what the tools need, in an async chain. Override it."""


def _begin(toolbox: Any, named: dict[str, Any]) -> None:
    toolbox._config = named
    toolbox._extra_tools = []


def _public_callables(owner: Any, blocked: tuple[str, ...]) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name in dir(owner):
        if not name.startswith("_") and name not in blocked:
            attribute = getattr(owner, name)
            if callable(attribute):
                yield name, attribute


def wrap_tools(tools: Iterable[Any]) -> list[Any]:
    """Return *tools* with functions made into tools and toolboxes opened. Raises TypeError for anything else."""
    wrapped: list[Any] = []
    for tool in tools:
        if isinstance(tool, (Tool, ServerSideTool)):
            wrapped.append(tool)
        elif isinstance(tool, Toolbox):
            wrapped.extend(tool.tools())
        elif callable(tool):
            wrapped.append(Tool.function(tool))
        else:
            raise TypeError(f"{tool!r} is no tool: give a function, a Tool, a Toolbox or a ServerSideTool")
    return wrapped
