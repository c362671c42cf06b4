"""Tools: what a model may ask to have run, and what came of it."""

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
