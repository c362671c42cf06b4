"""Finds the items of a collection whose vectors point most nearly where a given one does.

First a quick look at every vector, in blocks, on a few threads; then an exact one at the best. Memory does not grow
with the collection.
"""

from __future__ import annotations

import heapq
import os
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from math import inf, isnan
from typing import NamedTuple

from innkeeper.errors import StorageError

from .embeddings import count as count_of
from .embeddings_cosine import Distances, cosine, numbers
from .embeddings_database import connect_to_scan, path_of
from .embeddings_scan import Block, Wanted, blocks_by_index, blocks_of_part, joins_bytes, keep_memory, parts

MOST_THREADS = 4
"""Each reads a share of the table on a connection of its own. More would wait for memory, not for a core."""

WORTH_THREADS_BYTES = 8 * 1024 * 1024
"""Of vectors. Less is read in the time it takes to open a connection."""

SPARE = 16
"""How many more than are wanted get an exact look: those whose quick distances lie within its error of one another."""

QUICK_ERROR = 1e-4
"""A quick distance further off than this, a thousand times what is usual, is of a vector too long or short for it."""


class Similar(NamedTuple):
    """An item that was found, and its score. *metadata* is JSON."""

    id: str
    score: float
    content: str | None
    metadata: str | None


def nearest(
    db: sqlite3.Connection,
    collection: int,
    vector: bytes,
    number: int,
    *,
    prefix: str = "",
    skip_id: str | None = None,
) -> list[Similar]:
    """Return the *number* items of a collection most like *vector*, best first; all if it is negative.

    Items with one score come in the order of their ids; of many such, those that were stored first are taken. Left out
    are *skip_id*, ids that do not begin with *prefix*, and vectors of another length, or that hold NaN. A vector of
    zeros scores 0.
    """
    count = count_of(db, collection)
    wanted = count if number < 0 else min(number, count)
    if wanted == 0:
        return []
    look = Look(db, Wanted(collection, len(vector), prefix), count)
    distances = Distances(vector)
    exact = list(_exact(db, vector, look.for_nearest(distances, wanted + SPARE + 1)))
    if not distances.is_exact and any(abs(1.0 - found.score - quick) > QUICK_ERROR for quick, found in exact):
        exact = list(_exact(db, vector, look.for_nearest(Distances(vector, exactly=True), wanted + 1)))
    found = [similar for _, similar in exact if similar.id != skip_id]
    return sorted(found, key=lambda similar: (-similar.score, similar.id))[:wanted]


class Look:
    """A look at all *wanted* vectors of a collection of *count* items in *db*."""

    def __init__(self, db: sqlite3.Connection, wanted: Wanted, count: int) -> None:
        self._db = db
        self._wanted = wanted
        self._parts = parts(db, wanted, count) if joins_bytes(db) else []
        self._is_worth_threads = count * wanted.size >= WORTH_THREADS_BYTES

    def for_nearest(self, distances: Distances, most: int) -> list[tuple[float, int]]:
        """Return the distance and the row of the *most* nearest, nearest first."""
        if not self._parts:
            found = _Nearest(most)
            for block in blocks_by_index(self._db, self._wanted):
                found.add(block, distances)
            return found.best()
        left = deque(self._parts)
        keep_memory()

        def read(connection: sqlite3.Connection) -> _Nearest:
            mine = _Nearest(most)
            while left:
                try:
                    part = left.popleft()
                except IndexError:  # another thread took the last
                    break
                for block in blocks_of_part(connection, self._wanted, part):
                    mine.add(block, distances)
            return mine

        try:
            shares = _on_threads(self._db, read) if self._is_worth_threads else [read(self._db)]
        finally:
            left.clear()  # or threads would read on for somebody who was interrupted
        return heapq.nsmallest(most, (one for share in shares for one in share.best()))


class _Nearest:
    """The *most* nearest of what was added. Of two at one distance the earlier row is the nearer."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._heap: list[
            tuple[float, int]
        ] = []  # negative, since heapq has its least in front, and the furthest is to go

    def add(self, block: Block, distances: Distances) -> None:
        """Look at every vector of *block*."""
        found = distances.of(block.vectors)
        limit = -self._heap[0][0] if len(self._heap) == self._most else inf
        if not found or min(found) > limit:
            return
        for position in [position for position, distance in enumerate(found) if distance <= limit]:
            heapq.heappush(self._heap, (-found[position], -block.row(position)))
            if len(self._heap) > self._most:
                heapq.heappop(self._heap)

    def best(self) -> list[tuple[float, int]]:
        """Return distances and rows, nearest first."""
        return sorted((-distance, -row) for distance, row in self._heap)


def _on_threads(db: sqlite3.Connection, read: Callable[[sqlite3.Connection], _Nearest]) -> list[_Nearest]:
    """Call *read* on threads with connections of their own, where *db* is a file that allows that."""
    path = path_of(db)
    if not path or db.in_transaction:
        return [read(db)]
    threads = min(MOST_THREADS, os.cpu_count() or 1)
    with ExitStack() as stack:
        try:
            first, *others = [stack.enter_context(closing(connect_to_scan(path))) for _ in range(threads)]
        except StorageError:  # such as in a folder where SQLite may not write the file that readers share
            return [read(db)]
        pool = stack.enter_context(ThreadPoolExecutor(threads, thread_name_prefix="innkeeper-similar"))
        reading = [pool.submit(read, connection) for connection in others]
        return [read(first), *(future.result() for future in reading)]


def _exact(
    db: sqlite3.Connection, vector: bytes, quick: Iterable[tuple[float, int]]
) -> Iterator[tuple[float, Similar]]:
    """Yield the quick distance of each row beside what is exactly so; rows that are gone, or hold NaN, are left out."""
    target = numbers(vector)
    for distance, row in quick:
        found = db.execute("select id, embedding, content, metadata from embeddings where rowid = ?", [row]).fetchone()
        if found is None or not isinstance(found[1], bytes) or len(found[1]) != len(vector):
            continue
        score = cosine(numbers(found[1]), target)
        if not isnan(score):
            yield distance, Similar(found[0], score, found[2], found[3])
