"""What a person can do about a database of the home that cannot be used."""

from __future__ import annotations

import os
import sqlite3

from .unwritable import MAKE_ROOM

NEW_ONE = "If it is damaged: move it away, and a new one is made."


def what_to_do_about(error: sqlite3.Error, path: str) -> str:
    """Return what helps against *error* of the database at *path*, in a sentence; "" where nothing is known that does.

    On a full disk SQLite may say no more than that reading or writing failed.
    """
    number = getattr(error, "sqlite_errorcode", 0) & 0xFF  # what the rest of it tells apart is helped alike
    if number in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return NEW_ONE
    if number == sqlite3.SQLITE_FULL or (number == sqlite3.SQLITE_IOERR and _is_full(path)):
        return MAKE_ROOM
    return ""


def _is_full(path: str) -> bool:
    try:
        return os.statvfs(os.path.dirname(os.path.abspath(path))).f_bavail == 0
    except OSError:
        return False
