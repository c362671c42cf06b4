"""The parts of messages as the log database keeps them: nothing large is there twice.

A part is a row: plain text in its own column, all else as JSON in another, as `llm` has it. Where a text has a fragment
in it, and for files, the row holds a reference; what is read has the text and the file again.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from innkeeper_sdk.api.attachments import Attachment
from innkeeper_sdk.api.parts import AttachmentPart, Part, ToolResultPart

from innkeeper.errors import StorageError

from .logs_attachments import ensure_attachment, load_attachments

JSONMap = dict[str, Any]


def insert_part(
    db: sqlite3.Connection, message_hash: str, position: int, part: Part, fragments: Mapping[str, int]
) -> None:
    """Store one part of a message. *fragments* are ids by text."""
    written = part.to_dict()
    kind = written.pop("type")
    used = _with_references(written, fragments) if "text" in written else []
    files = attachments_of(part)
    ids = [ensure_attachment(db, file) for file in files]
    if isinstance(part, AttachmentPart) and ids:
        written["attachment"] = {"id": ids[0]}
    elif ids:
        written["attachments"] = [{"id": one} for one in ids]
    text = written.pop("text", None) if kind in ("text", "reasoning") else None
    row_id = db.execute(
        "insert into parts (message_hash, position, type, tool_name, text, payload) values (?, ?, ?, ?, ?, ?)",
        [message_hash, position, kind, written.get("name"), text, json.dumps(written) if written else None],
    ).lastrowid
    db.executemany(
        'insert into part_attachments (part_id, attachment_id, "order") values (?, ?, ?)',
        [(row_id, one, order) for order, one in enumerate(ids)],
    )
    db.executemany(
        'insert into part_fragments (part_id, fragment_id, "order") values (?, ?, ?)',
        [(row_id, one, order) for order, one in enumerate(used)],
    )


def load_parts(db: sqlite3.Connection, message_hashes: Sequence[str]) -> dict[str, list[Part]]:
    """Return the parts of each message, in order. A fragment or a file that is gone leaves its place empty."""
    rows = db.execute(
        "select message_hash, type, text, payload from parts"
        " where message_hash in (select value from json_each(?)) order by message_hash, position",
        [json.dumps(message_hashes)],
    ).fetchall()
    payloads: list[JSONMap] = [stored_json(row["payload"]) or {} for row in rows]
    fragments = _fragment_texts(db, payloads)
    files = load_attachments(db, [one for payload in payloads for one in _attachment_ids(payload)])
    parts: dict[str, list[Part]] = {}
    for row, payload in zip(rows, payloads, strict=True):
        text = _text(row["text"], payload.pop("text_ref", None), fragments)
        its_files = [files[one] for one in _attachment_ids(payload) if one in files]
        payload.pop("attachment", None)
        payload.pop("attachments", None)
        part = Part.from_dict({"text": text, **payload, "type": row["type"]})
        if isinstance(part, AttachmentPart):
            part.attachment = its_files[0] if its_files else None
        elif isinstance(part, ToolResultPart):
            part.attachments = its_files
        parts.setdefault(row["message_hash"], []).append(part)
    return parts


def literal_text(db: sqlite3.Connection, message_hashes: Sequence[str]) -> str:
    """Return what the text of messages says beside the fragments in it: what people search for."""
    rows = db.execute(
        "select parts.text, parts.payload from json_each(?) as wanted join parts on parts.message_hash = wanted.value"
        " where parts.type = 'text' order by wanted.key, parts.position",
        [json.dumps(message_hashes)],
    )
    return "".join(
        row["text"]
        if row["text"] is not None
        else "".join(piece.get("literal", "") for piece in (stored_json(row["payload"]) or {}).get("text_ref", ()))
        for row in rows
    )


def attachments_of(part: Part) -> list[Attachment]:
    """Return the files of a part."""
    if isinstance(part, ToolResultPart):
        return list(part.attachments)
    if isinstance(part, AttachmentPart) and part.attachment is not None:
        return [part.attachment]
    return []


def stored_json(text: str | None) -> Any:
    """Return the JSON value in a column, None for an empty one. Raises StorageError."""
    if not text:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StorageError("The log database holds something that is not JSON.", why=str(error)) from error


def _with_references(written: JSONMap, fragments: Mapping[str, int]) -> list[int]:
    """Put references in the place of fragments in the text of *written*; return their ids, in order.

    The first one that occurs counts, and of two that begin at one place the longer.
    """
    rest = written["text"]
    pieces: list[JSONMap] = []
    used: list[int] = []
    while rest:
        found = [(place, -len(text), text) for text in fragments if (place := rest.find(text)) >= 0]
        if not found:
            break
        place, _, text = min(found)
        if place:
            pieces.append({"literal": rest[:place]})
        pieces.append({"fragment": fragments[text]})
        used.append(fragments[text])
        rest = rest[place + len(text) :]
    if used:
        del written["text"]
        written["text_ref"] = [*pieces, {"literal": rest}] if rest else pieces
    return used


def _text(text: str | None, pieces: list[JSONMap] | None, fragments: Mapping[int, str]) -> str:
    if pieces is None:
        return text or ""
    return "".join(piece["literal"] if "literal" in piece else fragments.get(piece["fragment"], "") for piece in pieces)


def _fragment_texts(db: sqlite3.Connection, payloads: Sequence[JSONMap]) -> dict[int, str]:
    ids = [piece["fragment"] for payload in payloads for piece in payload.get("text_ref", ()) if "fragment" in piece]
    if not ids:
        return {}
    rows = db.execute(
        "select id, content from fragments where id in (select value from json_each(?))", [json.dumps(ids)]
    )
    return {row["id"]: row["content"] for row in rows}


def _attachment_ids(payload: JSONMap) -> list[str]:
    one = [payload["attachment"]] if payload.get("attachment") else []
    return [reference["id"] for reference in [*one, *payload.get("attachments", ())]]
