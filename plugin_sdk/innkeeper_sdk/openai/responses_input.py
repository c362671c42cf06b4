"""Messages, as the responses API wants to see them: items, and the system prompt apart from them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from innkeeper_sdk.api.attachments import Attachment
from innkeeper_sdk.api.parts import AttachmentPart, Message, ReasoningPart, TextPart, ToolCallPart, ToolResultPart

from .attachments import data_url, file_name

JSONMap = dict[str, Any]

PROVIDER = "openai"
"""Under this name a part's ``provider_metadata`` keeps what the API wants back with the next request."""


def responses_input(messages: Iterable[Message], image_detail: str | None) -> tuple[list[JSONMap], str | None]:
    """Return the items of a request, and its instructions: the last system prompt."""
    items: list[JSONMap] = []
    instructions: str | None = None
    for message in messages:
        if message.role == "system":
            instructions = _text(message) or instructions
            continue
        items += [item for part in message.parts if (item := _reasoning(part)) is not None]
        if message.role == "tool":
            items += [_tool_result(part) for part in message.parts if _is_ours(part, ToolResultPart)]
        elif message.role == "user":
            items += _user(message, image_detail)
        elif message.role == "assistant":
            if any(isinstance(part, TextPart) for part in message.parts):
                items.append({"role": "assistant", "content": _text(message)})
            items += [_tool_call(part) for part in message.parts if _is_ours(part, ToolCallPart)]
    return items, instructions


def _text(message: Message) -> str:
    return "".join(part.text for part in message.parts if isinstance(part, TextPart))


def _is_ours(part: Any, kind: type) -> bool:
    """Tell whether *part* is of that kind and not something the provider did by itself: that it knows."""
    return isinstance(part, kind) and not getattr(part, "server_executed", False)


def _user(message: Message, image_detail: str | None) -> list[JSONMap]:
    has_text = any(isinstance(part, TextPart) for part in message.parts)
    text = _text(message)
    files = [
        attachment_item(part.attachment, image_detail)
        for part in message.parts
        if isinstance(part, AttachmentPart) and part.attachment
    ]
    if files:
        return [{"role": "user", "content": [*([{"type": "input_text", "text": text}] if has_text else []), *files]}]
    return [{"role": "user", "content": text}] if has_text else []


def _reasoning(part: Any) -> JSONMap | None:
    """Return what the model thought before, sealed as it came, so that it can go on from there."""
    if not isinstance(part, ReasoningPart):
        return None
    known = (part.provider_metadata or {}).get(PROVIDER) or {}
    sealed = {name: known[name] for name in ("id", "encrypted_content") if known.get(name)}
    return {"type": "reasoning", **sealed, "summary": known.get("summary") or []} if sealed else None


def _tool_call(part: Any) -> JSONMap:
    return {
        "type": "function_call",
        "call_id": part.tool_call_id,
        "name": part.name,
        "arguments": json.dumps(part.arguments),
    }


def _tool_result(part: Any) -> JSONMap:
    return {"type": "function_call_output", "call_id": part.tool_call_id, "output": part.output}


def attachment_item(attachment: Attachment, image_detail: str | None) -> JSONMap:
    """Return the item of a user's content that carries *attachment*."""
    kind = attachment.resolve_type() or ""
    if kind == "application/pdf":
        return {"type": "input_file", "filename": file_name(attachment), "file_data": data_url(attachment, kind)}
    inside = not attachment.url or kind.startswith("audio/")
    item = {"type": "input_image", "image_url": data_url(attachment, kind) if inside else attachment.url}
    if image_detail and kind.startswith("image/"):
        item["detail"] = image_detail
    return item
