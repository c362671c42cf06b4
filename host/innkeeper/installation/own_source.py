"""A plugin's own Python files, for who reads its source to guess something from it."""

from __future__ import annotations

import os

from .editable import source_files
from .inventory import InstalledPlugin
from .wheel import read_installed


def own_files(plugin: InstalledPlugin) -> list[str]:
    """Return their paths: those of the folder that it is run from, or those in its environment that are its own.

    Which are its own a stranger's record says: what is elsewhere is left out.
    """
    if plugin.extra_read:
        return [path for folder in plugin.extra_read for path in source_files(folder)]
    distribution = read_installed(plugin.site_packages, plugin.name) if plugin.is_ready else None
    return [
        os.path.join(plugin.site_packages, path)
        for path in (distribution.files if distribution else ())
        if path.endswith(".py") and not path.startswith(("/", ".."))
    ]
