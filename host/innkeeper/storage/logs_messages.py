"""Messages as the log database keeps them: a chain, each named by a hash of its content and of the one before it.

So what two conversations begin with alike is there once, as in `llm`, and a hash says whether what is read is what was
written. The hash is over a message as a model sees it, be its parts stored as references or not.
"""

from __future__ import annotations

import json
import sqlite3
from _blake2 import blake2b  # not by way of hashlib, which loads all of OpenSSL first
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from innkeeper_sdk.api.parts import AttachmentPart, Message, ToolResultPart

from .logs_attachments import content_identity
from .logs_database import transaction
from .logs_parts import insert_part, load_parts, stored_json

HASH_PREFIX = "b2:"
"""Says how the hash was made: BLAKE2b, 16 bytes."""

HASH_BYTES = 16


def message_hash(message: Message, parent_hash: str | None) -> str:
    """Return what *message* is called where it follows the message *parent_hash*."""
    written = message.to_dict()
    for part, part_written in zip(message.parts, written["parts"], strict=True):
        if isinstance(part, AttachmentPart) and part.attachment is not None:
            part_written["attachment"] = content_identity(part.attachment)
        elif isinstance(part, ToolResultPart) and part.attachments:
            part_written["attachments"] = [content_identity(file) for file in part.attachments]
    hashed: dict[str, Any] = {"parent": parent_hash, "message": written}
    canonical = json.dumps(hashed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return HASH_PREFIX + blake2b(canonical.encode("utf-8"), digest_size=HASH_BYTES).hexdigest()


def ensure_chain(
    db: sqlite3.Connection,
    messages: Iterable[Message],
    parent: str | None = None,
    fragments: Mapping[str, int] | None = None,
) -> str | None:
    """Store those of *messages* that are not there yet; return the hash of the last one.

    *parent* is the hash of what they follow. *fragments* are ids by text, to which texts refer.
    """
    with transaction(db):
        for message in messages:
            found = message_hash(message, parent)
            metadata = json.dumps(message.provider_metadata) if message.provider_metadata else None
            is_new = db.execute(
                "insert or ignore into messages (hash, parent_hash, role, provider_metadata) values (?, ?, ?, ?)",
                [found, parent, message.role, metadata],
            ).rowcount
            if is_new:
                for position, part in enumerate(message.parts):
                    insert_part(db, found, position, part, fragments or {})
            parent = found
    return parent


def chain_hashes(db: sqlite3.Connection, tip: str | None) -> list[str]:
    """Return the hashes of the messages up to *tip*, the first one first."""
    rows = db.execute(
        "with recursive chain (hash, distance) as ("
        " select hash, 0 from messages where hash = ?"
        " union all"
        " select messages.parent_hash, distance + 1 from chain join messages on messages.hash = chain.hash"
        " where messages.parent_hash is not null"
        ") select hash from chain order by distance desc",
        [tip],
    )
    return [row["hash"] for row in rows]


class Messages:
    """Reads messages. Those that several chains have in common are read once."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._read: dict[str, Message] = {}

    def chain(self, tip: str | None) -> list[Message]:
        """Return the messages up to *tip*, the first one first."""
        return self.load(chain_hashes(self._db, tip))

    def load(self, hashes: Sequence[str]) -> list[Message]:
        """Return the messages with these hashes."""
        missing = [one for one in hashes if one not in self._read]
        if missing:
            parts = load_parts(self._db, missing)
            for row in self._db.execute(
                "select hash, role, provider_metadata from messages where hash in (select value from json_each(?))",
                [json.dumps(missing)],
            ):
                metadata = stored_json(row["provider_metadata"])
                self._read[row["hash"]] = Message(row["role"], parts.get(row["hash"], []), metadata)
        return [self._read[one] for one in hashes if one in self._read]
