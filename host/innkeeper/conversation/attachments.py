"""Files that go with a prompt, as the wire carries them: by their bytes, since a plugin cannot open the host's paths."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from innkeeper_protocol.payloads import content as wire
from innkeeper_sdk.api.attachments import Attachment

from innkeeper.errors import UsageError


def attachments_out(attachments: Iterable[Attachment]) -> tuple[wire.Attachment, ...]:
    """Return the payloads of *attachments*. Raises UsageError for a file that cannot be read."""
    return tuple(attachment_out(attachment) for attachment in attachments)


def attachment_out(attachment: Attachment) -> wire.Attachment:
    """Return the payload of one attachment; an address stays one, which the model's provider fetches."""
    if attachment.url and not attachment.content:
        return wire.Attachment(type=_type_of(attachment), url=attachment.url, id=attachment.id())
    try:
        content = attachment.content_bytes()
    except OSError as error:
        raise UsageError(f"{attachment.path} cannot be attached.", why=str(error)) from error
    return wire.Attachment(type=_type_of(attachment), content=content or b"", id=attachment.id())


def attachment_in(payload: wire.Attachment) -> Attachment:
    """Return the attachment that a plugin gave. Its path, if it named one, is not followed."""
    return Attachment(type=payload.type, url=payload.url, content=payload.content, _id=payload.id)


def _type_of(attachment: Attachment) -> str | None:
    if attachment.type:
        return attachment.type
    try:
        return attachment.resolve_type()
    except (OSError, ValueError):
        return None


def as_attachment(value: Any) -> Attachment:
    """Return *value*, an Attachment or a path, as an Attachment."""
    if isinstance(value, Attachment):
        return value
    return Attachment(path=str(value))
