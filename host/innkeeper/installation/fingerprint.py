"""Says whether what was made is still up to date: the host's SDK, and the files that decide what a plugin registers.

Asked each time a plugin is about to start, so it is quick: standard library, and no file read that has not changed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress

from innkeeper.errors import InstallError
from innkeeper.paths import Home

from .inventory import InstalledPlugin, write_whole
from .source_hash import content_hash, source_files

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CARRIED = os.path.join(PACKAGE, "carried")
"""Wheels of the SDK and the default plugins, in a host that was installed; ``hashes.json`` beside them."""
CLONE = os.path.dirname(os.path.dirname(PACKAGE))
"""Where the sources of those are, in a host that runs from its repository."""

SDK_SOURCES = ("protocol", "plugin_sdk")

Watched = dict[str, list[int] | None]


def sdk_hash(home: Home) -> str:
    """Return the hash of the SDK this host has: what each plugin's environment must hold. Raises InstallError."""
    return _hash_of(home, "sdk", SDK_SOURCES)


def default_plugin_hash(home: Home, name: str) -> str:
    """Return the hash of the default plugin *name* as this host has it. Raises InstallError."""
    return _hash_of(home, name, (default_plugin_source(name),))


def default_plugin_source(name: str) -> str:
    """Return where, in the repository, the source of the default plugin *name* is."""
    return os.path.join("plugins", name.removeprefix("innkeeper-").replace("-", "_"))


def runs_from_clone() -> bool:
    """Say whether the SDK's sources lie beside the host; they then win over whatever wheels it carries."""
    return all(os.path.isfile(os.path.join(CLONE, source, "pyproject.toml")) for source in SDK_SOURCES)


def expected_parts(home: Home, plugin: InstalledPlugin) -> str:
    """Return what `InstalledPlugin.sdk` is when its environment was made by this very host."""
    own = f"-{default_plugin_hash(home, plugin.name)}" if plugin.is_default else ""
    return sdk_hash(home) + own


def is_made_by_this_host(home: Home, plugin: InstalledPlugin) -> bool:
    """Say whether *plugin* has an environment, whole, with the SDK this host has."""
    return (
        plugin.is_ready
        and plugin.sdk == expected_parts(home, plugin)
        and os.path.exists(plugin.interpreter)
        and os.path.isdir(plugin.site_packages)
    )


def is_current(home: Home, plugin: InstalledPlugin) -> bool:
    """Say whether *plugin* can be started as it is: its environment is this host's, and its manifest not stale."""
    return is_made_by_this_host(home, plugin) and not has_changed(plugin.watched)


def watch(paths: Iterable[str]) -> Watched:
    """Return the state of the files at *paths*, for `has_changed`."""
    return {path: _state(path) for path in paths}


def has_changed(watched: Watched) -> bool:
    return any(_state(path) != state for path, state in watched.items())


def _state(path: str) -> list[int] | None:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return [found.st_mtime_ns, found.st_size]


def _hash_of(home: Home, name: str, sources: tuple[str, ...]) -> str:
    """Return the hash of *sources*, read again only when one of their files or folders has changed."""
    if not runs_from_clone():
        return _carried_hash(name)
    memo = os.path.join(home.cache_dir, "hashes", f"{name}.json")
    try:
        with open(memo, encoding="utf-8") as file:
            known = json.load(file)
        if known["clone"] == CLONE and not has_changed(known["watched"]) and isinstance(known["hash"], str):
            return str(known["hash"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    files = list(source_files(CLONE, sources))
    folders = {os.path.dirname(path) for path in files}
    watched = watch(os.path.join(CLONE, path) for path in (*sorted(folders), *files))
    found = content_hash(CLONE, files)
    with suppress(OSError):  # a home that cannot be written is only slower
        os.makedirs(os.path.dirname(memo), mode=0o700, exist_ok=True)
        write_whole(memo, {"clone": CLONE, "watched": watched, "hash": found})
    return found


def _carried_hash(name: str) -> str:
    try:
        with open(os.path.join(CARRIED, "hashes.json"), encoding="utf-8") as file:
            return str(json.load(file)[name])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InstallError(
            "This host does not carry the plugin SDK, so it cannot make environments.",
            why=f"{CARRIED}: {error}",
            hint="Install innkeeper anew: pip install --force-reinstall innkeeper",
        ) from error
