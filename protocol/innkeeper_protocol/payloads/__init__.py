"""The params, results and stream items of every method, one module a capability, imported when it is first named."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import (
        base,
        commands,
        content,
        describe,
        embeddings,
        fragments,
        host_services,
        models,
        session,
        streams,
        templates,
        tools,
    )

__all__ = [
    "base",
    "commands",
    "content",
    "describe",
    "embeddings",
    "fragments",
    "host_services",
    "models",
    "session",
    "streams",
    "templates",
    "tools",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")
