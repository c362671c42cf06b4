"""Collections of embeddings in a database: rows in, rows out. What a vector means is left to others.

A vector is stored as little-endian float32, one number after the other, as `llm` stores it.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from .logs_database import transaction

ASKED_AT_ONCE = 500
"""Ids in one query. SQLite takes 32,766 parameters, and older ones 999."""


class CollectionRow(NamedTuple):
    """A collection: its number, its name, and the id of the model that all of its vectors are from."""

    id: int
    name: str
    model_id: str


class NewRow(NamedTuple):
    """An item to store. *content* is the text or the bytes that were embedded, where they are to be kept."""

    id: str
    vector: bytes | memoryview
    hash: bytes
    content: str | bytes | None = None
    metadata: str | None = None


class Stored(NamedTuple):
    """What is known of an item that is stored. *metadata* is JSON."""

    hash: bytes
    has_content: bool
    metadata: str | None


def content_hash(value: str | bytes) -> bytes:
    """Return the hash by which a value is known again: that of `llm`."""
    content = value.encode("utf-8") if isinstance(value, str) else value
    return hashlib.md5(content, usedforsecurity=False).digest()


def find_collection(db: sqlite3.Connection, name: str) -> CollectionRow | None:
    """Return the collection called *name*."""
    found = db.execute("select id, name, model from collections where name = ?", [name]).fetchone()
    return CollectionRow(*found) if found else None


def make_collection(db: sqlite3.Connection, name: str, model_id: str) -> CollectionRow:
    """Return the collection called *name*, made with *model_id* unless another program was quicker."""
    db.execute("insert or ignore into collections (name, model) values (?, ?)", [name, model_id])
    found = find_collection(db, name)
    assert found is not None
    return found


def list_collections(db: sqlite3.Connection) -> list[tuple[str, str, int]]:
    """Return the name, the model and the number of items of each collection, by name."""
    rows = db.execute(
        "select name, model, (select count(*) from embeddings where collection_id = collections.id)"
        " from collections order by name"
    )
    return rows.fetchall()


def delete_collection(db: sqlite3.Connection, collection: int) -> None:
    """Delete a collection and what is in it."""
    with transaction(db):
        db.execute("delete from embeddings where collection_id = ?", [collection])
        db.execute("delete from collections where id = ?", [collection])


def count(db: sqlite3.Connection, collection: int) -> int:
    """Return how many items a collection has."""
    return int(db.execute("select count(*) from embeddings where collection_id = ?", [collection]).fetchone()[0])


def stored(db: sqlite3.Connection, collection: int, ids: Sequence[str]) -> dict[str, Stored]:
    """Return what is known of those of *ids* that are stored."""
    found: dict[str, Stored] = {}
    for some in _in_parts(ids):
        rows = db.execute(
            "select id, content_hash, content is not null or content_blob is not null, metadata from embeddings"
            f" where collection_id = ? and id in ({','.join('?' * len(some))})",
            [collection, *some],
        )
        found.update((id_, Stored(hash_, bool(has), metadata)) for id_, hash_, has, metadata in rows)
    return found


def store(db: sqlite3.Connection, collection: int, rows: Iterable[NewRow]) -> None:
    """Store *rows*, all or none; one takes the place of what had its id."""
    now = int(time.time())
    with transaction(db):
        db.executemany(
            "insert or replace into embeddings"
            " (collection_id, id, embedding, content, content_blob, content_hash, metadata, updated)"
            " values (?, ?, ?, ?, ?, ?, ?, ?)",
            ((collection, row.id, row.vector, *_columns_of(row.content), row.hash, row.metadata, now) for row in rows),
        )


def supplement(
    db: sqlite3.Connection, collection: int, items: Iterable[tuple[str, str | bytes | None, str | None]]
) -> None:
    """Store the content and the metadata of *items*, by id, beside vectors that stay; None leaves what is there."""
    with transaction(db):
        db.executemany(
            "update embeddings set content = coalesce(?, content), content_blob = coalesce(?, content_blob),"
            " metadata = coalesce(?, metadata) where collection_id = ? and id = ?",
            ((*_columns_of(content), metadata, collection, id_) for id_, content, metadata in items),
        )


def vector_of(db: sqlite3.Connection, collection: int, id_: str) -> bytes | None:
    """Return the vector of an item."""
    found = db.execute("select embedding from embeddings where collection_id = ? and id = ?", [collection, id_])
    row = found.fetchone()
    return bytes(row[0]) if row and row[0] is not None else None


def dimensions(db: sqlite3.Connection, collection: int) -> int | None:
    """Return of how many numbers the vectors of a collection are, None where there is none yet."""
    found = db.execute("select length(embedding) from embeddings where collection_id = ? limit 1", [collection])
    row = found.fetchone()
    return row[0] // 4 if row and row[0] else None


def _columns_of(content: str | bytes | None) -> tuple[str | None, bytes | None]:
    return (content, None) if isinstance(content, str) else (None, content)


def _in_parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), ASKED_AT_ONCE):
        yield ids[start : start + ASKED_AT_ONCE]
