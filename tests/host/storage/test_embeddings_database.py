"""The database of the embeddings: made, brought up to date, shared with the real `llm`, and kept from others."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import stat
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from innkeeper.errors import StorageError
from innkeeper.storage.embeddings import (
    CollectionRow,
    NewRow,
    Stored,
    content_hash,
    count,
    delete_collection,
    dimensions,
    find_collection,
    list_collections,
    make_collection,
    store,
    stored,
    supplement,
    vector_of,
)
from innkeeper.storage.embeddings_database import STEPS, bring_up_to_date, connect, connect_in_memory, path_of
from innkeeper.storage.embeddings_similar import Search

REAL_EMBED = """
import llm, sqlite_utils, json, sys

class Letters(llm.EmbeddingModel):
    model_id = "letters"
    def embed_batch(self, texts):
        return ([text.count(letter) + 0.5 for letter in "etaoin"] for text in texts)

db = sqlite_utils.Database("shared.db")
collection = llm.Collection("docs", db, model=Letters())
"""

REAL_MIGRATE_SOME = """
import sqlite_utils, sys
from llm.embeddings_migrations import embeddings_migrations
with sqlite_utils.Database(sys.argv[1]) as db:
    embeddings_migrations.apply(db, stop_before=sys.argv[2] or None)
"""


def opened(path: Path) -> sqlite3.Connection:
    db = connect(str(path))
    bring_up_to_date(db)
    return db


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    with closing(connect_in_memory()) as db:
        bring_up_to_date(db)
        yield db


def shape(path: Path) -> dict[tuple[str, str], Any]:
    """Return what makes a database the same for who reads it: columns, keys and indexes, by kind and name."""
    db = sqlite3.connect(path)
    found: dict[tuple[str, str], Any] = {}
    rows = db.execute("select type, name, tbl_name, sql from sqlite_master where name not like 'sqlite_%'").fetchall()
    for kind, name, table, sql in rows:
        if kind == "index":
            found[kind, name] = (table, db.execute(f'pragma index_info("{name}")').fetchall(), "UNIQUE" in sql)
        else:
            keys = [key[2:5] for key in db.execute(f'pragma foreign_key_list("{name}")')]
            found[kind, name] = (db.execute(f'pragma table_info("{name}")').fetchall(), keys)
    db.close()
    return found


def vector(*numbers: float) -> bytes:
    return struct.pack(f"<{len(numbers)}f", *numbers)


def test_new_database_has_the_shape_of_the_real_one(real: Callable[..., str], tmp_path: Path) -> None:
    real(REAL_MIGRATE_SOME, "theirs.db", "")

    opened(tmp_path / "ours.db").close()

    assert shape(tmp_path / "ours.db") == shape(tmp_path / "theirs.db")


@pytest.mark.parametrize("before", ["m002_foreign_key", "m003_add_updated", "m004_store_content_hash", STEPS[-1]])
def test_database_of_an_older_llm_is_brought_up_to_date(real: Callable[..., str], tmp_path: Path, before: str) -> None:
    real(REAL_MIGRATE_SOME, "old.db", before)
    real(REAL_MIGRATE_SOME, "theirs.db", "")
    db = sqlite3.connect(tmp_path / "old.db")
    db.execute("insert into collections values (1, 'docs', 'm')")
    db.execute("insert into embeddings (collection_id, id, embedding, content) values (1, 'a', ?, 'hi')", [vector(1)])
    db.execute("insert into embeddings (collection_id, id, embedding) values (1, 'b', ?)", [vector(2)])
    db.execute("create view ids as select id from embeddings")
    db.commit()
    db.close()

    db = opened(tmp_path / "old.db")

    rows = db.execute("select id, embedding, content, content_hash, updated > 1.7e9 from embeddings order by id")
    (_, *first), (_, _, _, unknown_hash, _) = rows.fetchall()
    assert first == [vector(1), "hi", content_hash("hi"), 1]
    assert len(unknown_hash) == 16
    assert db.execute("select group_concat(id) from ids").fetchone() == ("a,b",)
    db.execute("drop view ids")
    db.close()
    assert shape(tmp_path / "old.db") == shape(tmp_path / "theirs.db")


def test_real_llm_finds_nothing_left_to_do_in_ours_and_reads_it(real: Callable[..., str], tmp_path: Path) -> None:
    db = opened(tmp_path / "shared.db")
    made = make_collection(db, "docs", "letters")
    vectors = {"one": vector(1.5, 0.5, 0.5, 0.5, 0.5, 0.5), "two": vector(0.5, 0.5, 0.5, 0.5, 0.5, 1.5)}
    store(db, made.id, [NewRow(id_, found, content_hash(id_), id_, '{"n": 1}') for id_, found in vectors.items()])
    db.close()
    before = shape(tmp_path / "shared.db")

    said = real(
        REAL_EMBED
        + """
from llm.embeddings_migrations import embeddings_migrations
print(json.dumps([
    [step.name for step in embeddings_migrations.pending(db)], collection.count(), collection.model_id,
    [[entry.id, entry.score, entry.content, entry.metadata] for entry in collection.similar_by_id("one")],
    len(collection.similar("nnnn")),
]))
collection.embed_multi([("one", "one"), ("three", "three")], store=True)
"""
    )

    assert json.loads(said) == [[], 2, "letters", [["two", 2.5 / 3.5, "two", {"n": 1}]], 2]
    assert shape(tmp_path / "shared.db") == before
    db = opened(tmp_path / "shared.db")
    assert stored(db, made.id, ["one", "three"]) == {
        "one": Stored(content_hash("one"), True, '{"n": 1}'),
        "three": Stored(content_hash("three"), True, None),
    }
    assert vector_of(db, made.id, "three") == vector(2.5, 1.5, 0.5, 0.5, 0.5, 0.5)
    db.close()


def test_what_the_real_llm_stored_is_found_with_its_very_scores(real: Callable[..., str], tmp_path: Path) -> None:
    said = real(
        REAL_EMBED
        + """
words = [f"{a}{b} {c} on a note" for a in "etaoin" for b in "tone" for c in ("tea", "inn", "oat", "")]
collection.embed_multi([(str(number), word) for number, word in enumerate(words)])
print(json.dumps([[entry.id, entry.score] for entry in collection.similar_by_id("7", 12)]))
"""
    )

    db = opened(tmp_path / "shared.db")
    target = vector_of(db, 1, "7")
    assert target is not None
    with Search(db) as search:
        found = search.nearest(1, target, 12, skip_id="7")
    db.close()

    assert [[similar.id, similar.score] for similar in found] == json.loads(said)


def test_collections_are_made_once_listed_by_name_and_deleted_with_their_items(db: sqlite3.Connection) -> None:
    docs = make_collection(db, "docs", "one")
    other = make_collection(db, "a", "two")
    for collection in (docs, other):
        store(db, collection.id, [NewRow("x", vector(1, 2), b"h")])

    assert make_collection(db, "docs", "another") == docs == CollectionRow(1, "docs", "one")
    assert list_collections(db) == [("a", "two", 1), ("docs", "one", 1)]
    delete_collection(db, docs.id)

    assert find_collection(db, "docs") is None
    assert (count(db, docs.id), count(db, other.id)) == (0, 1)
    assert (dimensions(db, docs.id), dimensions(db, other.id)) == (None, 2)


def test_item_takes_the_place_of_what_had_its_id_and_can_be_supplemented(db: sqlite3.Connection) -> None:
    docs = make_collection(db, "docs", "m")
    store(db, docs.id, [NewRow("a", vector(1), b"1", "text"), NewRow("b", vector(2), b"2", b"\x00\xff")])

    store(db, docs.id, [NewRow("a", vector(3), b"3")])
    supplement(db, docs.id, [("a", "new", None), ("b", None, "{}")])

    rows = db.execute("select id, embedding, content, content_blob, metadata from embeddings order by id").fetchall()
    assert rows == [("a", vector(3), "new", None, None), ("b", vector(2), None, b"\x00\xff", "{}")]


def test_batch_is_stored_whole_or_not_at_all(db: sqlite3.Connection) -> None:
    docs = make_collection(db, "docs", "m")

    with pytest.raises(sqlite3.Error):
        store(db, docs.id, [NewRow("a", vector(1), b"1"), NewRow("b", vector(1), b"1", metadata={"no": "text"})])  # type: ignore[arg-type]

    assert count(db, docs.id) == 0


def test_many_ids_are_asked_for_in_parts(db: sqlite3.Connection) -> None:
    docs = make_collection(db, "docs", "m")
    ids = [f"id {number}" for number in range(1701)]
    store(db, docs.id, [NewRow(id_, vector(1), content_hash(id_)) for id_ in ids])

    found = stored(db, docs.id, [*ids, "another"])

    assert found == {id_: Stored(hashlib.md5(id_.encode()).digest(), False, None) for id_ in ids}


def test_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    db = opened(tmp_path / "home" / "embeddings.db")
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "home").iterdir()}
    db.close()

    assert modes == dict.fromkeys(("embeddings.db", "embeddings.db-wal", "embeddings.db-shm"), 384)
    assert [file.name for file in (tmp_path / "home").iterdir()] == ["embeddings.db"]


def test_file_of_another_program_keeps_its_journal(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "theirs.db").execute("create table mine (x)").connection.close()

    db = opened(tmp_path / "theirs.db")

    assert db.execute("pragma journal_mode").fetchone() == ("delete",)
    assert path_of(db) == str(tmp_path / "theirs.db")
    db.close()


def test_what_is_no_database_is_a_plain_error(tmp_path: Path) -> None:
    path = tmp_path / "embeddings.db"
    path.write_text("this is text, and long enough to be read as the header of a database file" * 20, "utf-8")

    with pytest.raises(StorageError) as failed:
        connect(str(path))

    assert "not a database" in str(failed.value)
    assert path.read_text("utf-8").startswith("this is text")


def test_many_programs_may_make_it_and_fill_it_at_once(tmp_path: Path) -> None:
    start = threading.Barrier(6)
    failures: list[BaseException] = []

    def write(number: int) -> None:
        try:
            start.wait(10)
            db = opened(tmp_path / "embeddings.db")
            docs = make_collection(db, "docs", "m")
            for batch in range(10):
                store(db, docs.id, [NewRow(f"{number} {batch} {item}", vector(1), b"h") for item in range(5)])
            db.close()
        except BaseException as error:  # noqa: BLE001  # shown by the test
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    db = opened(tmp_path / "embeddings.db")
    assert list_collections(db) == [("docs", "m", 300)]
    assert db.execute("pragma integrity_check").fetchone()[0] == "ok"
    db.close()
