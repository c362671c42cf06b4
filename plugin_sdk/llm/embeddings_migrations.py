"""``llm.embeddings_migrations``: makes the tables of a database of embeddings."""

from __future__ import annotations

from typing import Any

from innkeeper_sdk.api.collection_database import make_tables


class _Migrations:
    """Does in one step what the real one does in several."""

    def apply(self, db: Any) -> None:
        """Make what is missing in *db*, a ``sqlite_utils.Database``."""
        make_tables(db.conn)


embeddings_migrations = _Migrations()
