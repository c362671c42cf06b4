"""Which installed plugins one run may use: all of them, or what ``LLM_LOAD_PLUGINS`` names, as in `llm`.

What it leaves out does not exist for that run: it is not listed, not read, not started. Only installing and removing
look at everything.
"""

from __future__ import annotations

from .inventory import Index

VARIABLE = "LLM_LOAD_PLUGINS"


def selected(index: Index, wanted: str | None) -> tuple[Index, tuple[str, ...]]:
    """Return the part of *index* that *wanted* names, and the names in it that are not installed.

    *wanted* is a list with commas, and None for everything. The default plugins are always there.
    """
    if wanted is None:
        return index, ()
    chosen, unknown = set(), []
    for name in filter(None, map(str.strip, wanted.split(","))):
        found = index.find(name)
        if found is None:
            unknown.append(name)
        else:
            chosen.add(found.name)
    kept = [plugin for plugin in index.plugins if plugin.is_default or plugin.name in chosen]
    return Index(kept, index.removed_defaults), tuple(unknown)
