"""``llm.plugins``: the plugin manager of this process; in a plugin's own process only that plugin is in it."""

from __future__ import annotations

from typing import Any

from innkeeper_sdk.api.local import registrations

DEFAULT_PLUGINS: tuple[str, ...] = ()
LLM_LOAD_PLUGINS: str | None = None


def load_plugins() -> None:
    """Load the plugins, unless they are."""
    registrations()


def __getattr__(name: str) -> Any:
    if name == "pm":
        return registrations().manager
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
