"""Language models from plugins, each in its own environment, process and sandbox.

    import innkeeper

    for piece in innkeeper.get_model("smollm2").prompt("Three names for a pet pelican"):
        print(piece, end="", flush=True)

Everything is looked up when it is first used, so ``import innkeeper`` costs next to nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from innkeeper_sdk.api.attachments import Attachment
    from innkeeper_sdk.api.fragments import Fragment
    from innkeeper_sdk.api.parts import Message, assistant, system, user
    from innkeeper_sdk.api.schemas import schema_dsl
    from innkeeper_sdk.api.tools import CancelToolCall, PauseChain, Tool, Toolbox, ToolOutput
    from innkeeper_sdk.api.usage import Usage

    from .api.collection import Collection, embeddings_database
    from .api.conversations import get_async_conversation, get_conversation
    from .api.embeddings import (
        AsyncEmbeddingModel,
        get_async_embedding_model,
        get_embedding_model,
        get_embedding_models,
    )
    from .api.models import get_async_model, get_model, get_models
    from .api.tools import open_tools
    from .conversation.asynchronous import AsyncConversation, AsyncModel, AsyncResponse
    from .conversation.chain import Chain
    from .conversation.chain_async import AsyncChain
    from .conversation.chain_tools import Tools
    from .conversation.conversation import Conversation
    from .conversation.model import Model
    from .conversation.response import Response
    from .errors import (
        ChainLimitReached,
        ConfinementError,
        InnkeeperError,
        InstallError,
        Interrupted,
        PermissionDenied,
        PluginCallFailed,
        PluginError,
        PluginMisbehaved,
        PluginStartFailed,
        PluginStopped,
        PluginTimedOut,
        StorageError,
        UnknownModel,
        UnknownPlugin,
        UnknownTool,
        UsageError,
    )
    from .remote.embeddings import EmbeddingModel

__all__ = [
    "AsyncChain",
    "AsyncConversation",
    "AsyncEmbeddingModel",
    "AsyncModel",
    "AsyncResponse",
    "Attachment",
    "CancelToolCall",
    "Chain",
    "ChainLimitReached",
    "Collection",
    "ConfinementError",
    "Conversation",
    "EmbeddingModel",
    "Fragment",
    "InnkeeperError",
    "InstallError",
    "Interrupted",
    "Message",
    "Model",
    "PauseChain",
    "PermissionDenied",
    "PluginCallFailed",
    "PluginError",
    "PluginMisbehaved",
    "PluginStartFailed",
    "PluginStopped",
    "PluginTimedOut",
    "Response",
    "StorageError",
    "Tool",
    "ToolOutput",
    "Toolbox",
    "Tools",
    "UnknownModel",
    "UnknownPlugin",
    "UnknownTool",
    "Usage",
    "UsageError",
    "assistant",
    "embeddings_database",
    "get_async_conversation",
    "get_async_embedding_model",
    "get_async_model",
    "get_conversation",
    "get_embedding_model",
    "get_embedding_models",
    "get_model",
    "get_models",
    "open_tools",
    "schema_dsl",
    "system",
    "user",
]

_PLACES = {
    "AsyncChain": "innkeeper.conversation.chain_async",
    "AsyncConversation": "innkeeper.conversation.asynchronous",
    "AsyncEmbeddingModel": "innkeeper.api.embeddings",
    "AsyncModel": "innkeeper.conversation.asynchronous",
    "AsyncResponse": "innkeeper.conversation.asynchronous",
    "Attachment": "innkeeper_sdk.api.attachments",
    "CancelToolCall": "innkeeper_sdk.api.tools",
    "Chain": "innkeeper.conversation.chain",
    "Collection": "innkeeper.api.collection",
    "Conversation": "innkeeper.conversation.conversation",
    "EmbeddingModel": "innkeeper.remote.embeddings",
    "Fragment": "innkeeper_sdk.api.fragments",
    "Message": "innkeeper_sdk.api.parts",
    "Model": "innkeeper.conversation.model",
    "PauseChain": "innkeeper_sdk.api.tools",
    "Response": "innkeeper.conversation.response",
    "Tool": "innkeeper_sdk.api.tools",
    "ToolOutput": "innkeeper_sdk.api.tools",
    "Toolbox": "innkeeper_sdk.api.tools",
    "Tools": "innkeeper.conversation.chain_tools",
    "Usage": "innkeeper_sdk.api.usage",
    "assistant": "innkeeper_sdk.api.parts",
    "embeddings_database": "innkeeper.api.collection",
    "get_async_conversation": "innkeeper.api.conversations",
    "get_async_embedding_model": "innkeeper.api.embeddings",
    "get_async_model": "innkeeper.api.models",
    "get_conversation": "innkeeper.api.conversations",
    "get_embedding_model": "innkeeper.api.embeddings",
    "get_embedding_models": "innkeeper.api.embeddings",
    "get_model": "innkeeper.api.models",
    "get_models": "innkeeper.api.models",
    "open_tools": "innkeeper.api.tools",
    "schema_dsl": "innkeeper_sdk.api.schemas",
    "system": "innkeeper_sdk.api.parts",
    "user": "innkeeper_sdk.api.parts",
}
"""Where each name that is not in ``innkeeper.errors`` comes from."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(_PLACES.get(name, "innkeeper.errors")), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
