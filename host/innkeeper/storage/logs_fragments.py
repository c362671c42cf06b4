"""Fragments as the log database keeps them: each text once, however often it is asked about."""

from __future__ import annotations

import sqlite3


def fragment_hash(content: str) -> str:
    """Return the hash that a fragment is known by."""
    import hashlib

    return hashlib.sha256(content.encode("utf-8")).hexdigest()


def ensure_fragment(db: sqlite3.Connection, content: str, source: str | None = None) -> int:
    """Store *content* unless it is there; return the id of its row. The first source that was given stays."""
    found = fragment_hash(content)
    db.execute(
        "insert into fragments (hash, content, datetime_utc, source) values (?, ?, datetime('now'), ?)"
        " on conflict (hash) do nothing",
        [found, content, source],
    )
    (row_id,) = db.execute("select id from fragments where hash = ?", [found]).fetchone()
    return int(row_id)
