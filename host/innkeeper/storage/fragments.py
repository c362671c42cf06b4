"""Stored fragments: texts in the log database, each once, and the names that the person gave to some of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from .logs_database import transaction
from .logs_fragments import ensure_fragment


class StoredFragment(NamedTuple):
    """A text that is kept. *hash* is the SHA-256 of it; *source* is where it was first found."""

    hash: str
    aliases: tuple[str, ...]
    datetime_utc: str
    source: str | None
    content: str


def find_fragment(db: sqlite3.Connection, name: str) -> tuple[str, str | None] | None:
    """Return the text, and the source, of the fragment with this alias or hash."""
    found = db.execute(
        "select content, source from fragments"
        " left join fragment_aliases on fragment_aliases.fragment_id = fragments.id"
        " where alias = :name or hash = :name order by alias is null limit 1",
        {"name": name},
    ).fetchone()
    return None if found is None else (found["content"], found["source"])


def list_fragments(
    db: sqlite3.Connection, queries: Sequence[str] = (), *, only_named: bool = False
) -> list[StoredFragment]:
    """Return the fragments that match every one of *queries*, oldest first.

    A query is an alias, a hash, or a part of the source or the text.
    """
    conditions = ["1"]
    if only_named:
        conditions.append("exists (select 1 from fragment_aliases where fragment_id = fragments.id)")
    conditions += [
        f"(hash = :q{number} or source like '%' || :q{number} || '%' or content like '%' || :q{number} || '%'"
        f" or exists (select 1 from fragment_aliases where fragment_id = fragments.id and alias = :q{number}))"
        for number in range(len(queries))
    ]
    rows = db.execute(
        f"select id, hash, datetime_utc, source, content from fragments where {' and '.join(conditions)}"
        " order by datetime_utc, id",
        {f"q{number}": query for number, query in enumerate(queries)},
    ).fetchall()
    aliases: dict[int, list[str]] = {}
    for alias, fragment_id in db.execute("select alias, fragment_id from fragment_aliases order by alias"):
        aliases.setdefault(fragment_id, []).append(alias)
    return [
        StoredFragment(
            hash=row["hash"],
            aliases=tuple(aliases.get(row["id"], ())),
            datetime_utc=row["datetime_utc"],
            source=row["source"],
            content=row["content"],
        )
        for row in rows
    ]


def set_fragment_alias(db: sqlite3.Connection, alias: str, content: str, source: str | None) -> None:
    """Store a text, unless it is there, and let *alias* mean it from now on."""
    with transaction(db):
        fragment_id = ensure_fragment(db, content, source)
        db.execute(
            "insert into fragment_aliases (alias, fragment_id) values (?, ?)"
            " on conflict (alias) do update set fragment_id = excluded.fragment_id",
            [alias, fragment_id],
        )


def remove_fragment_alias(db: sqlite3.Connection, alias: str) -> bool:
    """Forget *alias*; the text stays. Say whether there was one."""
    with transaction(db):
        return db.execute("delete from fragment_aliases where alias = ?", [alias]).rowcount > 0
