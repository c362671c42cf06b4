"""What people and models say to each other: messages made of parts, attachments, tool calls.

Every capability uses these, so they stand apart from all of them.
"""

from __future__ import annotations

from .base import JSON, Payload


class Attachment(Payload, frozen=True, kw_only=True):
    """A file that travels with a prompt, a message, a tool's output or a fragment.

    One of *content* (the bytes), *blob* (the number of bytes sent ahead as ``blob/part``), *path* or *url* is set.
    *path* is absolute, and readable by the plugin for the length of the call. *type* is a MIME type.
    """

    type: str | None = None
    content: bytes | None = None
    blob: int | None = None
    path: str | None = None
    url: str | None = None
    id: str | None = None


class ToolCall(Payload, frozen=True, kw_only=True):
    """A model's wish to have a tool run."""

    name: str
    arguments: dict[str, JSON] = {}
    tool_call_id: str | None = None


class ToolResult(Payload, frozen=True, kw_only=True):
    """What a tool gave back, on its way to the model."""

    name: str
    output: str
    tool_call_id: str | None = None
    attachments: tuple[Attachment, ...] = ()
    exception: str | None = None


class Part(Payload, frozen=True, kw_only=True):
    """One piece of a message. *type* says which of the other fields mean something.

    ``text``: text. ``reasoning``: text, redacted. ``tool_call``: name, arguments, tool_call_id, server_executed.
    ``tool_result``: name, output, tool_call_id, attachments, exception, server_executed. ``attachment``: attachment.
    """

    type: str
    text: str = ""
    redacted: bool = False
    name: str = ""
    arguments: dict[str, JSON] = {}
    output: str = ""
    tool_call_id: str | None = None
    server_executed: bool = False
    attachment: Attachment | None = None
    attachments: tuple[Attachment, ...] = ()
    exception: str | None = None
    provider_metadata: dict[str, JSON] | None = None


class Message(Payload, frozen=True, kw_only=True):
    """One turn: *role* is ``user``, ``assistant``, ``system`` or ``tool``."""

    role: str
    parts: tuple[Part, ...] = ()
    provider_metadata: dict[str, JSON] | None = None
