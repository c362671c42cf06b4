"""The shapes that ``to_dict`` of parts, messages and responses gives and ``from_dict`` takes: JSON values, for storing.

What may be left out is in a base class of its own, since ``NotRequired`` came with Python 3.11.
"""

from __future__ import annotations

from typing import Any, Literal

try:
    from typing_extensions import TypedDict  # where pydantic is: before Python 3.12 it takes no other
except ImportError:
    from typing import TypedDict


class _Part(TypedDict, total=False):
    provider_metadata: dict[str, Any]


class AttachmentDict(TypedDict, total=False):
    """An attachment; *content* is in base64."""

    type: str
    url: str
    path: str
    content: str


class TextPartDict(_Part):
    """A TextPart."""

    type: Literal["text"]
    text: str


class _ReasoningPart(_Part, total=False):
    redacted: bool


class ReasoningPartDict(_ReasoningPart):
    """A ReasoningPart."""

    type: Literal["reasoning"]
    text: str


class _OfTool(_Part, total=False):
    tool_call_id: str
    server_executed: bool


class ToolCallPartDict(_OfTool):
    """A ToolCallPart."""

    type: Literal["tool_call"]
    name: str
    arguments: dict[str, Any]


class _ToolResultPart(_OfTool, total=False):
    exception: str
    attachments: list[AttachmentDict]


class ToolResultPartDict(_ToolResultPart):
    """A ToolResultPart."""

    type: Literal["tool_result"]
    name: str
    output: str


class _AttachmentPart(_Part, total=False):
    attachment: AttachmentDict


class AttachmentPartDict(_AttachmentPart):
    """An AttachmentPart."""

    type: Literal["attachment"]


PartDict = TextPartDict | ReasoningPartDict | ToolCallPartDict | ToolResultPartDict | AttachmentPartDict
"""Any part; *type* tells which."""


class MessageDict(_Part):
    """A Message."""

    role: str
    parts: list[PartDict]


class _Prompt(TypedDict, total=False):
    options: dict[str, Any]
    system: str


class PromptDict(_Prompt):
    """The prompt inside a response: all messages that were sent."""

    messages: list[MessageDict]


class UsageDict(TypedDict, total=False):
    """What an answer cost."""

    input: int
    output: int
    details: dict[str, Any]


class _Response(TypedDict, total=False):
    id: str
    usage: UsageDict
    datetime_utc: str


class ResponseDict(_Response):
    """A Response."""

    model: str
    prompt: PromptDict
    messages: list[MessageDict]
