"""The index: which plugins are installed, in which generation, and what each registers.

``index.json`` is the truth about what is installed; its atomic replacement, under the index lock, commits every
installation and removal. Every command reads it, so this is quick: standard library only, and one small file. A
file that is missing or cannot be understood is made again from the ``record.json`` that each generation carries.

The default plugins are part of the index without being installed: their records ship with the host.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import MappingProxyType
from typing import Any

from innkeeper.errors import StorageError
from innkeeper.paths import Home

RECORD = "record.json"
"""In each generation: its entry of the index, and how it was asked for (see `request.py`)."""

NOTHING: Mapping[str, Any] = MappingProxyType({})

DEFAULTS_DIR = os.path.join(os.path.dirname(os.path.abspath(__file__)), "default_plugins")


_SOURCES = {"directory": "folder", "editable": "folder", "wheel": "file", "sdist": "file"}
"""Kinds that are the same source where they name the same path."""


class InstalledPlugin:
    """One plugin of the index. *name* is its canonical distribution name.

    *generation* is None for a default plugin that was not made ready yet; the paths are empty then. *models* are
    dicts with ``id``, ``label``, ``aliases``, ``sync`` and ``async``; *embedding_models* have ``id``, ``label`` and
    ``aliases``; *commands* have ``name``, ``help`` and ``hidden``; *template_loaders* and *fragment_loaders* are
    prefixes; *tools* have ``name``, ``description`` and ``toolbox``, a bool. *problems* are sentences about what it
    failed to register. (No dataclass: importing those takes 5 ms of every start.)
    """

    def __init__(
        self,
        *,
        name: str,
        version: str,
        requirement: str = "",
        source_kind: str = "index",
        location: str = "",
        generation: str | None = None,
        interpreter: str = "",
        base_prefix: str = "",
        site_packages: str = "",
        extra_read: Sequence[str] = (),
        hooks: Sequence[str] = (),
        models: Sequence[dict[str, Any]] = (),
        embedding_models: Sequence[dict[str, Any]] = (),
        commands: Sequence[dict[str, Any]] = (),
        template_loaders: Sequence[str] = (),
        fragment_loaders: Sequence[str] = (),
        tools: Sequence[dict[str, Any]] = (),
        runtime: str = "sdk",
        sdk: str = "",
        deferred: Sequence[str] = (),
        is_default: bool = False,
        problems: Sequence[str] = (),
        looks_outside: bool = False,
        watched: Mapping[str, list[int] | None] = NOTHING,
        installed_at: float = 0.0,
    ) -> None:
        self.name = name
        self.version = version
        self.requirement = requirement
        """What the person asked for, as typed."""
        self.source_kind = source_kind
        """``index``, ``directory``, ``editable``, ``wheel``, ``sdist``, ``url``, ``git`` or ``default``."""
        self.location = location
        """The path, or the URL, that it came from; empty for what came from the index, or with the host."""
        self.generation = generation
        self.interpreter = interpreter
        """The base Python that runs it, its real path: never the environment's own ``bin/python``."""
        self.base_prefix = base_prefix
        self.site_packages = site_packages
        self.extra_read = list(extra_read)
        """Folders beside the environment that it consists of: the source of an editable one."""
        self.hooks = list(hooks)
        self.models = list(models)
        self.embedding_models = list(embedding_models)
        self.commands = list(commands)
        self.template_loaders = list(template_loaders)
        self.fragment_loaders = list(fragment_loaders)
        self.tools = list(tools)
        self.runtime = runtime
        self.sdk = sdk
        """The hash of the SDK in its environment: when the host's differs, `install.make_ready` makes it anew."""
        self.deferred = list(deferred)
        """Its classes of options for which pydantic can wait (`deferred_options`)."""
        self.is_default = is_default
        self.problems = list(problems)
        self.looks_outside = looks_outside
        """Whether it went, or wanted to go, to the network to say what it registers: another time that may be more."""
        self.watched = dict(watched)
        """Files that decide what it registers, with modification time (ns) and size, or None where there was none."""
        self.installed_at = installed_at

    def __eq__(self, other: object) -> bool:
        return isinstance(other, InstalledPlugin) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return f"InstalledPlugin({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"

    @property
    def source(self) -> str:
        """Where it came from, in a form to compare: grants belong to a name and this. Versions may differ in it."""
        return (
            f"{_SOURCES.get(self.source_kind, self.source_kind)}:{self.location}" if self.location else self.source_kind
        )

    @property
    def is_ready(self) -> bool:
        """Whether it has an environment; whether that one is up to date only `install.make_ready` knows."""
        return self.generation is not None

    def venv(self, home: Home) -> str:
        """Return its virtual environment; only for a plugin that has one."""
        assert self.generation is not None, f"{self.name} has no environment yet"
        return os.path.join(home.generation_dir(self.name, self.generation), ".venv")


class Index:
    """All plugins: the defaults first, then the others in the order they were installed; the first wins a name. One
    that claims what another has by then goes to the end.

    *removed_defaults* are default plugins that the person uninstalled.
    """

    def __init__(self, plugins: Sequence[InstalledPlugin] = (), removed_defaults: Sequence[str] = ()) -> None:
        self.plugins = list(plugins)
        self.removed_defaults = list(removed_defaults)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Index) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def named(self, name: str) -> InstalledPlugin | None:
        """Return the plugin whose canonical name is *name*."""
        return next((plugin for plugin in self.plugins if plugin.name == name), None)

    def find(self, name: str) -> InstalledPlugin | None:
        """Return the plugin called *name*, in any spelling, with or without ``llm-`` or ``innkeeper-``."""
        wanted = canonical_name(name)
        return self.named(wanted) or self.named(f"llm-{wanted}") or self.named(f"innkeeper-{wanted}")

    def put(self, plugin: InstalledPlugin) -> None:
        """Add *plugin*, or let it take the place of the one with its name."""
        position = next((place for place, one in enumerate(self.plugins) if one.name == plugin.name), None)
        if position is None:
            self.plugins.append(plugin)
        elif self._takes_names(plugin, position):
            self.plugins[position:] = [*self.plugins[position + 1 :], plugin]
        else:
            self.plugins[position] = plugin
        if plugin.name in self.removed_defaults:
            self.removed_defaults.remove(plugin.name)

    def _takes_names(self, plugin: InstalledPlugin, position: int) -> bool:
        """Say whether *plugin*, at *position*, would take a name from one behind it that it did not have before."""
        new = _claimed(plugin) - _claimed(self.plugins[position])
        return any(new & _claimed(other) for other in self.plugins[position + 1 :]) if new else False

    def remove(self, name: str) -> None:
        """Forget the plugin *name*. A default plugin stays away until it is installed again."""
        for plugin in self.plugins:
            if plugin.name == name and plugin.is_default and name not in self.removed_defaults:
                self.removed_defaults.append(name)
        self.plugins = [plugin for plugin in self.plugins if plugin.name != name]


def _claimed(plugin: InstalledPlugin) -> set[tuple[str, str]]:
    """Return every name that *plugin* would like to mean something of its own, with the kind of thing it names."""
    claimed = {("command", str(entry["name"])) for entry in plugin.commands}
    claimed |= {("tool", str(entry["name"])) for entry in plugin.tools}
    claimed |= {("template", prefix) for prefix in plugin.template_loaders}
    claimed |= {("fragment", prefix) for prefix in plugin.fragment_loaders}
    for kind, models in (("model", plugin.models), ("embedding model", plugin.embedding_models)):
        for entry in models:
            claimed |= {(kind, str(name)) for name in (entry["id"], *entry.get("aliases", ()))}
    return claimed


def canonical_name(name: str) -> str:
    """Return *name* as distributions are compared (PEP 503): lower case, runs of ``-_.`` as one dash."""
    return "-".join(part for part in name.lower().replace("_", "-").replace(".", "-").split("-") if part)


def read_index(home: Home) -> Index:
    """Return what is installed, the default plugins among them. Takes no lock: the file is always whole.

    Raises StorageError where the file cannot be read for lack of permission.
    """
    index = _read(home)
    installed = {plugin.name: plugin for plugin in index.plugins}
    defaults = [
        installed.pop(plugin.name, plugin)
        for plugin in shipped(home)
        if plugin.name not in index.removed_defaults or plugin.name in installed
    ]
    index.plugins = [*defaults, *installed.values()]
    return index


@contextmanager
def change_index(home: Home) -> Iterator[Index]:
    """Hold the index lock and yield the index; what was changed in it is on disk, whole, when the block ends.

    An exception leaves the file as it was. Raises StorageError.
    """
    from innkeeper.storage.lock import exclusive
    from innkeeper.storage.unwritable import what_to_do

    with exclusive(os.path.join(home.locks_dir, "index.lock"), "the list of plugins"):
        index = read_index(home)
        yield index
        kept = [plugin_to_json(home, plugin) for plugin in index.plugins if plugin.is_ready]
        content = {"format": 1, "plugins": kept, "removed_defaults": index.removed_defaults}
        try:
            write_whole(home.index_file, content)
        except OSError as error:
            raise StorageError(
                "The list of plugins could not be written.", why=str(error), hint=what_to_do(error)
            ) from error


def write_whole(path: str, content: Any) -> None:
    """Write *content* as JSON to *path*, at once or not at all."""
    beside = f"{path}.{os.getpid()}"
    try:
        with open(beside, "w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=True, separators=(",", ":"))
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise


def plugin_to_json(home: Home, plugin: InstalledPlugin) -> dict[str, Any]:
    """Return *plugin* as it is kept: its site-packages relative to its generation, so that a home may be moved."""
    value = dict(vars(plugin))
    if plugin.generation is not None:
        value["site_packages"] = os.path.relpath(
            plugin.site_packages, home.generation_dir(plugin.name, plugin.generation)
        )
    return value


def plugin_from_json(home: Home, value: Any) -> InstalledPlugin:
    """Return the plugin that *value* describes; fields of a newer host are left out. Raises ValueError."""
    if not isinstance(value, dict):
        raise ValueError("a plugin's record is not an object")
    known = {}
    for name, kind in _KINDS.items():
        if name in value:
            if not isinstance(value[name], kind):
                raise ValueError(f"{name!r} in a plugin's record is of the wrong type")
            known[name] = value[name]
    name = known.get("name", "")
    if canonical_name(name) != name or not name.replace("-", "").isalnum() or not known.get("version"):
        raise ValueError("a plugin's record has no proper name or no version")
    generation = known.get("generation")
    if generation is not None and not generation.isalnum():
        raise ValueError("a plugin's record names no proper generation")
    plugin = InstalledPlugin(**known)
    if generation is not None:
        plugin.site_packages = os.path.join(home.generation_dir(plugin.name, generation), plugin.site_packages)
    return plugin


_KINDS: dict[str, Any] = {name: type(value) for name, value in vars(InstalledPlugin(name="", version="")).items()} | {
    "generation": (str, type(None)),
    "installed_at": (int, float),
}


def _read(home: Home) -> Index:
    try:
        with open(home.index_file, encoding="utf-8") as file:
            value = json.load(file)
        removed = [str(name) for name in value.get("removed_defaults", [])]
        return Index([plugin_from_json(home, entry) for entry in value["plugins"]], removed)
    except PermissionError as error:
        raise StorageError("The list of plugins cannot be read.", why=str(error)) from error
    except FileNotFoundError:
        return rebuilt_index(home) if os.path.isdir(home.plugins_dir) else Index()
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return rebuilt_index(home)


def rebuilt_index(home: Home) -> Index:
    """Return the index that the records of the generations make: the newest whole generation of each plugin."""
    newest: dict[str, InstalledPlugin] = {}
    for name in _names_in(home.plugins_dir):
        for generation in _names_in(os.path.join(home.plugin_dir(name), "generations")):
            try:
                plugin = plugin_from_json(home, read_record(home, name, generation)["plugin"])
            except (OSError, ValueError, KeyError, TypeError):
                continue
            usable = plugin.name == name and plugin.generation == generation and os.path.isdir(plugin.site_packages)
            if usable and (name not in newest or newest[name].installed_at < plugin.installed_at):
                newest[name] = plugin
    return Index(sorted(newest.values(), key=lambda plugin: plugin.installed_at))


def read_record(home: Home, name: str, generation: str) -> Any:
    """Return the ``record.json`` of a generation: ``plugin`` and ``request``. Raises OSError or ValueError."""
    with open(os.path.join(home.generation_dir(name, generation), RECORD), encoding="utf-8") as file:
        return json.load(file)


def shipped(home: Home) -> list[InstalledPlugin]:
    """Return the records of the default plugins that come with the host."""
    plugins = []
    for file_name in _names_in(DEFAULTS_DIR):
        if file_name.endswith(".json"):
            with open(os.path.join(DEFAULTS_DIR, file_name), encoding="utf-8") as file:
                plugins.append(plugin_from_json(home, json.load(file)["plugin"]))
    return plugins


def _names_in(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []
