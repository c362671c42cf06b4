"""What plugin authors subclass and call. Each name is imported when it is first used: a plugin pays for what it names.

The import packages ``llm`` and ``innkeeper_sdk`` give the same names.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as typing has it, without the 8 ms that importing typing takes

if TYPE_CHECKING:
    from typing import Any

    from .attachments import Attachment
    from .catalogue import (
        get_async_model,
        get_async_model_aliases,
        get_async_models,
        get_default_embedding_model,
        get_default_model,
        get_embedding_model,
        get_embedding_model_aliases,
        get_embedding_models,
        get_embedding_models_with_aliases,
        get_fragment_loaders,
        get_model,
        get_model_aliases,
        get_models,
        get_models_with_aliases,
        get_plugins,
        get_template_loaders,
        get_tools,
        remove_alias,
        set_alias,
        set_default_embedding_model,
        set_default_model,
    )
    from .chain import AsyncChainResponse, ChainResponse
    from .collection import Collection
    from .conversation import AsyncConversation, Conversation
    from .embeddings import EmbeddingModel, EmbeddingModelWithAliases, cosine_similarity, decode, encode
    from .errors import ConversationNotSupported, HostRequired, ModelError, NeedsKeyException, UnknownModelError
    from .fragments import Fragment
    from .hooks import hookimpl, hookspec
    from .host import user_dir
    from .keys import get_key, load_keys
    from .models import AsyncKeyModel, AsyncModel, KeyModel, Model, ModelWithAliases
    from .options import Options
    from .parts import (
        AttachmentPart,
        Message,
        Part,
        ReasoningPart,
        StreamEvent,
        TextPart,
        ToolCallPart,
        ToolResultPart,
        assistant,
        system,
        tool_message,
        user,
    )
    from .prompt import Prompt
    from .response import AsyncResponse, Response
    from .schemas import schema_dsl
    from .templates import Template
    from .tools import CancelToolCall, PauseChain, ServerSideTool, Tool, Toolbox, ToolCall, ToolOutput, ToolResult
    from .usage import Usage

# fmt: off
_PLACES = {
    "attachments": (
        "Attachment",
    ),
    "catalogue": (
        "get_async_model", "get_async_model_aliases", "get_async_models", "get_default_embedding_model",
        "get_default_model", "get_embedding_model", "get_embedding_model_aliases", "get_embedding_models",
        "get_embedding_models_with_aliases", "get_fragment_loaders", "get_model", "get_model_aliases", "get_models",
        "get_models_with_aliases", "get_plugins", "get_template_loaders", "get_tools", "remove_alias", "set_alias",
        "set_default_embedding_model", "set_default_model",
    ),
    "chain": (
        "AsyncChainResponse", "ChainResponse",
    ),
    "collection": (
        "Collection",
    ),
    "conversation": (
        "AsyncConversation", "Conversation",
    ),
    "embeddings": (
        "EmbeddingModel", "EmbeddingModelWithAliases", "cosine_similarity", "decode", "encode",
    ),
    "errors": (
        "ConversationNotSupported", "HostRequired", "ModelError", "NeedsKeyException", "UnknownModelError",
    ),
    "fragments": (
        "Fragment",
    ),
    "hooks": (
        "hookimpl", "hookspec",
    ),
    "host": (
        "user_dir",
    ),
    "keys": (
        "get_key", "load_keys",
    ),
    "models": (
        "AsyncKeyModel", "AsyncModel", "KeyModel", "Model", "ModelWithAliases",
    ),
    "options": (
        "Options",
    ),
    "parts": (
        "AttachmentPart", "Message", "Part", "ReasoningPart", "StreamEvent", "TextPart", "ToolCallPart",
        "ToolResultPart", "assistant", "system", "tool_message", "user",
    ),
    "prompt": (
        "Prompt",
    ),
    "response": (
        "AsyncResponse", "Response",
    ),
    "schemas": (
        "schema_dsl",
    ),
    "templates": (
        "Template",
    ),
    "tools": (
        "CancelToolCall", "PauseChain", "ServerSideTool", "Tool", "ToolCall", "ToolOutput", "ToolResult", "Toolbox",
    ),
    "usage": (
        "Usage",
    ),
}
# fmt: on

_PLACE_OF = {name: module for module, names in _PLACES.items() for name in names}

__all__ = [
    "AsyncChainResponse",
    "AsyncConversation",
    "AsyncKeyModel",
    "AsyncModel",
    "AsyncResponse",
    "Attachment",
    "AttachmentPart",
    "CancelToolCall",
    "ChainResponse",
    "Collection",
    "Conversation",
    "ConversationNotSupported",
    "EmbeddingModel",
    "EmbeddingModelWithAliases",
    "Fragment",
    "HostRequired",
    "KeyModel",
    "Message",
    "Model",
    "ModelError",
    "ModelWithAliases",
    "NeedsKeyException",
    "Options",
    "Part",
    "PauseChain",
    "Prompt",
    "ReasoningPart",
    "Response",
    "ServerSideTool",
    "StreamEvent",
    "Template",
    "TextPart",
    "Tool",
    "ToolCall",
    "ToolCallPart",
    "ToolOutput",
    "ToolResult",
    "ToolResultPart",
    "Toolbox",
    "UnknownModelError",
    "Usage",
    "assistant",
    "cosine_similarity",
    "decode",
    "encode",
    "get_async_model",
    "get_async_model_aliases",
    "get_async_models",
    "get_default_embedding_model",
    "get_default_model",
    "get_embedding_model",
    "get_embedding_model_aliases",
    "get_embedding_models",
    "get_embedding_models_with_aliases",
    "get_fragment_loaders",
    "get_key",
    "get_model",
    "get_model_aliases",
    "get_models",
    "get_models_with_aliases",
    "get_plugins",
    "get_template_loaders",
    "get_tools",
    "hookimpl",
    "hookspec",
    "load_keys",
    "remove_alias",
    "schema_dsl",
    "set_alias",
    "set_default_embedding_model",
    "set_default_model",
    "system",
    "tool_message",
    "user",
    "user_dir",
]


def __getattr__(name: str) -> Any:
    module = _PLACE_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(f"{__name__}.{module}"), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
