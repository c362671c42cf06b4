"""Messages between the wire's payloads and the value classes that programs see, attachments by their bytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from innkeeper_protocol.payloads import content as wire
from innkeeper_sdk.api.parts import (
    AttachmentPart,
    Message,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from innkeeper_sdk.api.tools.calls import ToolResult

from .attachments import attachment_in, attachment_out, attachments_out


def messages_out(messages: Iterable[Message]) -> tuple[wire.Message, ...]:
    """Return the payloads of *messages*. Raises UsageError for an attached file that cannot be read."""
    return tuple(
        wire.Message(
            role=message.role,
            parts=tuple(map(_part_out, message.parts)),
            provider_metadata=message.provider_metadata,
        )
        for message in messages
    )


def messages_in(payloads: Iterable[wire.Message]) -> list[Message]:
    """Return the messages of *payloads*. Parts of a kind that this host does not know are left out."""
    return [
        Message(
            payload.role,
            [part for part in map(_part_in, payload.parts) if part is not None],
            payload.provider_metadata,
        )
        for payload in payloads
    ]


def tool_result_in(payload: wire.ToolResult) -> ToolResult:
    """Return the result of a tool; its exception as text."""
    exception: Any = payload.exception
    attachments = [attachment_in(attachment) for attachment in payload.attachments]
    return ToolResult(payload.name, payload.output, attachments, payload.tool_call_id, exception=exception)


def _part_out(part: Part) -> wire.Part:
    known: dict[str, Any] = {"provider_metadata": getattr(part, "provider_metadata", None)}
    if isinstance(part, TextPart):
        return wire.Part(type="text", text=part.text, **known)
    if isinstance(part, ReasoningPart):
        return wire.Part(type="reasoning", text=part.text, redacted=part.redacted, **known)
    if isinstance(part, AttachmentPart):
        attachment = None if part.attachment is None else attachment_out(part.attachment)
        return wire.Part(type="attachment", attachment=attachment, **known)
    assert isinstance(part, (ToolCallPart, ToolResultPart)), part
    known |= {"name": part.name, "tool_call_id": part.tool_call_id, "server_executed": part.server_executed}
    if isinstance(part, ToolCallPart):
        return wire.Part(type="tool_call", arguments=part.arguments, **known)
    attachments = attachments_out(part.attachments)
    return wire.Part(type="tool_result", output=part.output, attachments=attachments, exception=part.exception, **known)


def _part_in(payload: wire.Part) -> Part | None:
    known: dict[str, Any] = {"provider_metadata": payload.provider_metadata}
    if payload.type == "text":
        return TextPart(payload.text, **known)
    if payload.type == "reasoning":
        return ReasoningPart(payload.text, redacted=payload.redacted, **known)
    if payload.type == "attachment":
        return AttachmentPart(None if payload.attachment is None else attachment_in(payload.attachment), **known)
    known |= {"tool_call_id": payload.tool_call_id, "server_executed": payload.server_executed}
    if payload.type == "tool_call":
        return ToolCallPart(payload.name, payload.arguments, **known)
    if payload.type == "tool_result":
        attachments = [attachment_in(attachment) for attachment in payload.attachments]
        return ToolResultPart(
            payload.name, payload.output, attachments=attachments, exception=payload.exception, **known
        )
    return None
