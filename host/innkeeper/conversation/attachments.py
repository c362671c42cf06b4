"""Files that go with a prompt, as the wire carries them: by their bytes, since a plugin cannot open their paths."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from innkeeper_protocol.payloads import content as wire
from innkeeper_sdk.api.attachments import Attachment

from innkeeper.errors import UsageError


def as_attachment(value: Any) -> Attachment:
    """Return *value*, an Attachment or a path, with its type found out. Raises UsageError where that fails."""
    import dataclasses

    given = value if isinstance(value, Attachment) else Attachment(path=os.fspath(value))
    if given.path:
        given = dataclasses.replace(given, path=os.path.abspath(given.path))
    if given.type:
        return given
    try:
        return dataclasses.replace(given, type=given.resolve_type())
    except OSError as error:
        raise unreadable(given, error) from error
    except ValueError as error:
        raise UsageError("There is nothing in this attachment.", why=str(error)) from error


def attachments_out(attachments: Iterable[Attachment]) -> tuple[wire.Attachment, ...]:
    """Return the payloads of *attachments*. Raises UsageError for a file that cannot be read."""
    return tuple(attachment_out(attachment) for attachment in attachments)


def attachment_out(attachment: Attachment) -> wire.Attachment:
    """Return the payload of one attachment; an address stays one, which the model's provider fetches."""
    if attachment.url and not attachment.content:
        return wire.Attachment(type=attachment.type, url=attachment.url, id=attachment.id())
    try:
        content = attachment.content_bytes()
        return wire.Attachment(type=attachment.type, url=attachment.url, content=content or b"", id=attachment.id())
    except OSError as error:
        raise unreadable(attachment, error) from error


def attachment_in(payload: wire.Attachment) -> Attachment:
    """Return the attachment that a plugin gave. Its path, if it named one, is not followed."""
    return Attachment(type=payload.type, url=payload.url, content=payload.content)


def unreadable(attachment: Attachment, error: OSError) -> UsageError:
    """Return the error for a file, or an address, that cannot be read."""
    found = UsageError(f"{attachment.path or attachment.url} cannot be attached.", why=error.strerror or str(error))
    found.exit_code = 1
    return found
