"""``llm.parts``: messages, their parts, and stream events."""

from innkeeper_sdk.api.attachments import Attachment
from innkeeper_sdk.api.parts import (
    AttachmentPart,
    Message,
    Part,
    ReasoningPart,
    StreamEvent,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    assistant,
    normalize_parts,
    system,
    tool_message,
    user,
)

__all__ = [
    "Attachment",
    "AttachmentPart",
    "Message",
    "Part",
    "ReasoningPart",
    "StreamEvent",
    "TextPart",
    "ToolCallPart",
    "ToolResultPart",
    "assistant",
    "normalize_parts",
    "system",
    "tool_message",
    "user",
]
