"""Collections in a SQLite database: the tables that users of ``llm`` know, so that their tools open it."""

from __future__ import annotations

import heapq
import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from operator import mul
from typing import TYPE_CHECKING, Any

from .collection import Collection, Entry
from .embeddings import decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .collection import Item

TABLES = """
CREATE TABLE IF NOT EXISTS "collections" ("id" INTEGER PRIMARY KEY, "name" TEXT, "model" TEXT);
CREATE UNIQUE INDEX IF NOT EXISTS "idx_collections_name" ON "collections" ("name");
CREATE TABLE IF NOT EXISTS "embeddings" (
    "collection_id" INTEGER REFERENCES "collections"("id"),
    "id" TEXT,
    "embedding" BLOB,
    "content" TEXT,
    "content_blob" BLOB,
    "content_hash" BLOB,
    "metadata" TEXT,
    "updated" INTEGER,
    PRIMARY KEY ("collection_id", "id")
);
CREATE TABLE IF NOT EXISTS "_sqlite_migrations" (
    "id" INTEGER PRIMARY KEY, "migration_set" TEXT, "name" TEXT, "applied_at" TEXT
);
CREATE UNIQUE INDEX IF NOT EXISTS "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
"""

LATER_COLUMNS = {"content_blob": "BLOB", "content_hash": "BLOB", "updated": "INTEGER"}
"""Columns that databases of older releases lack."""

INDEX_OF_HASHES = 'CREATE INDEX IF NOT EXISTS "idx_embeddings_content_hash" ON "embeddings" ("content_hash")'

MIGRATIONS = (
    *("m001_create_tables", "m002_foreign_key", "m003_add_updated", "m004_store_content_hash", "m005_add_content_blob"),
)
"""What the real ``llm`` would do to a new database; it looks here for what is done already."""


class DatabaseStore:
    """Collections in *connection*. *as_database* gives what plugins know as the database."""

    def __init__(self, connection: sqlite3.Connection, as_database: Callable[[], Any]) -> None:
        self._connection = connection
        self._as_database = as_database
        make_tables(connection)

    @property
    def db(self) -> Any:
        """The database."""
        return self._as_database()

    def find(self, name: str) -> tuple[int, str] | None:
        """Return a collection's number and the id of its model."""
        rows = self._rows("select id, model from collections where name = ?", [name])
        return rows[0] if rows else None

    def create(self, name: str, model_id: str) -> int:
        """Make a collection; return its number."""
        with _transaction(self._connection) as connection:
            made = connection.execute("insert into collections (name, model) values (?, ?)", [name, model_id])
            assert made.lastrowid is not None
            return made.lastrowid

    def count(self, collection: Collection) -> int:
        """Return how many items there are."""
        [[count]] = self._rows("select count(*) from embeddings where collection_id = ?", [collection.id])
        return int(count)

    def embed(self, collection: Collection, items: Sequence[Item], *, store: bool, key: str | None) -> None:
        """Embed a batch and keep its vectors; what is there already unchanged is left alone."""
        hashes = {id_: collection.content_hash(value) for id_, value, _ in items}
        known = self._known(collection, items, hashes)
        fresh = [item for item in items if item[0] not in known]
        if not fresh:
            return
        vectors = collection.model().embed_multi([value for _, value, _ in fresh], key=key)
        now = int(time.time())
        rows = [
            (
                collection.id,
                id_,
                encode(vector),
                value if store and isinstance(value, str) else None,
                value if store and isinstance(value, bytes) else None,
                hashes[id_],
                json.dumps(metadata) if metadata else None,
                now,
            )
            for (id_, value, metadata), vector in zip(fresh, vectors, strict=True)
        ]
        with _transaction(self._connection) as connection:
            connection.executemany(
                "insert or replace into embeddings "
                "(collection_id, id, embedding, content, content_blob, content_hash, metadata, updated) "
                "values (?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )

    def _known(self, collection: Collection, items: Sequence[Item], hashes: dict[str, bytes]) -> set[str]:
        """Return the ids of items that need no work: of one item alone, also when its value is there under another."""
        marks = ",".join("?" * len(hashes))
        rows = self._rows(
            f"select id, content_hash from embeddings where collection_id = ? and content_hash in ({marks})",
            [collection.id, *hashes.values()],
        )
        if len(items) == 1 and rows:
            return {items[0][0]}
        return {id_ for id_, content_hash in rows if hashes.get(id_) == content_hash}

    def similar(
        self, collection: Collection, vector: Sequence[float], number: int, skip_id: str | None, prefix: str | None
    ) -> list[Entry]:
        """Return the items most like *vector*: their vectors are read one by one, so memory stays flat."""
        conditions = ["collection_id = ?"]
        arguments: list[Any] = [collection.id]
        if prefix:
            conditions.append("substr(id, 1, length(?)) = ?")
            arguments += [prefix, prefix]
        if skip_id:
            conditions.append("id != ?")
            arguments.append(skip_id)
        rows = self._connection.execute(
            f"select rowid, embedding from embeddings where {' and '.join(conditions)}", arguments
        )
        length = _length(vector)
        scores = ((_likeness(decode(blob), vector, length), row) for row, blob in rows)
        best = heapq.nlargest(number, scores, key=lambda scored: scored[0])
        return [self._entry(row, score) for score, row in best]

    def _entry(self, row: int, score: float) -> Entry:
        [[id_, content, metadata]] = self._rows("select id, content, metadata from embeddings where rowid = ?", [row])
        return Entry(id_, score, content, json.loads(metadata) if metadata else None)

    def similar_to(self, collection: Collection, item_id: str, number: int, prefix: str | None) -> list[Entry] | None:
        """Return the items most like one of the collection."""
        rows = self._rows(
            "select embedding from embeddings where collection_id = ? and id = ?", [collection.id, item_id]
        )
        return self.similar(collection, decode(rows[0][0]), number, item_id, prefix) if rows else None

    def delete(self, collection: Collection) -> None:
        """Delete the collection and what is in it."""
        with _transaction(self._connection) as connection:
            connection.execute("delete from embeddings where collection_id = ?", [collection.id])
            connection.execute("delete from collections where id = ?", [collection.id])

    def _rows(self, sql: str, arguments: Sequence[Any]) -> list[Any]:
        return [tuple(row) for row in self._connection.execute(sql, arguments).fetchall()]


def make_tables(connection: sqlite3.Connection) -> None:
    """Make what is missing of the tables, and note it as done where the real ``llm`` looks."""
    found = {row[0] for row in connection.execute("select name from sqlite_master where type = 'table'").fetchall()}
    columns = {row[1] for row in connection.execute("pragma table_info(embeddings)").fetchall()}
    if {"collections", "embeddings", "_sqlite_migrations"} <= found and columns >= set(LATER_COLUMNS):
        return
    with _transaction(connection):
        for statement in TABLES.split(";"):
            connection.execute(statement)
        for name, kind in LATER_COLUMNS.items():
            if columns and name not in columns:
                connection.execute(f"alter table embeddings add column {name} {kind}")
        connection.execute(INDEX_OF_HASHES)
        now = time.strftime("%Y-%m-%d %H:%M:%S+00:00", time.gmtime())
        connection.executemany(
            "insert or ignore into _sqlite_migrations (migration_set, name, applied_at) "
            "values ('llm.embeddings', ?, ?)",
            [(name, now) for name in MIGRATIONS],
        )


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Run a block as one transaction: that of the caller where there is one."""
    if connection.in_transaction:
        yield connection
        return
    connection.execute("begin")
    try:
        yield connection
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")


def _length(vector: Sequence[float]) -> float:
    return float(sum(map(mul, vector, vector)) ** 0.5)


def _likeness(one: Sequence[float], other: Sequence[float], other_length: float) -> float:
    """Return the cosine of the angle between two vectors; 0 where one of them has no direction."""
    lengths = _length(one) * other_length
    return sum(map(mul, one, other)) / lengths if lengths else 0.0
