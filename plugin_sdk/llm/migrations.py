"""``llm.migrations``: makes the tables of a log of exchanges."""

from __future__ import annotations

from typing import Any

from innkeeper_sdk.api.log_tables import make_log_tables

__all__ = ["migrate"]


def migrate(db: Any) -> None:
    """Make what is missing in *db*, a ``sqlite_utils.Database``."""
    make_log_tables(db.conn)
