"""Taking a plugin away: out of the index first, which is what decides, then off the disk."""

from __future__ import annotations

import os
from contextlib import suppress

from innkeeper.errors import UnknownPlugin
from innkeeper.paths import Home

from .generation import plugin_lock, remove_unused
from .inventory import change_index
from .request import Progress


def uninstall(home: Home, name: str, *, keep_data: bool = False, progress: Progress | None = None) -> None:
    """Uninstall the plugin with the canonical *name*, with the files it wrote and its grants, unless *keep_data*.

    An environment that a process runs from goes with the next installation after it has ended. A default plugin stays
    away until it is installed again. Raises UnknownPlugin.
    """
    with plugin_lock(home, name, progress):
        with change_index(home) as index:
            if index.named(name) is None:
                raise UnknownPlugin(f"There is no plugin '{name}'.", hint="What is installed: llm plugins --all")
            index.remove(name)
        if not keep_data:
            for path in (home.grants_file(name), home.once_file(name), home.answered_file(name)):
                with suppress(FileNotFoundError):
                    os.unlink(path)
        remove_unused(home, name, with_data=not keep_data)
