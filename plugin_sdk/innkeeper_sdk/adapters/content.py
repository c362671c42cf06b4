"""Messages, attachments, tool calls: between the wire's payloads and the classes that plugins see."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from innkeeper_protocol.payloads import content as wire

from innkeeper_sdk.api.attachments import Attachment
from innkeeper_sdk.api.tools.calls import ToolCall, ToolResult, format_exception
from innkeeper_sdk.api_in_use import api

INLINE_BYTES = 1024 * 1024
"""How many bytes of attachments one message carries inside, all together; the smallest frame limit is far above."""

TakeBlob = Callable[[int], bytes]


class Outgoing:
    """The attachments of one message on its way out: the first few small ones go inside, the others ahead of it."""

    def __init__(self, send_blob: Callable[[bytes], int]) -> None:
        self._send_blob = send_blob
        self._inline_left = INLINE_BYTES

    def place(self, content: bytes) -> tuple[bytes | None, int | None]:
        """Return *content*, or else the number of the blob as which it was sent ahead."""
        if len(content) > self._inline_left:
            return None, self._send_blob(content)
        self._inline_left -= len(content)
        return content, None


def attachment_in(payload: wire.Attachment, take_blob: TakeBlob) -> Attachment:
    """Build the plugin's attachment."""
    content = payload.content if payload.blob is None else take_blob(payload.blob)
    made: Attachment = api().Attachment(
        type=payload.type, path=payload.path, url=payload.url, content=content, _id=payload.id
    )
    return made


def attachment_out(attachment: Attachment, outgoing: Outgoing) -> wire.Attachment:
    """Build the payload. A file's bytes are sent, never its path: it may lie where only the plugin can see it."""
    content, mime_type = attachment.content, attachment.type
    if not content and attachment.path:
        content = attachment.content_bytes()
        mime_type = mime_type or _type_of(attachment)
    if not content and attachment.url:
        return wire.Attachment(type=mime_type, url=attachment.url, id=attachment._id)
    inside, blob = outgoing.place(bytes(content or b""))
    return wire.Attachment(type=mime_type, content=inside, blob=blob, id=attachment._id)


def _type_of(attachment: Attachment) -> str | None:
    try:
        return attachment.resolve_type()
    except (OSError, ValueError, ImportError):
        return None


def part_in(payload: wire.Part, take_blob: TakeBlob) -> Any:
    """Build the plugin's part. Raises ValueError for a type this SDK does not know."""
    metadata, known = payload.provider_metadata, api()
    if payload.type == "text":
        return known.TextPart(text=payload.text, provider_metadata=metadata)
    if payload.type == "reasoning":
        return known.ReasoningPart(text=payload.text, redacted=payload.redacted, provider_metadata=metadata)
    if payload.type == "tool_call":
        return known.ToolCallPart(
            name=payload.name,
            arguments=dict(payload.arguments),
            tool_call_id=payload.tool_call_id,
            server_executed=payload.server_executed,
            provider_metadata=metadata,
        )
    if payload.type == "tool_result":
        return known.ToolResultPart(
            name=payload.name,
            output=payload.output,
            tool_call_id=payload.tool_call_id,
            server_executed=payload.server_executed,
            attachments=[attachment_in(attachment, take_blob) for attachment in payload.attachments],
            exception=payload.exception,
            provider_metadata=metadata,
        )
    if payload.type == "attachment":
        attachment = None if payload.attachment is None else attachment_in(payload.attachment, take_blob)
        return known.AttachmentPart(attachment=attachment, provider_metadata=metadata)
    raise ValueError(f"a message part of type {payload.type!r} is not known to this SDK")


def part_out(part: Any, outgoing: Outgoing) -> wire.Part:
    """Build the payload of one part."""
    metadata, known = part.provider_metadata, api()
    if isinstance(part, known.TextPart):
        return wire.Part(type="text", text=part.text, provider_metadata=metadata)
    if isinstance(part, known.ReasoningPart):
        return wire.Part(type="reasoning", text=part.text, redacted=part.redacted, provider_metadata=metadata)
    if isinstance(part, known.ToolCallPart):
        return wire.Part(
            type="tool_call",
            name=part.name,
            arguments=part.arguments,
            tool_call_id=part.tool_call_id,
            server_executed=part.server_executed,
            provider_metadata=metadata,
        )
    if isinstance(part, known.ToolResultPart):
        return wire.Part(
            type="tool_result",
            name=part.name,
            output=part.output,
            tool_call_id=part.tool_call_id,
            server_executed=part.server_executed,
            attachments=tuple(attachment_out(attachment, outgoing) for attachment in part.attachments),
            exception=part.exception,
            provider_metadata=metadata,
        )
    if isinstance(part, known.AttachmentPart):
        attachment = None if part.attachment is None else attachment_out(part.attachment, outgoing)
        return wire.Part(type="attachment", attachment=attachment, provider_metadata=metadata)
    raise TypeError(f"{type(part).__name__} is not a message part")


def messages_in(payloads: Iterable[wire.Message], take_blob: TakeBlob) -> list[Any]:
    """Build the plugin's messages."""
    known = api()
    return [
        known.Message(
            role=payload.role,
            parts=[part_in(part, take_blob) for part in payload.parts],
            provider_metadata=payload.provider_metadata,
        )
        for payload in payloads
    ]


def messages_out(messages: Iterable[Any], outgoing: Outgoing) -> tuple[wire.Message, ...]:
    """Build the payloads of messages."""
    return tuple(
        wire.Message(
            role=message.role,
            parts=tuple(part_out(part, outgoing) for part in message.parts),
            provider_metadata=message.provider_metadata,
        )
        for message in messages
    )


def tool_call_in(payload: wire.ToolCall) -> ToolCall:
    """Build the plugin's tool call."""
    made: ToolCall = api().ToolCall(
        name=payload.name, arguments=dict(payload.arguments), tool_call_id=payload.tool_call_id
    )
    return made


def tool_call_out(call: ToolCall) -> wire.ToolCall:
    """Build the payload of a tool call."""
    return wire.ToolCall(name=call.name, arguments=call.arguments or {}, tool_call_id=call.tool_call_id)


def tool_result_in(payload: wire.ToolResult, take_blob: TakeBlob) -> ToolResult:
    """Build the plugin's tool result; the exception comes as an object that prints what the payload says."""
    made: ToolResult = api().ToolResult(
        name=payload.name,
        output=payload.output,
        attachments=[attachment_in(attachment, take_blob) for attachment in payload.attachments],
        tool_call_id=payload.tool_call_id,
        exception=None if payload.exception is None else remote_exception(payload.exception),
    )
    return made


def tool_result_out(result: ToolResult, outgoing: Outgoing) -> wire.ToolResult:
    """Build the payload of a tool result."""
    return wire.ToolResult(
        name=result.name,
        output=result.output,
        tool_call_id=result.tool_call_id,
        attachments=tuple(attachment_out(attachment, outgoing) for attachment in result.attachments or ()),
        exception=format_exception(result.exception),
    )


def remote_exception(text: str) -> Exception:
    """Return an exception whose class is named, and whose text reads, as in ``Type: text``."""
    name, colon, message = text.partition(": ")
    if not colon or not name.isidentifier():
        return Exception(text)
    return type(name, (Exception,), {"__module__": __name__})(message)  # type: ignore[no-any-return]
