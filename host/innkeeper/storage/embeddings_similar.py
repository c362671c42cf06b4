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
from math import inf, isnan
from types import TracebackType
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


class Search:
    """Searches in the database *db*. Connections for it, which map the file, are kept from one to the next.

    One thread at a time. Close it before *db*.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._path = path_of(db)
        self._connections: list[sqlite3.Connection] = []

    def nearest(
        self, collection: int, vector: bytes, number: int, *, prefix: str = "", skip_id: str | None = None
    ) -> list[Similar]:
        """Return the *number* items of a collection most like *vector*, best first; all if it is negative.

        Items with one score come in the order of their ids; of many such, those that were stored first are taken. Left
        out are *skip_id*, ids that do not begin with *prefix*, and vectors of another length, or that hold NaN. A
        vector of zeros scores 0.
        """
        count = count_of(self._db, collection)
        most = count if number < 0 else min(number, count)
        if most == 0:
            return []
        wanted = Wanted(collection, len(vector), prefix)
        distances = Distances(vector)
        exact = list(_exact(self._db, vector, self._look(wanted, count, distances, most + SPARE + 1)))
        if not distances.is_exact and any(abs(1.0 - found.score - quick) > QUICK_ERROR for quick, found in exact):
            exact = list(_exact(self._db, vector, self._look(wanted, count, Distances(vector, exactly=True), most + 1)))
        found = [similar for _, similar in exact if similar.id != skip_id]
        return sorted(found, key=lambda similar: (-similar.score, similar.id))[:most]

    def close(self) -> None:
        """Close the connections. Another search would open them again."""
        while self._connections:
            self._connections.pop().close()

    def __enter__(self) -> Search:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _look(self, wanted: Wanted, count: int, distances: Distances, most: int) -> list[tuple[float, int]]:
        """Look at all *wanted* vectors of a collection of *count* items.

        Returns the distance and the row of the *most* nearest, nearest first.
        """
        left = deque(parts(self._db, wanted, count)) if joins_bytes(self._db) else deque()
        if not left:
            found = _Nearest(most)
            for block in blocks_by_index(self._db, wanted):
                found.add(block, distances)
            return found.best()
        keep_memory()

        def read(connection: sqlite3.Connection) -> _Nearest:
            mine = _Nearest(most)
            while left:
                try:
                    part = left.popleft()
                except IndexError:  # another thread took the last
                    break
                for block in blocks_of_part(connection, wanted, part):
                    mine.add(block, distances)
            return mine

        try:
            shares = self._on_threads(read) if count * wanted.size >= WORTH_THREADS_BYTES else [read(self._db)]
        finally:
            left.clear()  # or threads would read on for somebody who was interrupted
        return heapq.nsmallest(most, (one for share in shares for one in share.best()))

    def _on_threads(self, read: Callable[[sqlite3.Connection], _Nearest]) -> list[_Nearest]:
        """Call *read* on threads with connections of their own, where the database is a file that allows that."""
        if not self._path or self._db.in_transaction:
            return [read(self._db)]
        threads = min(MOST_THREADS, os.cpu_count() or 1)
        try:
            while len(self._connections) < threads:
                self._connections.append(connect_to_scan(self._path))
        except StorageError:  # such as in a folder where SQLite may not write the file that readers share
            self.close()
            return [read(self._db)]
        first, *others = self._connections
        with ThreadPoolExecutor(threads, thread_name_prefix="innkeeper-similar") as pool:
            reading = [pool.submit(read, connection) for connection in others]
            return [read(first), *(future.result() for future in reading)]


class _Nearest:
    """The *most* nearest of what was added. Of two at one distance the earlier row is the nearer."""

    def __init__(self, most: int) -> None:
        self._most = most
        # Negative: the least is in front of a heap, and the furthest is the one to go.
        self._heap: list[tuple[float, int]] = []

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
