"""Messages, as the chat completions API wants to see them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from innkeeper_sdk.api.attachments import Attachment
from innkeeper_sdk.api.parts import AttachmentPart, Message, TextPart, ToolCallPart, ToolResultPart

from .attachments import data_url, file_name

JSONMap = dict[str, Any]


def chat_messages(messages: Iterable[Message], image_detail: str | None) -> list[JSONMap]:
    """Return *messages* for the request. A system prompt that is still the same is said once."""
    written: list[JSONMap] = []
    system: str | None = None
    for message in messages:
        system = append_message(written, message, system, image_detail)
    return written


def append_message(
    written: list[JSONMap], message: Message, system: str | None, image_detail: str | None
) -> str | None:
    """Append what *message* becomes; return the system prompt that holds from then on."""
    if message.role == "tool":
        written += [_tool_result(part) for part in message.parts if isinstance(part, ToolResultPart)]
        return system
    texts = [part.text for part in message.parts if isinstance(part, TextPart)]
    text = "".join(texts) if texts else None
    if message.role == "system":
        if (text or "") == system:
            return system
        system = text or ""
    files = [
        attachment_item(part.attachment, image_detail)
        for part in message.parts
        if isinstance(part, AttachmentPart) and part.attachment
    ]
    calls = [_tool_call(part) for part in message.parts if isinstance(part, ToolCallPart)]
    content: Any = text
    if files:
        content = [*([] if text is None else [{"type": "text", "text": text}]), *files]
    if content is None and not calls and message.role != "assistant":
        return system
    entry: JSONMap = {"role": message.role, "content": None if calls and text is None else content}
    if calls:
        entry["tool_calls"] = calls
    written.append(entry)
    return system


def _tool_call(part: ToolCallPart) -> JSONMap:
    function = {"name": part.name, "arguments": json.dumps(part.arguments)}
    return {"type": "function", "id": part.tool_call_id, "function": function}


def _tool_result(part: ToolResultPart) -> JSONMap:
    return {"role": "tool", "tool_call_id": part.tool_call_id, "content": part.output}


def attachment_item(attachment: Attachment, image_detail: str | None) -> JSONMap:
    """Return the item of a message's content that carries *attachment*."""
    kind = attachment.resolve_type() or ""
    if kind == "application/pdf":
        return {"type": "file", "file": {"filename": file_name(attachment), "file_data": data_url(attachment, kind)}}
    if kind.startswith("image/"):
        image = {"url": attachment.url or data_url(attachment, kind)}
        if image_detail:
            image["detail"] = image_detail
        return {"type": "image_url", "image_url": image}
    audio = {"data": attachment.base64_content(), "format": "wav" if kind == "audio/wav" else "mp3"}
    return {"type": "input_audio", "input_audio": audio}
