"""What the person gives with ``--functions``: Python code whose functions are tools, run in a process of its own.

The code is the person's, but it runs on arguments that a model chose, so the host does not run it. A default plugin
does (``plugins/functions``), which is a toolbox with one argument: the code. It is confined like any plugin, without
network and files until the person allows it more (``llm plugins allow functions ...``), and its environment is made
once, with what ``llm install innkeeper-functions --with ...`` adds. The code is handed over as the argument, so it is
in no file and no command line of the process, and what the functions keep lives as long as the toolbox does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from innkeeper.errors import UsageError

from .tools import RemoteTool, Toolbox
from .tools_catalogue import FUNCTIONS_PLUGIN, FoundTool
from .tools_specification import Specification

if TYPE_CHECKING:
    from .host import Host

TOOLBOX = "Functions"

MOST_LETTERS = 1024 * 1024
"""Of the code. It travels in one message, beside what else there is."""


def functions_toolbox(host: Host, code: str) -> Toolbox:
    """Return a toolbox with the functions of *code*; nothing is run yet. Raises UsageError, UnknownPlugin."""
    if len(code) > MOST_LETTERS:
        raise UsageError(
            f"The code given with --functions has {len(code)} letters, and {MOST_LETTERS} is the most.",
            hint="Code of that size is a plugin: https://llm.datasette.io/en/stable/plugins/",
        )
    found = FoundTool(host.plugin(FUNCTIONS_PLUGIN), {"name": TOOLBOX, "toolbox": True})
    return Toolbox(host, found, Specification(TOOLBOX, (), {"code": code}))


def function_tools(toolbox: Toolbox, host: Host) -> list[RemoteTool]:
    """Run the code of *toolbox* and return its functions. Raises PluginCallFailed where the code fails, and the like.

    To the model, and to the log, they are the person's own: of no plugin.
    """
    return [
        RemoteTool(host, toolbox.plugin, tool.name, msgspec.structs.replace(tool, plugin=None), toolbox)
        for tool in toolbox.tools()
    ]
