"""The database of what was asked and answered: ``logs.db``, with the tables of `llm`, so that its tools open it.

Both programs may use one file, in turns or at once: each brings an older database up to date as the other would, and
finds there what the other wrote. Prompts are private, so the file is its owner's alone from the moment it is made.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from innkeeper.errors import StorageError

from .database_failures import what_to_do_about
from .logs_migrations import is_current, migrate

BUSY_S = 30.0
"""How long to wait for another program that writes. A turn is written in some milliseconds."""

_WHAT = "The log database"


@contextmanager
def open_logs(path: str) -> Iterator[sqlite3.Connection]:
    """Open the database at *path*, made or brought up to date where needed, and close it when the block ends.

    Rows come as `sqlite3.Row`. Each statement stands for itself, unless it is inside a `transaction`. A file that may
    only be read is opened for reading. Whatever SQLite says in the block comes out as a StorageError.
    """
    try:
        db = _connect(path)
        try:
            _bring_up_to_date(db)
            yield db
        finally:
            db.close()
    except sqlite3.Error as error:
        raise StorageError(
            f"{_WHAT} could not be used.",
            why=f"{path}: {error}",
            hint=f"{what_to_do_about(error, path)} With -n a prompt is answered without it.".lstrip(),
        ) from error
    except OSError as error:
        raise StorageError(f"{_WHAT} could not be opened.", why=str(error)) from error


@contextmanager
def open_scratch_logs() -> Iterator[sqlite3.Connection]:
    """Open an empty database in memory, with the same tables: for what is shown as it would be logged, but is not."""
    db = _prepared(sqlite3.connect(":memory:", isolation_level=None))
    try:
        _bring_up_to_date(db)
        yield db
    finally:
        db.close()


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Make the statements of the block happen together, or none of them. Inside another one it is part of that.

    The right to write is taken at once: two programs that both read first and then write could not wait for each other.
    """
    if db.in_transaction:
        yield
        return
    db.execute("begin immediate")
    try:
        yield
    except BaseException:
        db.execute("rollback")
        raise
    db.execute("commit")


def _connect(path: str) -> sqlite3.Connection:
    if not os.path.exists(path):
        _make(path)
    if os.access(path, os.W_OK):
        db = _prepared(sqlite3.connect(path, timeout=BUSY_S, isolation_level=None))
    else:
        from urllib.parse import quote

        address = f"file:{quote(os.path.abspath(path))}?mode=ro"
        db = _prepared(sqlite3.connect(address, uri=True, timeout=BUSY_S, isolation_level=None))
    try:
        if db.execute("pragma journal_mode").fetchone()[0] == "wal":
            db.execute("pragma synchronous=normal")
    except BaseException:
        db.close()
        raise
    return db


def _make(path: str) -> None:
    """Put a new database at *path*, unless another program is quicker.

    In WAL mode, where writing does not stop who reads, and ends without waiting for the disk; a file that is another's
    keeps its mode. The mode is changed before anybody else can open the file: SQLite does not wait for who does.
    """
    import tempfile

    folder = os.path.dirname(os.path.abspath(path))
    os.makedirs(folder, mode=0o700, exist_ok=True)
    descriptor, beside = tempfile.mkstemp(dir=folder, prefix=".logs-")
    os.close(descriptor)
    try:
        with closing(sqlite3.connect(beside, isolation_level=None)) as db:
            db.execute("pragma journal_mode=wal")
            with transaction(db):
                migrate(db)
        os.link(beside, path)
    except FileExistsError:
        pass
    except OSError:  # a file system without links
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    finally:
        os.unlink(beside)


def _prepared(db: sqlite3.Connection) -> sqlite3.Connection:
    db.row_factory = sqlite3.Row
    return db


def _bring_up_to_date(db: sqlite3.Connection) -> None:
    if is_current(db):
        return
    with transaction(db):
        migrate(db)
