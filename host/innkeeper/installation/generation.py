"""A plugin's generations: each is one environment in a folder of its own, made where it will live.

The one that the index names is the plugin; any other is either on its way there, under the plugin's lock, or left over.
Whoever runs a plugin holds its generation meanwhile, so an upgrade leaves it alone until the last of them is gone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import NamedTuple

from innkeeper.errors import InstallError
from innkeeper.paths import Home
from innkeeper.storage.audit import audit_files
from innkeeper.storage.database_views import database_views
from innkeeper.storage.lock import attempt, exclusive, share
from innkeeper.storage.removal import remove_tree

from .inventory import RECORD, InstalledPlugin, read_index

_LOCK = "lock"

MOST_TRIES = 5
"""Times that a plugin may be replaced while somebody tries to hold it; twice would be a coincidence."""


class Held(NamedTuple):
    """A plugin whose environment stays until *descriptor* is closed, or this process is gone."""

    plugin: InstalledPlugin
    descriptor: int


def hold(home: Home, plugin: InstalledPlugin) -> Held:
    """Keep the environment of *plugin*, which is ready, or of what has taken its place by now; see `Held`.

    Raises InstallError where there is none any more.
    """
    for _ in range(MOST_TRIES):
        assert plugin.generation is not None, f"{plugin.name} has no environment yet"
        try:
            return Held(plugin, share(os.path.join(home.generation_dir(plugin.name, plugin.generation), _LOCK)))
        except FileNotFoundError:
            successor = read_index(home).named(plugin.name)
            if successor is None or successor.generation in (None, plugin.generation):
                break
            plugin = successor
    raise InstallError(
        f"The environment of plugin '{plugin.name}' is gone.",
        why="Another process removed it, or its folder was damaged.",
        hint=f"Make it again: llm plugins repair {plugin.name}",
    )


def plugin_lock(home: Home, name: str, waiting: Callable[[str], None] | None = None) -> AbstractContextManager[None]:
    """Hold the plugin *name* alone, for changing what is installed; *waiting* is told if another process does so."""
    return exclusive(_plugin_lock_path(home, name), f"plugin '{name}'", waiting=waiting)


def _plugin_lock_path(home: Home, name: str) -> str:
    return os.path.join(home.locks_dir, f"plugin-{name}.lock")


@contextmanager
def new_generation(home: Home, name: str) -> Iterator[str]:
    """Make the folder of a new generation of *name*, whose lock is held, and yield the generation's name.

    When the block ends, all that the index does not name goes: this one, unless it was put there, and older ones.
    """
    generation = os.urandom(6).hex()
    had_data = os.path.exists(home.data_dir(name))
    folder = home.generation_dir(name, generation)
    try:
        os.makedirs(folder, mode=0o700)
        os.close(os.open(os.path.join(folder, _LOCK), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
        yield generation
    finally:
        remove_unused(home, name, with_data=not had_data)


def remove_unused(home: Home, name: str, *, with_data: bool = False) -> None:
    """Remove the generations of *name* that the index does not name and nobody runs from. Its lock is held.

    Of what is not installed the log goes, too, and if *with_data* its data and its audit; grants stay.
    """
    present = read_index(home).named(name)
    parent = os.path.dirname(home.generation_dir(name, "any"))
    for generation in os.listdir(parent) if os.path.isdir(parent) else ():
        if present is None or generation != present.generation:
            _remove(home.generation_dir(name, generation))
    if present is None:
        database_views(home, name, ())
    if present is None or not present.is_ready:
        logs = (home.log_file(name), f"{home.log_file(name)}.1")
        for log in (*logs, *(audit_files(home, name) if with_data else ())):
            with suppress(OSError):
                os.unlink(log)
        if with_data:
            remove_tree(home.data_dir(name))
        for folder in (home.data_dir(name), parent, home.plugin_dir(name)):
            with suppress(OSError):
                os.rmdir(folder)


def _remove(folder: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(os.path.join(folder, RECORD))  # an index that is lost is made again from records
    with suppress(OSError), attempt(os.path.join(folder, _LOCK)) as unused:
        if unused:
            remove_tree(folder)


def sweep(home: Home) -> None:
    """Remove what killed installations of any plugin left behind. A plugin that is being changed is left alone."""
    if not os.path.isdir(home.plugins_dir):
        return
    os.makedirs(home.locks_dir, mode=0o700, exist_ok=True)
    index = read_index(home)
    for name in os.listdir(home.plugins_dir):
        present = index.named(name)
        generations = os.path.dirname(home.generation_dir(name, "any"))
        found = os.listdir(generations) if os.path.isdir(generations) else []
        if found == [present and present.generation]:
            continue
        with attempt(_plugin_lock_path(home, name)) as nobody_else:
            if nobody_else:
                remove_unused(home, name)
