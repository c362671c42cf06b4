"""Takes the real ``llm`` over for one plugin: what it loads is that plugin alone, what it looks up, the host answers.

The functions are replaced in every module of the package that has them, since its modules import them from one
another by name. That is done before the plugin is imported, so its own imports get the replaced ones.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from innkeeper_sdk import api_in_use

from .api import RealApi

FROM_CATALOGUE = (
    "get_models_with_aliases",
    "get_models",
    "get_async_models",
    "get_model_aliases",
    "get_async_model_aliases",
    "get_model",
    "get_async_model",
    "get_embedding_models_with_aliases",
    "get_embedding_models",
    "get_embedding_model_aliases",
    "get_embedding_model",
    "get_default_model",
    "set_default_model",
    "get_default_embedding_model",
    "set_default_embedding_model",
    "set_alias",
    "remove_alias",
)

_built_in: frozenset[int] = frozenset()


def take_over() -> None:
    """Import the real ``llm``, and have it ask the host. Called once, before anything of the plugin is imported."""
    global _built_in  # noqa: PLW0603  # a process has one command line
    plugins = import_module("llm.plugins")
    plugins._loaded = True  # type: ignore[attr-defined]  # or it would load what else is in this environment
    group = import_module("llm.cli").cli
    _built_in = frozenset(id(command) for command in group.commands.values())
    api_in_use.use(RealApi())
    _replace()


def manager() -> Any:
    """Return the plugin manager of the real ``llm``."""
    return import_module("llm.plugins").pm


def command_line() -> Any:
    """Return the real ``llm``'s own click group, to which plugins add commands, and on whose commands some build."""
    return import_module("llm.cli").cli


def is_built_in(command: Any) -> bool:
    """Say whether *command* is one of the real ``llm``'s own, and nobody put another in its place."""
    return id(command) in _built_in


def _replace() -> None:
    from innkeeper_sdk.api import catalogue, collection, keys

    llm = import_module("llm")
    replaced: dict[str, Any] = {name: getattr(catalogue, name) for name in FROM_CATALOGUE}
    replaced |= {"get_key": keys.get_key, "load_keys": keys.load_keys, "Collection": collection.Collection}
    for name, ours in replaced.items():
        original = getattr(llm, name, None)
        if original is not None:
            _everywhere(name, original, ours)
    cli = import_module("llm.cli")
    if hasattr(cli, "load_template"):
        _everywhere("load_template", cli.load_template, _template_loader(cli))


def _everywhere(name: str, original: Any, ours: Any) -> None:
    for module_name, module in list(sys.modules.items()):
        if module_name.partition(".")[0] == "llm" and getattr(module, name, None) is original:
            setattr(module, name, ours)


def _template_loader(cli: Any) -> Callable[..., Any]:
    from innkeeper_sdk.api.loading import LoadTemplateError, load_template

    def load(name: str, *_: Any) -> Any:
        try:
            return load_template(name)
        except LoadTemplateError as error:
            raise cli.LoadTemplateError(str(error)) from error

    return load
