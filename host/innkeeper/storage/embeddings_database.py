"""The file of the embeddings: ``embeddings.db``, with the tables of `llm`, so that its tools open it, and ours theirs.

Both programs may use one file, in turns or at once. What an older `llm` left is brought to the last shape, whichever of
its steps that took, and noted as done where `llm` looks.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import quote

from innkeeper.errors import StorageError

from .database_failures import what_to_do_about
from .logs_database import BUSY_S, transaction

_WHAT = "The database of the embeddings"

MAPPED_BYTES = 2**31 - 65536
"""The most of a file that SQLite maps. The rest is read as usual."""

CHECKPOINT_PAGES = 8000
"""What is written before it is moved into the database: 32 MB. After each 4 MB, as is usual, took a fifth longer."""

STEPS = (
    *("m001_create_tables", "m002_foreign_key", "m003_add_updated", "m004_store_content_hash", "m005_add_content_blob"),
)
"""What `llm` did to its tables over time. One shape, the last, is what all of them lead to."""

EMBEDDINGS = """CREATE TABLE "embeddings" (
   "collection_id" INTEGER REFERENCES "collections"("id"),
   "id" TEXT,
   "embedding" BLOB,
   "content" TEXT,
   "content_blob" BLOB,
   "content_hash" BLOB,
   "metadata" TEXT,
   "updated" INTEGER,
   PRIMARY KEY ("collection_id", "id")
)"""

COLLECTIONS = 'CREATE TABLE "collections" (\n   "id" INTEGER PRIMARY KEY,\n   "name" TEXT,\n   "model" TEXT\n)'
INDEXES = (
    'CREATE UNIQUE INDEX IF NOT EXISTS "idx_collections_name"\n    ON "collections" ("name")',
    'CREATE INDEX IF NOT EXISTS "idx_embeddings_content_hash"\n    ON "embeddings" ("content_hash")',
)
STEPS_DONE = (
    'CREATE TABLE IF NOT EXISTS "_sqlite_migrations" (\n   "id" INTEGER PRIMARY KEY,\n   "migration_set" TEXT,\n'
    '   "name" TEXT,\n   "applied_at" TEXT\n)',
    'CREATE UNIQUE INDEX IF NOT EXISTS "idx__sqlite_migrations_migration_set_name"\n'
    '    ON "_sqlite_migrations" ("migration_set", "name")',
)
COLUMNS = ("collection_id", "id", "embedding", "content", "content_blob", "content_hash", "metadata", "updated")


def connect(path: str) -> sqlite3.Connection:
    """Open the database at *path*; it is made where there is none, for its owner alone.

    Each statement stands for itself, unless it is inside a `transaction`. Threads may share the connection if they take
    turns. Raises StorageError.
    """
    is_new = not os.path.exists(path)
    with failing_plainly(path):
        if is_new:
            os.makedirs(os.path.dirname(os.path.abspath(path)), mode=0o700, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        db = _open(path) if os.access(path, os.W_OK) else _open_to_read(path)
        try:
            if is_new:
                # What is written outlives this program without waiting for the disk. Another's file stays as it is.
                with suppress(sqlite3.OperationalError):  # another program is about the same
                    db.execute("pragma journal_mode=wal")
            if db.execute("pragma journal_mode").fetchone()[0] == "wal":
                db.execute("pragma synchronous=normal")
                db.execute(f"pragma wal_autocheckpoint={CHECKPOINT_PAGES}")
        except BaseException:
            db.close()
            raise
        return db


def connect_to_read(path: str) -> sqlite3.Connection:
    """Open the database at *path*, which exists, for reading. Raises StorageError."""
    with failing_plainly(path):
        return _open_to_read(path)


def connect_to_scan(path: str) -> sqlite3.Connection:
    """Open the database at *path* for reading much of it, soon: the file is mapped, which saves a third of the time.

    Whoever cuts the file off meanwhile, past SQLite, ends this process. Raises StorageError.
    """
    with failing_plainly(path):
        db = _open_to_read(path)
        try:
            db.execute(f"pragma mmap_size = {MAPPED_BYTES}")
            db.execute("select 1 from embeddings limit 1").fetchone()
        except BaseException:
            db.close()
            raise
        return db


def connect_in_memory() -> sqlite3.Connection:
    """Open an empty database that is gone when it is closed."""
    return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)


@contextmanager
def failing_plainly(path: str) -> Iterator[None]:
    """Turn what SQLite or the system says in the block, about the database at *path*, into a StorageError."""
    try:
        yield
    except sqlite3.Error as error:
        raise StorageError(
            f"{_WHAT} could not be used.", why=f"{path}: {error}", hint=what_to_do_about(error, path)
        ) from error
    except OSError as error:
        raise StorageError(f"{_WHAT} could not be opened.", why=str(error)) from error


def path_of(db: sqlite3.Connection) -> str:
    """Return the path of the file that *db* is, "" for one in memory."""
    for _, name, path in db.execute("pragma database_list").fetchall():
        if name == "main":
            return str(path or "")
    return ""


def has_tables(db: sqlite3.Connection) -> bool:
    """Tell whether there is a table of collections, and one of embeddings."""
    found = db.execute(
        "select count(*) from sqlite_master where type = 'table' and name in ('collections', 'embeddings')"
    )
    return int(found.fetchone()[0]) == 2


def bring_up_to_date(db: sqlite3.Connection) -> None:
    """Make the tables, or bring them to the last shape, unless that was done."""
    if _is_current(db):
        return
    with transaction(db):
        if _is_current(db):  # another program was about the same
            return
        if not _columns(db, "collections"):
            db.execute(COLLECTIONS)
        _shape_embeddings(db)
        for statement in (*INDEXES, *STEPS_DONE):
            db.execute(statement)
        now = time.strftime("%Y-%m-%d %H:%M:%S+00:00", time.gmtime())
        db.executemany(
            "insert into _sqlite_migrations (migration_set, name, applied_at) values ('llm.embeddings', ?, ?)",
            [(step, now) for step in STEPS if step not in _steps_done(db)],
        )


def _shape_embeddings(db: sqlite3.Connection) -> None:
    """Make the table, or make it anew in its last shape with what the old one held."""
    old = _columns(db, "embeddings")
    if old == list(COLUMNS):
        return
    if not old:
        db.execute(EMBEDDINGS)
        return
    # Beside and then renamed, and that in the old way, so that views go on naming the table that they named.
    db.execute(EMBEDDINGS.replace('"embeddings"', '"embeddings_new"', 1))
    values = {column: column if column in old else "null" for column in COLUMNS}
    values["updated"] = f"coalesce({values['updated']}, {int(time.time())})"
    # No content has this hash, so an item whose content is not known will be embedded again when it comes by.
    values["content_hash"] = f"coalesce({values['content_hash']}, innkeeper_hash({values['content']}), randomblob(16))"
    db.create_function("innkeeper_hash", 1, _hash_of_text)
    db.execute(f"insert into embeddings_new select {', '.join(values.values())} from embeddings")
    db.create_function("innkeeper_hash", 1, None)
    db.execute("drop table embeddings")
    db.execute("pragma legacy_alter_table = on")
    db.execute("alter table embeddings_new rename to embeddings")
    db.execute("pragma legacy_alter_table = off")


def _hash_of_text(text: object) -> bytes | None:
    from .embeddings import content_hash

    return content_hash(text) if isinstance(text, (str, bytes)) else None


def _is_current(db: sqlite3.Connection) -> bool:
    return set(STEPS) <= _steps_done(db) and has_tables(db)


def _steps_done(db: sqlite3.Connection) -> set[str]:
    if not _columns(db, "_sqlite_migrations"):
        return set()
    return {
        name for (name,) in db.execute("select name from _sqlite_migrations where migration_set = 'llm.embeddings'")
    }


def _columns(db: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in db.execute(f'pragma table_info("{table}")').fetchall()]


def _open(path: str) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)


def _open_to_read(path: str) -> sqlite3.Connection:
    address = f"file:{quote(os.path.abspath(path))}?mode=ro"
    return sqlite3.connect(address, uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
