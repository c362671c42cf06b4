"""Which store a collection is kept in, by the database that a plugin gives."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .collection import Collection, Entry, Store
from .collection_database import DatabaseStore
from .embeddings import encode
from .errors import HostRefused, HostRequired, UnknownModelError
from .host import current_host, user_dir

if TYPE_CHECKING:
    from innkeeper_protocol.payloads.host_services import CollectionSimilarParams

    from .collection import Item

PERSONS_DATABASE = "embeddings.db"


def store_in(db: Any, name: str) -> Store:
    """Return the store that *db* means: a ``sqlite_utils.Database``, a ``sqlite3.Connection``, or None for memory.

    The person's database is at the host, unless that refuses: then it is a file like any other, the plugin's own.
    """
    if db is None:
        memory = sqlite3.connect(":memory:")
        return DatabaseStore(memory, lambda: _as_database(memory))
    connection = db if isinstance(db, sqlite3.Connection) else db.conn
    if _is_the_persons(connection):
        at_host = HostStore(db)
        with contextlib.suppress(HostRefused, HostRequired):
            at_host.find(name)
            return at_host
    return DatabaseStore(connection, lambda: db)


def _as_database(connection: sqlite3.Connection) -> Any:
    """Return *connection* as plugins know databases, where sqlite-utils is installed."""
    try:
        from sqlite_utils import Database  # type: ignore[import-not-found, unused-ignore]  # only where a plugin has it
    except ImportError:
        return connection
    return Database(connection)


def _is_the_persons(connection: sqlite3.Connection) -> bool:
    files = [row[2] for row in connection.execute("pragma database_list").fetchall() if row[1] == "main"]
    return bool(files and files[0]) and os.path.realpath(files[0]) == os.path.realpath(user_dir() / PERSONS_DATABASE)


class HostStore:
    """The person's collections, at the host. Values are embedded there, unless the plugin gives a key of its own."""

    def __init__(self, db: Any) -> None:
        self.db = db

    def find(self, name: str) -> tuple[int, str] | None:
        """Return the id of a collection's model. The host tells no number; 0 stands for it."""
        from innkeeper_protocol.payloads.host_services import CollectionParams

        found = current_host().open_collection(CollectionParams(name=name, create=False))
        return (0, found.model_id or "") if found.exists else None

    def create(self, name: str, model_id: str) -> int:
        """Make a collection."""
        from innkeeper_protocol.payloads.host_services import CollectionParams

        current_host().open_collection(CollectionParams(name=name, model_id=model_id))
        return 0

    def count(self, collection: Collection) -> int:
        """Return how many items there are."""
        from innkeeper_protocol.payloads.host_services import CollectionParams

        return current_host().open_collection(CollectionParams(name=collection.name, create=False)).count

    def embed(self, collection: Collection, items: Sequence[Item], *, store: bool, key: str | None) -> None:
        """Have the host embed a batch and keep it."""
        from innkeeper_protocol.payloads.host_services import CollectionEntry, CollectionStoreParams

        vectors: Sequence[bytes | None] = [None] * len(items)
        if key is not None:
            embedded = collection.model().embed_multi([value for _, value, _ in items], key=key)
            vectors = [encode(vector) for vector in embedded]
        entries = tuple(
            CollectionEntry(id=id_, value=value, vector=vector, metadata=metadata, store=store)
            for (id_, value, metadata), vector in zip(items, vectors, strict=True)
        )
        params = CollectionStoreParams(name=collection.name, model_id=collection.model_id, entries=entries)
        current_host().store_in_collection(params)

    def similar(
        self, collection: Collection, vector: Sequence[float], number: int, skip_id: str | None, prefix: str | None
    ) -> list[Entry]:
        """Have the host find what is most like *vector*."""
        from innkeeper_protocol.payloads.host_services import CollectionSimilarParams

        wanted = number + 1 if skip_id else number
        params = CollectionSimilarParams(name=collection.name, number=wanted, vector=encode(vector), prefix=prefix)
        entries = [entry for entry in _found(params) if entry.id != skip_id]
        return entries[:number]

    def similar_to(self, collection: Collection, item_id: str, number: int, prefix: str | None) -> list[Entry] | None:
        """Have the host find what is most like one item."""
        from innkeeper_protocol.payloads.host_services import CollectionSimilarParams

        params = CollectionSimilarParams(name=collection.name, number=number, id=item_id, prefix=prefix)
        try:
            return _found(params)
        except UnknownModelError:  # what the host does not find, whatever it is
            return None

    def delete(self, collection: Collection) -> None:
        """Have the host delete the collection."""
        from innkeeper_protocol.payloads.host_services import CollectionParams

        current_host().delete_collection(CollectionParams(name=collection.name))


def _found(params: CollectionSimilarParams) -> list[Entry]:
    return [
        Entry(entry.id, entry.score, entry.value if isinstance(entry.value, str) else None, entry.metadata)
        for entry in current_host().similar_in_collection(params).entries
    ]
