"""What this process's own plugin registered: models that are called right here, without asking the host."""

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
    """What the plugin's hooks registered. Asking for something runs the hook, once."""

    def models(self) -> Sequence[Any]: ...
    def embedding_models(self) -> Sequence[Registered]: ...
    def template_loaders(self) -> Mapping[str, Callable[[str], Any]]: ...
    def fragment_loaders(self) -> Mapping[str, Callable[[str], Any]]: ...
    def tools(self) -> Mapping[str, Any]: ...
    def commands(self) -> Any: ...
    @property
    def manager(self) -> pluggy.PluginManager: ...


class NothingRegistered:
    """The registrations of a process without a plugin."""

    def models(self) -> Sequence[Any]:
        return ()

    def embedding_models(self) -> Sequence[Registered]:
        return ()

    def template_loaders(self) -> Mapping[str, Callable[[str], Any]]:
        return {}

    def fragment_loaders(self) -> Mapping[str, Callable[[str], Any]]:
        return {}

    def tools(self) -> Mapping[str, Any]:
        return {}

    def commands(self) -> Any:
        import click

        return click.Group("llm")

    @property
    def manager(self) -> pluggy.PluginManager:
        import pluggy

        from . import hooks

        manager = pluggy.PluginManager(hooks.PROJECT)
        manager.add_hookspecs(hooks)
        return manager


_provider: Callable[[], Registrations] = NothingRegistered


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
