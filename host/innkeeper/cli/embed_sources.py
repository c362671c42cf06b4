"""Where the items of ``llm embed-multi`` come from: a file of rows, a query, or files in a folder.

Each is iterated once, for ids and contents, and says how far it is, in units of its own, for a progress bar.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import click

from innkeeper.errors import InnkeeperError, UsageError

from .row_formats import rows_of

ENCODINGS = ("utf-8", "latin-1")
"""Tried in this order on ``--files``, unless the person names others. Anything can be read as the second."""

Entry = tuple[str, "str | bytes"]


class Source(Protocol):
    """Entries, once. *position* is how far the iteration is, of `total`."""

    @property
    def position(self) -> int: ...

    def total(self) -> int | None:
        """Return where the end is, None where nobody knows. It may take a while."""

    def __iter__(self) -> Iterator[Entry]: ...


class RowsOfFile:
    """The rows of the file at *path*, ``-`` for stdin: the first column is the id. How far it is counts in bytes."""

    def __init__(self, path: str, format_: str | None) -> None:
        self._path = path
        self._format = format_
        self._file: BinaryIO | None = None

    @property
    def position(self) -> int:
        return self._file.tell() if self._file is not None and not self._file.closed else 0

    def total(self) -> int | None:
        return None if self._path == "-" else os.path.getsize(self._path)

    def __iter__(self) -> Iterator[Entry]:
        if self._path == "-":
            yield from map(entry_of, rows_of(sys.stdin.buffer, self._format))
            return
        try:
            with open(self._path, "rb") as self._file:
                yield from map(entry_of, rows_of(self._file, self._format))
        except OSError as error:
            raise click.ClickException(f"{self._path} cannot be read: {error}") from error


class RowsOfQuery:
    """The rows that *sql* gives in *db*, with more databases *attached* by alias: the first column is the id."""

    def __init__(self, db: sqlite3.Connection, sql: str, attached: Iterable[tuple[str, str]]) -> None:
        self.position = 0
        self._db = db
        self._sql = sql
        for alias, path in attached:
            if not os.path.exists(path):
                raise click.ClickException(f"There is no database to attach: {path}")
            try:
                db.execute(f"attach database ? as {_quoted(alias)}", [path])
            except sqlite3.Error as error:
                raise click.ClickException(f"{path} cannot be attached: {error}") from error

    def total(self) -> int | None:
        with suppress(sqlite3.Error):
            return int(self._db.execute(f"select count(*) from ({self._sql})").fetchone()[0])
        return None

    def __iter__(self) -> Iterator[Entry]:
        try:
            rows = self._db.execute(self._sql)
            if rows.description is None:
                raise click.ClickException("That SQL gives no rows. Write a SELECT, with the id as its first column.")
            while (row := rows.fetchone()) is not None:
                self.position += 1
                yield entry_of(row)
        except sqlite3.Error as error:
            raise click.ClickException(f"The SQL query failed: {error}") from error


class FilesOfFolders:
    """The files in *folders*, each given with a pattern: the id is the path below its folder.

    Without *encodings* they are taken as bytes, else as text, in the first of those that fits; what fits none is left
    out, and said so.
    """

    def __init__(self, folders: Sequence[tuple[str, str]], encodings: Sequence[str]) -> None:
        self.position = 0
        self._folders = folders
        self._encodings = encodings
        for folder, _ in folders:
            if not os.path.isdir(folder):
                raise click.UsageError(f"Invalid directory: {folder}")

    def total(self) -> int | None:
        return sum(1 for _ in self._paths())

    def __iter__(self) -> Iterator[Entry]:
        for folder, path in self._paths():
            self.position += 1
            try:
                content = self._content(path)
            except OSError as error:
                click.echo(f"{path} cannot be read: {error}", err=True)
                continue
            if content is None:
                click.echo(f"Could not decode text in file {path}", err=True)
            else:
                yield str(path.relative_to(folder)), content

    def _paths(self) -> Iterator[tuple[str, Path]]:
        for folder, pattern in self._folders:
            try:
                yield from ((folder, path) for path in Path(folder).glob(pattern) if not path.is_dir())
            except (ValueError, NotImplementedError) as error:
                raise click.UsageError(f"{pattern!r} is no pattern for files: {error}") from error

    def _content(self, path: Path) -> str | bytes | None:
        raw = path.read_bytes()
        if not self._encodings:
            return raw
        for encoding in self._encodings:
            with suppress(UnicodeDecodeError):
                return raw.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
        return None


class WithPrefix:
    """A *source* whose ids begin with *prefix*, and whose texts begin with *prepended*."""

    def __init__(self, source: Source, prefix: str, prepended: str) -> None:
        self._source = source
        self._prefix = prefix
        self._prepended = prepended

    @property
    def position(self) -> int:
        return self._source.position

    def total(self) -> int | None:
        return self._source.total()

    def __iter__(self) -> Iterator[Entry]:
        for id_, content in self._source:
            yield self._prefix + id_, self._prepended + content if isinstance(content, str) else content


def entry_of(row: Sequence[Any]) -> Entry:
    """Return the id and the content of a row: its first value, and the others, joined by spaces."""
    first, *others = row
    return _fit(str(first)), _fit(" ".join(map(_text, others)))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        raise _not_text()
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _fit(text: str) -> str:
    """Return *text* without halves of surrogate pairs, which JSON may hold and nothing else can."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _not_text() -> InnkeeperError:
    found = UsageError(
        "A row holds bytes where text is wanted.",
        hint="Select another column, or cast it: CAST(column AS TEXT). Files are embedded as bytes by --files --binary",
    )
    found.exit_code = 1
    return found


def _quoted(alias: str) -> str:
    return '"' + alias.replace('"', '""') + '"'
