"""The name that existing plugins import: the API of ``innkeeper_sdk``, and the submodules plugins reach into.

Everything is looked up when it is first used, so ``import llm`` costs next to nothing.
"""

# ruff: noqa: F405  # the names come from the line with the star, and a test holds them to what there is
from __future__ import annotations

TYPE_CHECKING = False  # as typing has it, without the 8 ms that importing typing takes

if TYPE_CHECKING:
    from typing import Any

    from innkeeper_sdk.api import *  # noqa: F403  # the same names, by definition

__all__ = [
    "AsyncConversation",
    "AsyncKeyModel",
    "AsyncModel",
    "AsyncResponse",
    "Attachment",
    "CancelToolCall",
    "Collection",
    "Conversation",
    "ConversationNotSupported",
    "Fragment",
    "KeyModel",
    "Message",
    "Model",
    "ModelError",
    "NeedsKeyException",
    "Options",
    "PauseChain",
    "Prompt",
    "Response",
    "ServerSideTool",
    "Template",
    "Tool",
    "ToolCall",
    "ToolOutput",
    "ToolResult",
    "Toolbox",
    "Usage",
    "assistant",
    "get_async_model",
    "get_key",
    "get_model",
    "hookimpl",
    "schema_dsl",
    "system",
    "tool_message",
    "user",
    "user_dir",
]

_SUBMODULES = frozenset(
    [
        "cli",
        "default_plugins",
        "embeddings",
        "errors",
        "hookspecs",
        "migrations",
        "models",
        "parts",
        "plugins",
        "serialization",
        "templates",
        "tools",
        "utils",
    ]
)


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _SUBMODULES:
        return import_module(f"{__name__}.{name}")
    if name in ("pm", "load_plugins"):
        return getattr(import_module(f"{__name__}.plugins"), name)
    from innkeeper_sdk import api

    try:
        found = globals()[name] = getattr(api, name)
    except AttributeError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    return found


def __dir__() -> list[str]:
    from innkeeper_sdk import api

    return sorted({*globals(), *api.__all__, *_SUBMODULES, "load_plugins", "pm"})
