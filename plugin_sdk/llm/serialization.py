"""``llm.serialization``: the shapes that ``to_dict`` gives and ``from_dict`` takes, as TypedDicts."""

from innkeeper_sdk.api.serialization import (
    AttachmentDict,
    AttachmentPartDict,
    MessageDict,
    PartDict,
    PromptDict,
    ReasoningPartDict,
    ResponseDict,
    TextPartDict,
    ToolCallPartDict,
    ToolResultPartDict,
    UsageDict,
)

__all__ = [
    "AttachmentDict",
    "AttachmentPartDict",
    "MessageDict",
    "PartDict",
    "PromptDict",
    "ReasoningPartDict",
    "ResponseDict",
    "TextPartDict",
    "ToolCallPartDict",
    "ToolResultPartDict",
    "UsageDict",
]
