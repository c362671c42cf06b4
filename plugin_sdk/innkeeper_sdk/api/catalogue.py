"""Finding models by name: the plugin's own, which are called right here, and the host's, called through it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from innkeeper_protocol.errors import ErrorCode

from innkeeper_sdk.api_in_use import api, is_real

from .embeddings import EmbeddingModel, EmbeddingModelWithAliases
from .errors import HostRefused
from .host import current_host, user_dir
from .local import registrations
from .models import ModelWithAliases

DEFAULT_MODEL_FILE = "default_model.txt"
DEFAULT_EMBEDDING_MODEL_FILE = "default_embedding_model.txt"


def get_models_with_aliases() -> list[ModelWithAliases]:
    """Return all models: the plugin's own first, then those the host lets it call.

    The plugin's hooks are run anew, as in the real ``llm``: a command that changes what they go by (``llm anthropic
    refresh``) looks here at what came of it.
    """
    registrations().refresh()
    return _models()


def _models() -> list[ModelWithAliases]:
    known, remote = api(), _models_elsewhere()
    listed = current_host().list_models().models
    persons = {info.model_id: info.aliases for info in listed}
    own = [
        known.ModelWithAliases(one.model, one.async_model, _united(one.aliases, persons.get(_id(one), ())))
        for one in registrations().models()
    ]
    here = {_id(one) for one in own}
    others = [
        known.ModelWithAliases(
            remote.RemoteModel(info) if info.has_sync else None,
            remote.RemoteAsyncModel(info) if info.has_async else None,
            list(info.aliases),
        )
        for info in listed
        if info.model_id not in here
    ]
    return own + others


def get_models() -> list[Any]:
    """Return all sync models."""
    return [one.model for one in get_models_with_aliases() if one.model]


def get_async_models() -> list[Any]:
    """Return all async models."""
    return [one.async_model for one in get_models_with_aliases() if one.async_model]


def get_model_aliases() -> dict[str, Any]:
    """Return the sync models by every name they have."""
    return _by_name((one.model, one.aliases) for one in get_models_with_aliases())


def get_async_model_aliases() -> dict[str, Any]:
    """Return the async models by every name they have."""
    return _by_name((one.async_model, one.aliases) for one in get_models_with_aliases())


def get_model(name: str | None = None) -> Any:
    """Return the sync model of that name or alias; without a name, the default model. Raises UnknownModelError."""
    return _find(name, "model", "async_model", "Unknown model (async model exists): ")


def get_async_model(name: str | None = None) -> Any:
    """Return the async model of that name or alias; without a name, the default model. Raises UnknownModelError."""
    return _find(name, "async_model", "model", "Unknown async model (sync model exists): ")


def get_embedding_models_with_aliases() -> list[EmbeddingModelWithAliases]:
    """Return all embedding models: the plugin's own first, then those the host lets it call; hooks are run anew."""
    registrations().refresh()
    return _embedding_models()


def _embedding_models() -> list[EmbeddingModelWithAliases]:
    known, remote = api(), _models_elsewhere()
    listed = current_host().list_models().embedding_models
    persons = {info.model_id: info.aliases for info in listed}
    own = [
        known.EmbeddingModelWithAliases(one.model, _united(one.aliases, persons.get(one.model.model_id, ())))
        for one in registrations().embedding_models()
    ]
    here = {one.model.model_id for one in own}
    others = [
        known.EmbeddingModelWithAliases(remote.RemoteEmbeddingModel(info), list(info.aliases))
        for info in listed
        if info.model_id not in here
    ]
    return own + others


def get_embedding_models() -> list[EmbeddingModel]:
    """Return all embedding models."""
    return [one.model for one in get_embedding_models_with_aliases()]


def get_embedding_model_aliases() -> dict[str, EmbeddingModel]:
    """Return the embedding models by every name they have."""
    return _by_name((one.model, one.aliases) for one in get_embedding_models_with_aliases())


def get_embedding_model(name: str) -> EmbeddingModel:
    """Return the embedding model of that name or alias. Raises UnknownModelError."""
    for one in registrations().embedding_models():
        if one.model.model_id == name:
            own: EmbeddingModel = one.model
            return own
    for everything in (_embedding_models, get_embedding_models_with_aliases):
        found = _by_name((one.model, one.aliases) for one in everything()).get(name)
        if found is not None:
            known: EmbeddingModel = found
            return known
    raise api().UnknownModelError(f"Unknown model: {name}")


def get_default_model(filename: str = DEFAULT_MODEL_FILE, default: str | None = None) -> str | None:
    """Return the id of the default model, or *default* where none is set.

    Another *filename* than the usual ones is a file of the plugin's own, in its user directory.
    """
    if filename in (DEFAULT_MODEL_FILE, DEFAULT_EMBEDDING_MODEL_FILE):
        listed = current_host().list_models()
        embedding = filename == DEFAULT_EMBEDDING_MODEL_FILE
        return (listed.default_embedding_model if embedding else listed.default_model) or default
    path = user_dir() / filename
    return path.read_text(encoding="utf-8").strip() if path.exists() else default


def set_default_model(model: str | None, filename: str = DEFAULT_MODEL_FILE) -> None:
    """Make *model* the default; None goes back to the one that ships."""
    if filename in (DEFAULT_MODEL_FILE, DEFAULT_EMBEDDING_MODEL_FILE):
        current_host().set_default_model(model, embedding=filename == DEFAULT_EMBEDDING_MODEL_FILE)
        return
    path = user_dir() / filename
    if model is None:
        path.unlink(missing_ok=True)
    else:
        path.write_text(model, encoding="utf-8")


def get_default_embedding_model() -> str | None:
    """Return the id of the default embedding model, or None."""
    return get_default_model(DEFAULT_EMBEDDING_MODEL_FILE)


def set_default_embedding_model(model: str | None) -> None:
    """Make *model* the default embedding model; None leaves none."""
    set_default_model(model, DEFAULT_EMBEDDING_MODEL_FILE)


def set_alias(alias: str, model_id_or_alias: str) -> None:
    """Let *alias* name a model. An alias of an alias names the model itself; a name nobody knows is kept as it is."""
    names = {**get_embedding_model_aliases(), **get_model_aliases()}
    known = names.get(model_id_or_alias)
    current_host().set_alias(alias, known.model_id if known is not None else model_id_or_alias)


def remove_alias(alias: str) -> None:
    """Raise KeyError for an alias that is not there, HostRefused for one that is: it is the person's to remove."""
    if alias not in {**get_embedding_model_aliases(), **get_model_aliases(), **get_async_model_aliases()}:
        raise KeyError(f"No such alias: {alias}")
    raise HostRefused(ErrorCode.UNSUPPORTED, f"a plugin cannot remove an alias: llm aliases remove {alias}")


def get_plugins(all: bool = False) -> list[dict[str, Any]]:  # noqa: A002  # the name plugins know
    """Return what is registered in this process: of each plugin its name, its hooks, and its version."""
    from importlib.metadata import PackageNotFoundError, version

    manager = registrations().manager
    plugins: list[dict[str, Any]] = []
    for plugin in manager.get_plugins():
        name = str(manager.get_name(plugin)).partition(":")[0]
        described: dict[str, Any] = {
            "name": name,
            "hooks": [caller.name for caller in manager.get_hookcallers(plugin) or ()],
        }
        with contextlib.suppress(PackageNotFoundError):
            described["version"] = version(name)
        plugins.append(described)
    return plugins


def get_template_loaders() -> Mapping[str, Callable[[str], Any]]:
    """Return the plugin's own template loaders, by prefix."""
    return dict(registrations().template_loaders())


def get_fragment_loaders() -> Mapping[str, Callable[[str], Any]]:
    """Return the plugin's own fragment loaders, by prefix."""
    return dict(registrations().fragment_loaders())


def get_tools() -> Mapping[str, Any]:
    """Return the plugin's own tools and toolboxes, by name."""
    return dict(registrations().tools())


def _models_elsewhere() -> Any:
    """Return the module with the classes that stand for models of other plugins."""
    from importlib import import_module

    return import_module("innkeeper_sdk.real_llm.remote_models" if is_real() else "innkeeper_sdk.api.remote")


def _find(name: str | None, wanted: str, other: str, only_the_other: str) -> Any:
    """Return the *wanted* variant of a model. The plugin's own are found by id without asking the host."""
    for one in registrations().models():
        if name and _id(one) == name and getattr(one, wanted) is not None:
            return getattr(one, wanted)
    name = name or get_default_model()
    if not name:
        raise api().UnknownModelError("Unknown model: no name was given, and no default model is set")
    everything = _models()
    found = _by_name((getattr(one, wanted), one.aliases) for one in everything).get(name)
    if found is None:  # it may be new
        everything = get_models_with_aliases()
        found = _by_name((getattr(one, wanted), one.aliases) for one in everything).get(name)
    if found is not None:
        return found
    if name in _by_name((getattr(one, other), one.aliases) for one in everything):
        raise api().UnknownModelError(only_the_other + name)
    raise api().UnknownModelError(f"Unknown model: {name}")


def _id(registered: Any) -> str:
    return str((registered.model or registered.async_model).model_id)


def _united(*aliases: Any) -> list[str]:
    """Return all names, each once, in their order."""
    return list(dict.fromkeys(name for some in aliases for name in some))


def _by_name(models: Any) -> dict[str, Any]:
    """Return models by alias and id. An id wins over an alias, a plugin's own model over others, the later over the
    earlier of two aliases."""
    aliases: dict[str, Any] = {}
    ids: dict[str, Any] = {}
    for model, names in models:
        if model is not None:
            aliases.update(dict.fromkeys(names, model))
            ids.setdefault(str(model.model_id), model)
    return {**aliases, **ids}
