"""What installed plugins said of their models, read from their manifests: nothing is started."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec
from innkeeper_protocol.payloads.embeddings import EmbeddingModelInfo
from innkeeper_protocol.payloads.models import ModelInfo

from innkeeper.installation.inventory import Index
from innkeeper.installation.manifest_file import read_as
from innkeeper.paths import Home

from .catalogue import Found


class _Models(msgspec.Struct):
    """What of a manifest is read here: models alone, without the types that everything else takes."""

    models: tuple[ModelInfo, ...] = ()
    embedding_models: tuple[EmbeddingModelInfo, ...] = ()


I = TypeVar("I", bound=ModelInfo | EmbeddingModelInfo)  # noqa: E741  # information of either kind


def model_info(home: Home, found: Found) -> ModelInfo:
    """Return what the plugin of *found* said of it."""
    described = found.entry.get("like", found.model_id)
    for info in read_as(home, found.plugin, _Models).models:
        if info.model_id == described:
            return info
    return ModelInfo(model_id=found.model_id)


def embedding_model_info(home: Home, found: Found) -> EmbeddingModelInfo:
    """Return what the plugin of *found* said of it."""
    for info in read_as(home, found.plugin, _Models).embedding_models:
        if info.model_id == found.model_id:
            return info
    return EmbeddingModelInfo(model_id=found.model_id)


def models_of(home: Home, index: Index, aliases: dict[str, str]) -> Iterator[ModelInfo]:
    """Yield every model that its bare id means, with the person's *aliases* beside its own."""
    infos = (info for plugin in index.plugins if plugin.models for info in read_as(home, plugin, _Models).models)
    return _named(infos, aliases)


def embedding_models_of(home: Home, index: Index, aliases: dict[str, str]) -> Iterator[EmbeddingModelInfo]:
    """Yield every embedding model that its bare id means, with the person's *aliases* beside its own."""
    plugins = [plugin for plugin in index.plugins if plugin.embedding_models]
    return _named((info for plugin in plugins for info in read_as(home, plugin, _Models).embedding_models), aliases)


def _named(infos: Iterable[I], aliases: dict[str, str]) -> Iterator[I]:
    seen: set[str] = set()
    for info in infos:
        if info.model_id not in seen:
            seen.add(info.model_id)
            persons = tuple(alias for alias, model_id in aliases.items() if model_id == info.model_id)
            yield msgspec.structs.replace(info, aliases=tuple(dict.fromkeys((*info.aliases, *persons))))
