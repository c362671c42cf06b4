"""``llm.models``: the classes of the API, and the functions behind them that plugins call by their private names."""

from __future__ import annotations

from typing import Any

from innkeeper_sdk.api.attachments import Attachment
from innkeeper_sdk.api.chain import AsyncChainResponse, ChainResponse
from innkeeper_sdk.api.conversation import AsyncConversation, Conversation
from innkeeper_sdk.api.conversation import ConversationBase as _BaseConversation
from innkeeper_sdk.api.embeddings import EmbeddingModel, EmbeddingModelWithAliases
from innkeeper_sdk.api.errors import ConversationNotSupported, NeedsKeyException
from innkeeper_sdk.api.fragments import Fragment
from innkeeper_sdk.api.keys import HasKey as _get_key_mixin
from innkeeper_sdk.api.message_chain import joined_system as _combine_system
from innkeeper_sdk.api.models import AsyncKeyModel, AsyncModel, KeyModel, Model, ModelWithAliases
from innkeeper_sdk.api.models import AsyncModelBase as _AsyncModel
from innkeeper_sdk.api.models import ModelBase as _BaseModel
from innkeeper_sdk.api.models import SyncModelBase as _Model
from innkeeper_sdk.api.prompt import Prompt
from innkeeper_sdk.api.prompt import merged_options as _merge_options
from innkeeper_sdk.api.response import AsyncResponse, Response
from innkeeper_sdk.api.response import ResponseBase as _BaseResponse
from innkeeper_sdk.api.tools import (
    CancelToolCall,
    PauseChain,
    ServerSideTool,
    Tool,
    Toolbox,
    ToolCall,
    ToolOutput,
    ToolResult,
)
from innkeeper_sdk.api.tools import partition_tools as _partition_tools
from innkeeper_sdk.api.tools import wrap_tools as _wrap_tools
from innkeeper_sdk.api.tools.calls import format_exception as _format_tool_exception
from innkeeper_sdk.api.tools.calls import with_id as _ensure_tool_call_id
from innkeeper_sdk.api.tools.schema import arguments_schema as _get_arguments_input_schema
from innkeeper_sdk.api.tools.schema import as_schema as _ensure_dict_schema
from innkeeper_sdk.api.tools.schema import remove_titles as _remove_titles_recursively
from innkeeper_sdk.api.tools.tool import instance_of as _get_instance
from innkeeper_sdk.api.usage import Usage

__all__ = [
    "AsyncChainResponse",
    "AsyncConversation",
    "AsyncKeyModel",
    "AsyncModel",
    "AsyncResponse",
    "Attachment",
    "CancelToolCall",
    "ChainResponse",
    "Conversation",
    "ConversationNotSupported",
    "EmbeddingModel",
    "EmbeddingModelWithAliases",
    "Fragment",
    "KeyModel",
    "Model",
    "ModelWithAliases",
    "NeedsKeyException",
    "PauseChain",
    "Prompt",
    "Response",
    "ServerSideTool",
    "Tool",
    "ToolCall",
    "ToolOutput",
    "ToolResult",
    "Toolbox",
    "Usage",
    "_AsyncModel",
    "_BaseConversation",
    "_BaseModel",
    "_BaseResponse",
    "_Model",
    "_combine_system",
    "_ensure_dict_schema",
    "_ensure_tool_call_id",
    "_format_tool_exception",
    "_get_arguments_input_schema",
    "_get_instance",
    "_get_key_mixin",
    "_merge_options",
    "_partition_tools",
    "_remove_titles_recursively",
    "_wrap_tools",
]


def __getattr__(name: str) -> Any:
    """Import pydantic only for those who ask for ``Options``."""
    if name in ("Options", "_Options"):
        from innkeeper_sdk.api.options import Options

        return Options
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
