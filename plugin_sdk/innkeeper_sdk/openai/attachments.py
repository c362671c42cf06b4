"""Attachments as parts of a request, and without their content as they are logged."""

from __future__ import annotations

from typing import Any

from innkeeper_sdk.api.attachments import Attachment


def data_url(attachment: Attachment, kind: str) -> str:
    """Return the content inside an address."""
    return f"data:{kind};base64,{attachment.base64_content()}"


def file_name(attachment: Attachment) -> str:
    """Return the name under which a document is sent: its own is the person's business."""
    return f"{attachment.id()}.pdf"


def without_content(value: Any) -> Any:
    """Return JSON values of a request with the content of images and sounds left out, for the log."""
    if isinstance(value, list):
        return [without_content(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: _left_out(name, inner) for name, inner in value.items()}


def _left_out(name: str, value: Any) -> Any:
    if name == "image_url" and isinstance(value, dict) and str(value.get("url", "")).startswith("data:"):
        return {**value, "url": "data:..."}
    if name == "image_url" and isinstance(value, str) and value.startswith("data:"):
        return "data:..."
    if name == "file_data" and isinstance(value, str):
        return "data:..."
    if name == "input_audio" and isinstance(value, dict) and "data" in value:
        return {**value, "data": "..."}
    return without_content(value)
