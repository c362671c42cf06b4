"""``llm.default_plugins.openai_models``: the classes that plugins for servers with OpenAI's API subclass.

It registers nothing: OpenAI's own models are a plugin here. httpx and pydantic must be in the plugin's environment.
"""

from innkeeper_sdk.openai import (
    AsyncChat,
    AsyncResponses,
    Chat,
    CodeInterpreter,
    Completion,
    OpenAIEmbeddingModel,
    ReasoningEffortEnum,
    Responses,
    SharedOptions,
    WebSearch,
    build_options_class,
)
from innkeeper_sdk.openai.attachments import without_content as redact_data
from innkeeper_sdk.openai.chat_answer import combine_chunks
from innkeeper_sdk.openai.chat_messages import attachment_item as _attachment
from innkeeper_sdk.openai.options import (
    ImageDetailEnum,
    ImageDetailWithOriginalEnum,
    ReasoningSummaryEnum,
    VerbosityEnum,
    not_nulls,
)
from innkeeper_sdk.openai.responses import SharedResponsesModel as _SharedResponses
from innkeeper_sdk.openai.responses_input import attachment_item as _responses_attachment
from innkeeper_sdk.openai.shared import SharedModel as _Shared

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
