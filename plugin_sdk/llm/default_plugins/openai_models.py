"""``llm.default_plugins.openai_models``: the classes that plugins for servers with OpenAI's API subclass.

It registers nothing: OpenAI's own models are a plugin here. httpx and pydantic must be in the plugin's environment.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from innkeeper_sdk.openai import (
    AsyncChat,
    AsyncResponses,
    Chat,
    CodeInterpreter,
    Completion,
    OpenAIEmbeddingModel,
    ReasoningEffortEnum,
    Responses,
    WebSearch,
)
from innkeeper_sdk.openai.attachments import without_content as redact_data
from innkeeper_sdk.openai.chat_answer import combine_chunks
from innkeeper_sdk.openai.chat_messages import attachment_item as _attachment
from innkeeper_sdk.openai.option_values import (
    ImageDetailEnum,
    ImageDetailWithOriginalEnum,
    ReasoningSummaryEnum,
    VerbosityEnum,
    not_nulls,
)
from innkeeper_sdk.openai.responses import SharedResponsesModel as _SharedResponses
from innkeeper_sdk.openai.responses_input import attachment_item as _responses_attachment
from innkeeper_sdk.openai.shared import SharedModel as _Shared

if TYPE_CHECKING:
    from innkeeper_sdk.openai import SharedOptions, build_options_class

__all__ = [
    "AsyncChat",
    "AsyncResponses",
    "Chat",
    "CodeInterpreter",
    "Completion",
    "ImageDetailEnum",
    "ImageDetailWithOriginalEnum",
    "OpenAIEmbeddingModel",
    "ReasoningEffortEnum",
    "ReasoningSummaryEnum",
    "Responses",
    "SharedOptions",
    "VerbosityEnum",
    "WebSearch",
    "_Shared",
    "_SharedResponses",
    "_attachment",
    "_responses_attachment",
    "build_options_class",
    "combine_chunks",
    "not_nulls",
    "redact_data",
]


IMPORTED_THERE = {
    "llm": (
        "AsyncConversation",
        "AsyncKeyModel",
        "AsyncResponse",
        "Conversation",
        "EmbeddingModel",
        "KeyModel",
        "Prompt",
        "Response",
        "hookimpl",
    ),
    "llm.models": ("_partition_tools",),
    "llm.parts": ("StreamEvent",),
    "llm.utils": ("dicts_to_table_string", "logging_client", "remove_dict_none_values", "simplify_usage_dict"),
}
"""What the real module imports for itself. Plugins that copied its code take that from it, too."""


def __getattr__(name: str) -> Any:
    if name in ("SharedOptions", "build_options_class"):
        from innkeeper_sdk import openai

        return getattr(openai, name)
    for module, names in IMPORTED_THERE.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
