"""Tools for programs: opened once, for as many chains as are to share what their toolboxes keep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from innkeeper.conversation.chain_tools import Tools

from .models import shared_host


def open_tools(*tools: Any, functions: Sequence[str] = ()) -> Tools:
    """Open tools, to be given to any number of chains as ``tools=``. Close them by ``with``, or `Tools.close`.

    Each is a name as people write it after ``-T``, or a function, a `Tool` or a `Toolbox` of this program. *functions*
    is Python code, run confined, whose functions are tools. Raises UnknownTool, UsageError, PluginError.
    """
    return Tools(shared_host(), tools, functions=functions).open()
