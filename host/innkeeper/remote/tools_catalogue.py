"""Which tool a name means. Reads the index; starts nothing, imports next to nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from innkeeper.errors import UnknownTool
from innkeeper.installation.inventory import Index, InstalledPlugin
from innkeeper.untrusted import one_line

FUNCTIONS_PLUGIN = "innkeeper-functions"
"""The plugin that runs what the person gives with ``--functions``; see `functions`. No name means its toolbox: a plugin
that runs other plugins' tools must not run code of its own with what the person allowed theirs."""

NAME_LETTERS = 200
"""Of a name that means nothing, in a message."""

SHOWN_NAMES = 50
"""Of the tools that there are, in a message."""


class FoundTool(NamedTuple):
    """A function, or a toolbox, and its plugin. *entry* is what the index says of it."""

    plugin: InstalledPlugin
    entry: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.entry["name"])

    @property
    def is_toolbox(self) -> bool:
        return bool(self.entry.get("toolbox"))

    @property
    def qualified_name(self) -> str:
        """The name that means this tool whatever other plugins register: ``PLUGIN/NAME``."""
        return f"{self.plugin.name}/{self.name}"


def all_tools(index: Index) -> Iterator[FoundTool]:
    """Yield every function and every toolbox, in the order of the index."""
    for plugin in index.plugins:
        if plugin.name != FUNCTIONS_PLUGIN:
            for entry in plugin.tools:
                yield FoundTool(plugin, entry)


def find_tool(index: Index, name: str) -> FoundTool | None:
    """Return the tool that *name* means: PLUGIN/NAME, or a name of its own, which the first that had it keeps."""
    plugin_name, _, own_name = name.partition("/")
    plugin = index.find(plugin_name) if own_name else None
    found = (tool for tool in all_tools(index) if tool.plugin is plugin and tool.name == own_name)
    return next(found, None) or next((tool for tool in all_tools(index) if tool.name == name), None)


def unknown_tools(index: Index, names: Sequence[str], more: Sequence[str] = ()) -> UnknownTool:
    """Return the error that says so, with the nearest names. *more* are those that the model's provider has."""
    import difflib

    known = list(dict.fromkeys([*(tool.name for tool in all_tools(index)), *more]))
    near = [other for name in names for other in difflib.get_close_matches(name, known, n=3, cutoff=0.5)]
    shown = ", ".join(known[:SHOWN_NAMES]) + (", …" if len(known) > SHOWN_NAMES else "")
    hint = f"Near to it: {', '.join(dict.fromkeys(near))}. " if near else ""
    return UnknownTool(
        f"Tool(s) {', '.join(one_line(name, NAME_LETTERS) for name in names)} not found.",
        why=f"Available tools: {shown}" if known else "No installed plugin offers any tool.",
        hint=f"{hint}What each does: llm tools",
    )
