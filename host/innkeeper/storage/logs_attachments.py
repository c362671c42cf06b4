"""Attachments as the log database keeps them: by the hash of their content; a file by its path, without a copy."""

from __future__ import annotations

import json
import sqlite3

from innkeeper_sdk.api.attachments import Attachment

UNKNOWN_TYPE = "application/octet-stream"
"""Stored where a type is not known, so that nobody who reads it has to guess one, and to guess alike."""


def ensure_attachment(db: sqlite3.Connection, attachment: Attachment) -> str:
    """Store *attachment*, its latest path or type where it was there before; return its id."""
    found = attachment.id()
    db.execute(
        "insert into attachments (id, type, path, url, content) values (?, ?, ?, ?, ?) on conflict (id) do update"
        " set type = excluded.type, path = excluded.path, url = excluded.url, content = excluded.content",
        [found, attachment.type or UNKNOWN_TYPE, attachment.path, attachment.url, attachment.content],
    )
    return found


def load_attachments(db: sqlite3.Connection, ids: list[str]) -> dict[str, Attachment]:
    """Return those of the attachments *ids* that are there."""
    rows = db.execute("select * from attachments where id in (select value from json_each(?))", [json.dumps(ids)])
    return {row["id"]: Attachment.from_row(row) for row in rows}


def content_identity(attachment: Attachment) -> dict[str, str | None]:
    """Return what the hash of a message holds of an attachment: what a model sees of it, as it is now."""
    import hashlib

    if attachment.content:
        content = hashlib.sha256(attachment.content).hexdigest()
    elif attachment.path:
        try:
            with open(attachment.path, "rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            content = f"missing:{attachment.path}"
    else:
        content = Attachment(url=attachment.url).id()
    return {"id": content, "type": attachment.type or UNKNOWN_TYPE}
