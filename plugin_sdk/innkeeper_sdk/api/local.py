"""What the plugin of this process registered: models that are called right here, without asking the host."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pluggy


class Registered(Protocol):
    """One registered model and its other names. An embedding model has no ``async_model``."""

    @property
    def model(self) -> Any: ...
    @property
    def aliases(self) -> Sequence[str]: ...


class Registrations(Protocol):
    """What the plugin's hooks registered. Asking for something runs the hook, once; for models, once a ``refresh``."""

    def models(self) -> Sequence[Any]: ...
    def embedding_models(self) -> Sequence[Registered]: ...
    def template_loaders(self) -> Mapping[str, Callable[[str], Any]]: ...
    def fragment_loaders(self) -> Mapping[str, Callable[[str], Any]]: ...
    def tools(self) -> Mapping[str, Any]: ...
    def commands(self) -> Any: ...
    def refresh(self) -> None: ...
    @property
    def manager(self) -> pluggy.PluginManager: ...


_installed: Registrations | None = None


def installed() -> Registrations:
    """Return what all plugins registered that are installed in this environment, loaded when asked for first.

    That is what a plain interpreter has, as with the real ``llm``: the tests that plugins come with count on it.
    """
    global _installed  # noqa: PLW0603  # an environment is loaded once
    if _installed is None:
        from innkeeper_sdk.entry_points import LoadedPlugins, find_entry_points, load_plugins
        from innkeeper_sdk.registry import Registry

        loaded = LoadedPlugins()
        _installed = Registry(loaded)
        load_plugins(find_entry_points(), loaded)
    return _installed


_provider: Callable[[], Registrations] = installed


def registrations() -> Registrations:
    """Return what the plugin of this process registered."""
    return _provider()


def provider() -> Callable[[], Registrations]:
    """Return what ``set_registrations`` was given last."""
    return _provider


def set_registrations(source: Callable[[], Registrations]) -> None:
    """Say where registrations come from. The runtime calls it before it loads the plugin."""
    global _provider  # noqa: PLW0603  # a process has one plugin, and plugins call free functions
    _provider = source
