"""Which modules are the plugin, and loading them: entry points in the group ``llm``.

Found by reading one distribution's ``entry_points.txt``: asking importlib.metadata costs more than most plugins'
own imports. Plugins are told apart by distribution, since two in the wild share an entry point's name.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from .failures import log_exception, name_and_text
from .plain_hooks import NotPlain, call_plainly

if TYPE_CHECKING:
    import pluggy
    from innkeeper_protocol.payloads.describe import Problem

GROUP = "llm"

PLUGIN_VARIABLE = "INNKEEPER_PLUGIN"
"""The environment variable that names the one distribution whose entry points count."""


class EntryPoint(msgspec.Struct, frozen=True):
    """One line of an ``entry_points.txt``: *value* is ``module`` or ``module:object``."""

    name: str
    value: str
    distribution: str
    version: str = ""


class LoadedPlugins:
    """What was loaded: the entry point of each plugin, and what failed on the way.

    Its hooks are called without pluggy's *manager* as long as nobody asks for that, and as long as they are plain.
    """

    def __init__(self, manager: pluggy.PluginManager | None = None) -> None:
        self._manager = manager
        self._lock = threading.RLock()
        self.entry_points: dict[Any, EntryPoint] = {}
        self.problems: list[Problem] = []

    @property
    def manager(self) -> pluggy.PluginManager:
        """pluggy's manager, with the plugins in it. One that does not fit its hooks becomes a problem."""
        with self._lock:
            if self._manager is None:
                self._manager = new_manager()
                for plugin, entry_point in list(self.entry_points.items()):
                    try:
                        self._register(plugin, entry_point)
                    except Exception as error:  # noqa: BLE001  # whatever is wrong with it is the plugin's
                        log_exception(error)
                        self.problems.append(problem(f"import of {entry_point.value}", error))
                        del self.entry_points[plugin]
            return self._manager

    def add(self, plugin: Any, entry_point: EntryPoint) -> None:
        """Add *plugin*, a module or an object with hook implementations. Twice the same object counts once."""
        with self._lock:
            if plugin in self.entry_points:
                return
            if self._manager is not None:
                self._register(plugin, entry_point)
            self.entry_points[plugin] = entry_point

    def _register(self, plugin: Any, entry_point: EntryPoint) -> None:
        assert self._manager is not None
        self._manager.register(plugin, name=f"{entry_point.distribution}:{entry_point.name}")

    def call(self, plugin: Any, hook: str, arguments: Mapping[str, Any]) -> None:
        """Call *hook* of *plugin* with those of *arguments* that it names. Raises whatever it raises."""
        if self._manager is None:
            with contextlib.suppress(NotPlain):
                call_plainly(plugin, hook, arguments)
                return
        caller = getattr(self.manager.hook, hook, None)
        if caller is None or plugin not in self.entry_points:  # a release of the real llm that does not have it
            return
        others = [other for other in self.entry_points if other is not plugin]
        (self.manager.subset_hook_caller(hook, others) if others else caller)(**arguments)

    def hook_names(self) -> tuple[str, ...]:
        """Return the names of the hooks that the plugins implement, sorted."""
        names = {
            caller.name
            for plugin in self.entry_points
            for caller in self.manager.get_hookcallers(plugin) or ()
            if caller.spec
        }
        return tuple(sorted(names))


def canonical_name(name: str) -> str:
    """Return *name* as PEP 503 compares distributions: lower case, runs of ``-_.`` as one dash."""
    return "-".join(part for part in name.lower().replace("_", "-").replace(".", "-").split("-") if part)


def find_entry_points(distribution: str | None = None, path: Sequence[str] | None = None) -> list[EntryPoint]:
    """Find the entry points of the group, of *distribution* alone when given, in the order of *path* (sys.path)."""
    wanted = canonical_name(distribution) if distribution else None
    found: dict[tuple[str, str], EntryPoint] = {}
    for entry_point in _in_dist_infos(wanted, sys.path if path is None else path):
        found.setdefault((entry_point.distribution, entry_point.name), entry_point)
    if not found and path is None:
        return _by_importlib_metadata(wanted)
    return list(found.values())


def _in_dist_infos(wanted: str | None, path: Sequence[str]) -> Iterator[EntryPoint]:
    for folder in dict.fromkeys(path):
        try:
            names = sorted(os.listdir(folder or os.curdir))
        except OSError:
            continue
        for directory in names:
            stem, dot, suffix = directory.rpartition(".")
            if not dot or suffix != "dist-info":
                continue
            name, _, version = stem.rpartition("-")
            if wanted is not None and canonical_name(name) != wanted:
                continue
            file = os.path.join(folder or os.curdir, directory, "entry_points.txt")
            for key, value in _read_group(file):
                yield EntryPoint(key, value, canonical_name(name), version)


def _read_group(file: str) -> Iterator[tuple[str, str]]:
    try:
        with open(file, encoding="utf-8") as opened:
            lines = opened.read().splitlines()
    except OSError:
        return
    section = ""
    for line in map(str.strip, lines):
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1].strip()
        elif section == GROUP and "=" in line and line[0] not in "#;":
            key, _, value = line.partition("=")
            yield key.strip(), value.strip()


def _by_importlib_metadata(wanted: str | None) -> list[EntryPoint]:
    """Find what the quick way cannot: egg-info directories, zip files, finders of other kinds."""
    from importlib import metadata

    return [
        EntryPoint(entry.name, entry.value, canonical_name(name), distribution.version)
        for distribution in metadata.distributions()
        if (name := distribution.metadata["Name"]) and wanted in (None, canonical_name(name))
        for entry in distribution.entry_points
        if entry.group == GROUP
    ]


def load_plugins(entry_points: Sequence[EntryPoint], loaded: LoadedPlugins) -> None:
    """Import the plugins and put them into *loaded*. One that fails becomes a problem; the others are loaded."""
    for entry_point in entry_points:
        where = f"import of {entry_point.value}"
        try:
            loaded.add(import_object(entry_point.value), entry_point)
        except (Exception, SystemExit) as error:  # noqa: BLE001  # a stranger's module may raise anything
            log_exception(error)
            loaded.problems.append(problem(where, error))


def new_manager() -> pluggy.PluginManager:
    """Return a pluggy manager that knows the hooks."""
    from .api_in_use import is_real

    if is_real():
        from .real_llm.runtime import manager as of_real_llm

        return of_real_llm()  # type: ignore[no-any-return]
    import pluggy

    from .api import hooks

    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hooks)
    return manager


def import_object(value: str) -> Any:
    """Import what an entry point's value names."""
    module_name, _, attributes = value.partition("[")[0].strip().partition(":")
    found: Any = importlib.import_module(module_name.strip())
    for attribute in filter(None, attributes.strip().split(".")):
        found = getattr(found, attribute)
    return found


def problem(where: str, error: BaseException) -> Problem:
    """Say in one line what failed: ``Type: text``."""
    from innkeeper_protocol.payloads.describe import Problem

    return Problem(where=where, message=name_and_text(error))


def missing_entry_points(distribution: str) -> Problem:
    """Say that *distribution* is no plugin, or is not installed here."""
    from innkeeper_protocol.payloads.describe import Problem

    return Problem(
        where=f"entry points of {distribution}",
        message=f"no installed distribution of that name has an entry point in the group '{GROUP}'",
    )
