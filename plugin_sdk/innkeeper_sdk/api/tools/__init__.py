"""Tools: what a model may ask to have run, and what came of it. Each name is imported when it is first used."""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from .calls import CancelToolCall, PauseChain, ToolCall, ToolOutput, ToolResult
    from .server_side import ServerSideTool, partition_tools
    from .tool import Tool
    from .toolbox import Toolbox, wrap_tools

__all__ = [
    "CancelToolCall",
    "PauseChain",
    "ServerSideTool",
    "Tool",
    "ToolCall",
    "ToolOutput",
    "ToolResult",
    "Toolbox",
    "partition_tools",
    "wrap_tools",
]

_PLACE_OF = {
    "ServerSideTool": "server_side",
    "Tool": "tool",
    "Toolbox": "toolbox",
    "partition_tools": "server_side",
    "wrap_tools": "toolbox",
}
"""The module of each name that is not in ``calls``."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(f"{__name__}.{_PLACE_OF.get(name, 'calls')}"), name)
    return found
