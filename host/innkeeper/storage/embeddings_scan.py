"""Reads the vectors of a collection in blocks, quicker than row by row.

SQLite itself joins the vectors of some hundred rows to one blob: half the time of handing each to Python, and without
Python's lock, so that two threads with a connection each take half of that again. ``group_concat`` is made for text,
and leaves bytes as they are where the database's encoding is UTF-8; what came is counted, and what does not add up is
read row by row.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

BLOCK_BYTES = 256 * 1024
"""Of vectors at once: small enough to be in the processor's cache when they are looked at."""

MEMORY_KEPT_BYTES = 16 * 1024 * 1024
"""The C library gives memory of the size of a block back to the kernel each time, and has it cleared again, until a
larger piece was freed once (mallopt(3), M_MMAP_THRESHOLD): reading took up to four times as long, as it happened."""

DENSE = 8
"""Up to one row of a collection in so many of the table, the table is read from end to end, and else by its index."""


class Block:
    """*vectors*, one after the other, and the numbers of their *rows*, joined by commas: few are ever asked for."""

    def __init__(self, rows: bytes, vectors: bytes) -> None:
        self.vectors = vectors
        self._joined = rows
        self._rows: list[bytes] = []

    def row(self, position: int) -> int:
        """Return the number of the row of the vector at *position*."""
        if not self._rows:
            self._rows = self._joined.split(b",")
        return int(self._rows[position])


class Part(NamedTuple):
    """A part of a table: the rows above *after*, up to *last*."""

    after: int
    last: int


class Wanted(NamedTuple):
    """Which vectors to read: those of *size* bytes, of items whose id begins with *prefix*, in a *collection*."""

    collection: int
    size: int
    prefix: str = ""

    @property
    def rows_at_once(self) -> int:
        return max(BLOCK_BYTES // self.size, 1)

    def condition(self, table_scan: bool) -> tuple[str, list[Any]]:
        """Return the SQL that says so. With *table_scan* SQLite is kept from using the index."""
        sql = f"{'+' if table_scan else ''}collection_id = ? and length(embedding) = ?"
        arguments: list[Any] = [self.collection, self.size]
        if self.prefix:
            sql += " and substr(id, 1, ?) = ?"
            arguments += [len(self.prefix), self.prefix]
        return sql, arguments


def parts(db: sqlite3.Connection, wanted: Wanted, count: int) -> list[Part]:
    """Return the parts of the table to read for a collection of *count* items; none where its index is the way."""
    first, last = db.execute(
        "select (select min(rowid) from embeddings), (select max(rowid) from embeddings)"
    ).fetchone()
    if first is None or count * DENSE < last - first + 1:
        return []
    step = max(wanted.rows_at_once * (last - first + 1) // max(count, 1), 1)
    return [Part(start, min(start + step, last)) for start in range(first - 1, last, step)]


def keep_memory() -> None:
    """Have memory of the size of blocks reused. It costs nothing: the piece that is freed was never touched."""
    bytes(MEMORY_KEPT_BYTES)


def blocks_of_part(db: sqlite3.Connection, wanted: Wanted, part: Part) -> Iterator[Block]:
    """Yield the vectors in a part of the table."""
    condition, arguments = wanted.condition(table_scan=True)
    condition, arguments = f"rowid > ? and rowid <= ? and {condition}", [*part, *arguments]
    joined = _joined(db, f"from embeddings where {condition}", arguments, wanted.size)
    if joined is not None:
        yield joined
    else:
        yield from _one_by_one(db, condition, arguments, wanted)


def blocks_by_index(db: sqlite3.Connection, wanted: Wanted) -> Iterator[Block]:
    """Yield the vectors of a collection that is few of the rows of the table."""
    yield from _one_by_one(db, *wanted.condition(table_scan=False), wanted)


def joins_bytes(db: sqlite3.Connection) -> bool:
    """Tell whether SQLite joins bytes unchanged here: any of them, zeros and what is no UTF-8, too."""
    if db.execute("pragma encoding").fetchone()[0] != "UTF-8":
        return False
    every = bytes(range(256))
    found = db.execute(
        "select cast(group_concat(a, '') as blob) from (select ? as a union all select ?)", [every, every[::-1]]
    )
    return bytes(found.fetchone()[0]) in (every + every[::-1], every[::-1] + every)


def _joined(db: sqlite3.Connection, source: str, arguments: list[Any], size: int) -> Block | None:
    sql = f"select cast(group_concat(rowid) as blob), cast(group_concat(embedding, '') as blob) {source}"
    rows, vectors = db.execute(sql, arguments).fetchone()
    if rows is None:
        return Block(b"", b"")
    return Block(rows, vectors) if len(vectors) == (rows.count(b",") + 1) * size else None


def _one_by_one(db: sqlite3.Connection, condition: str, arguments: list[Any], wanted: Wanted) -> Iterator[Block]:
    found = db.execute(f"select rowid, embedding from embeddings where {condition}", arguments)
    while some := found.fetchmany(wanted.rows_at_once):
        yield Block(b",".join([b"%d" % row for row, _ in some]), b"".join([vector for _, vector in some]))
