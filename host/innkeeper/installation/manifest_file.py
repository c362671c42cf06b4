"""Reading a manifest: all of it, or the part that somebody needs, which leaves the rest of it undecoded."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
from innkeeper_protocol.decoders import json_decoder

from innkeeper.errors import StorageError
from innkeeper.paths import Home

from .defaults import shipped_manifest_file
from .inventory import InstalledPlugin, read_index

MANIFEST = "manifest.json"
"""In each generation."""

T = TypeVar("T")


def read_as(home: Home, plugin: InstalledPlugin, wanted: type[T]) -> T:
    """Return of what *plugin* registers what *wanted* has fields for; of a default plugin that is not made ready, of
    what ships with the host.

    Where its environment was replaced since the index was read, that of its successor counts. Raises StorageError.
    """
    if plugin.generation is not None:
        path = os.path.join(home.generation_dir(plugin.name, plugin.generation), MANIFEST)
    else:
        path = shipped_manifest_file(plugin.name)
    try:
        state = os.stat(path)
        kind: Any = wanted
        found: T = _decoded(path, (state.st_ino, state.st_mtime_ns, state.st_size), kind)
    except (OSError, msgspec.DecodeError) as error:
        successor = read_index(home).named(plugin.name)
        if isinstance(error, FileNotFoundError) and successor and successor.generation not in (None, plugin.generation):
            return read_as(home, successor, wanted)
        raise StorageError(
            f"What plugin '{plugin.name}' registers cannot be read.",
            why=f"{path}: {error}",
            hint=f"Have it say so again: llm plugins repair {plugin.name}",
        ) from error
    return found


@lru_cache(maxsize=256)
def _decoded(path: str, state: tuple[int, int, int], wanted: Any) -> Any:
    """Return what is in the manifest *path*, read once for each *state* of it: plugins may have it looked at often."""
    with open(path, "rb") as file:
        return json_decoder(wanted).decode(file.read())
