"""Collections of embeddings, for programs: `remote.collection` with the host that all programs' objects share."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import Any

from innkeeper.remote import collection
from innkeeper.remote.embeddings import EmbeddingModel
from innkeeper.storage.embeddings import find_collection
from innkeeper.storage.embeddings_database import (
    connect,
    connect_in_memory,
    connect_to_read,
    failing_plainly,
    has_tables,
    path_of,
)

from .models import shared_host


class Collection(collection.Collection):
    """The collection called *name*; made if it is not there, unless *create* is False.

    *db* is where it is kept: the path of a file, a `sqlite3.Connection`, a ``sqlite_utils.Database``, or None for
    memory. ``innkeeper.embeddings_database()`` is the path of the one that ``llm`` commands use. Making a collection
    takes a *model*, or a *model_id*; later it knows its model. Raises DoesNotExist, ValueError, UnknownModel,
    StorageError.
    """

    def __init__(
        self,
        name: str,
        db: Any = None,
        *,
        model: EmbeddingModel | None = None,
        model_id: str | None = None,
        create: bool = True,
    ) -> None:
        super().__init__(shared_host(), name, _connection(db), model=model, model_id=model_id, create=create)

    @classmethod
    def exists(cls, db: Any, name: str) -> bool:
        """Tell whether *db* has a collection of that name. A file that is not there is not made."""
        if not isinstance(db, (str, os.PathLike)):
            return _has(_connection(db), name)
        if not os.path.exists(db):
            return False
        with closing(connect_to_read(os.fspath(db))) as connection:
            return _has(connection, name)


def embeddings_database() -> str:
    """Return the path of the database that ``llm embed`` and ``llm similar`` use."""
    return shared_host().home.embeddings_file


def _has(db: sqlite3.Connection, name: str) -> bool:
    with failing_plainly(path_of(db)):
        return has_tables(db) and find_collection(db, name) is not None


def _connection(db: Any) -> sqlite3.Connection:
    if db is None:
        return connect_in_memory()
    if isinstance(db, (str, os.PathLike)):
        return connect(os.fspath(db))
    found = db if isinstance(db, sqlite3.Connection) else db.conn
    assert isinstance(found, sqlite3.Connection)
    return found
