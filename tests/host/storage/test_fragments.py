"""Fragments that are kept, and the person's names for them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from innkeeper.storage.fragments import find_fragment, list_fragments, remove_fragment_alias, set_fragment_alias
from innkeeper.storage.logs_database import open_logs
from innkeeper.storage.logs_fragments import ensure_fragment, fragment_hash


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with open_logs(str(tmp_path / "logs.db")) as opened:
        yield opened


def contents(db: sqlite3.Connection, *queries: str, only_named: bool = False) -> list[str]:
    return [fragment.content for fragment in list_fragments(db, queries, only_named=only_named)]


def test_a_fragment_is_found_by_alias_and_by_hash(db: sqlite3.Connection) -> None:
    set_fragment_alias(db, "docs", "the text", "/docs.md")

    assert find_fragment(db, "docs") == ("the text", "/docs.md")
    assert find_fragment(db, fragment_hash("the text")) == ("the text", "/docs.md")
    assert find_fragment(db, "dog") is None


def test_an_alias_moves_to_what_it_is_set_to_last(db: sqlite3.Connection) -> None:
    set_fragment_alias(db, "docs", "old", None)
    set_fragment_alias(db, "docs", "new", None)

    assert find_fragment(db, "docs") == ("new", None)
    assert contents(db) == ["old", "new"]


def test_an_alias_goes_before_a_text_that_it_happens_to_be_the_hash_of(db: sqlite3.Connection) -> None:
    ensure_fragment(db, "a text")
    set_fragment_alias(db, fragment_hash("a text"), "another", None)

    assert find_fragment(db, fragment_hash("a text")) == ("another", None)


def test_a_text_has_one_row_and_all_its_aliases(db: sqlite3.Connection) -> None:
    set_fragment_alias(db, "b", "text", "first source")
    set_fragment_alias(db, "a", "text", "second source")

    [fragment] = list_fragments(db)
    assert (fragment.aliases, fragment.source, fragment.hash) == (("a", "b"), "first source", fragment_hash("text"))


def test_every_query_must_match_alias_hash_source_or_text(db: sqlite3.Connection) -> None:
    set_fragment_alias(db, "pelican", "birds with pouches", "/birds.md")
    ensure_fragment(db, "fish without", "/fish.md")

    assert contents(db, "pelican") == ["birds with pouches"]
    assert contents(db, "peli") == []
    assert contents(db, ".md") == ["birds with pouches", "fish without"]
    assert contents(db, "with", "fish") == ["fish without"]
    assert contents(db, fragment_hash("fish without")) == ["fish without"]
    assert contents(db, only_named=True) == ["birds with pouches"]


def test_a_removed_alias_leaves_the_text(db: sqlite3.Connection) -> None:
    set_fragment_alias(db, "docs", "the text", None)

    assert remove_fragment_alias(db, "docs") is True
    assert remove_fragment_alias(db, "docs") is False
    assert find_fragment(db, "docs") is None
    assert contents(db) == ["the text"]
