"""Which model a name means. Reads the index and the person's aliases; starts nothing, imports next to nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from innkeeper.errors import UnknownModel
from innkeeper.installation.inventory import Index, InstalledPlugin


class Found(NamedTuple):
    """A model, or an embedding model, and its plugin. *entry* is what the index says of it.

    A model that is not installed, but was described for this run, has an entry with ``models``, which the plugin is
    told (`installation.openai_settings`), and ``like``, the id of a model of the plugin that is as able.
    """

    plugin: InstalledPlugin
    entry: dict[str, Any]

    @property
    def model_id(self) -> str:
        return str(self.entry["id"])

    @property
    def models(self) -> str:
        """What the plugin has to be told, as JSON, to know this model."""
        return str(self.entry.get("models", ""))

    @property
    def qualified_id(self) -> str:
        """The name that means this model whatever other plugins register: ``PLUGIN/ID``."""
        return f"{self.plugin.name}/{self.model_id}"


def all_models(index: Index, kind: str = "models") -> Iterator[Found]:
    """Yield every model, in the order of the index. *kind* is ``models`` or ``embedding_models``."""
    for plugin in index.plugins:
        for entry in getattr(plugin, kind):
            yield Found(plugin, entry)


def find_model(index: Index, aliases: dict[str, str], name: str, kind: str = "models") -> Found | None:
    """Return the model that *name* means, or None.

    It may be ``PLUGIN/ID``, an alias that the person set, an id, ``PLUGIN/ID`` with the plugin's name in short, or an
    alias that its plugin registered, in this order: no plugin takes a name that means another's model, or that the
    person gave. Ids such as ``openai/gpt-4o`` are common, and listed as they are: who writes one means it. Of two
    plugins with one id, or one alias, the one that had it first wins.
    """
    models = list(all_models(index, kind))
    written = aliases.get(name, name)
    found = _qualified(index, models, name, in_short=False)
    if found is None and written != name:
        found = _qualified(index, models, written, in_short=False) or _by_id(models, written)
        found = found or _qualified(index, models, written, in_short=True)
    found = found or _by_id(models, name) or _qualified(index, models, name, in_short=True)
    return found or next((model for model in models if name in model.entry.get("aliases", ())), None)


def _by_id(models: list[Found], name: str) -> Found | None:
    return next((model for model in models if model.model_id == name), None)


def _qualified(index: Index, models: list[Found], name: str, *, in_short: bool) -> Found | None:
    """Return the model that *name* means as ``PLUGIN/ID``. The plugin's ids may begin with its name themselves."""
    plugin_name, slash, model_id = name.partition("/")
    plugin = None if not slash else index.find(plugin_name) if in_short else index.named(plugin_name)
    if plugin is None:
        return None
    own = [model for model in models if model.plugin is plugin]
    found = _by_id(own, model_id)
    return found and (_by_id(own, name) or found)


def find_by_query(index: Index, queries: tuple[str, ...], kind: str = "models") -> Found | None:
    """Return the first of the models with the shortest id whose id or aliases hold every one of *queries*."""
    found = [
        model
        for model in all_models(index, kind)
        if all(
            any(query.lower() in name.lower() for name in (model.model_id, *model.entry.get("aliases", ())))
            for query in queries
        )
    ]
    return min(found, key=lambda model: len(model.model_id), default=None)


def unknown_model(index: Index, aliases: dict[str, str], name: str, kind: str = "models") -> UnknownModel:
    """Return the error that says so, with the nearest names."""
    import difflib

    models = list(all_models(index, kind))
    names = [*aliases, *(other for model in models for other in (model.model_id, *model.entry.get("aliases", ())))]
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    listing = "llm models" if kind == "models" else "llm embed-models"
    what = "model" if kind == "models" else "embedding model"
    hint = f"Near to it: {', '.join(near)}. " if near else ""
    return UnknownModel(
        f"Unknown {what}: {name}",
        why="" if models else f"No installed plugin offers any {what}.",
        hint=f"{hint}All of them: {listing}",
    )
