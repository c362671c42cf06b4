"""Search in a collection: the nearest of all, exactly, whatever else the table holds and however it is read."""

from __future__ import annotations

import math
import random
import sqlite3
import struct
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from innkeeper.storage.embeddings import NewRow, make_collection, store
from innkeeper.storage.embeddings_cosine import Distances, cosine, numbers, stored_form
from innkeeper.storage.embeddings_database import bring_up_to_date, connect, connect_in_memory
from innkeeper.storage.embeddings_scan import BLOCK_BYTES, Wanted, joins_bytes, parts
from innkeeper.storage.embeddings_similar import WORTH_THREADS_BYTES, Search, Similar


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    with closing(connect_in_memory()) as db:
        bring_up_to_date(db)
        make_collection(db, "docs", "m")
        yield db


def put(db: sqlite3.Connection, vectors: Iterable[tuple[str, bytes]], collection: int = 1) -> None:
    store(db, collection, [NewRow(id_, vector, b"") for id_, vector in vectors])


def vector(*values: float) -> bytes:
    return stored_form(values)


def random_vectors(count: int, dimensions: int, seed: int = 1) -> list[bytes]:
    matrix = np.random.default_rng(seed).normal(size=(count, dimensions)).astype("<f4")
    return [row.tobytes() for row in matrix]


def by_hand(vectors: dict[str, bytes], target: bytes, number: int) -> list[tuple[str, float]]:
    scores = {id_: cosine(numbers(vector), numbers(target)) for id_, vector in vectors.items()}
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:number]


def nearest(db: sqlite3.Connection, collection: int, target: bytes, number: int, **how: str) -> list[Similar]:
    with Search(db) as search:
        return search.nearest(collection, target, number, **how)


def found(db: sqlite3.Connection, target: bytes, number: int = 10, **how: str) -> list[tuple[str, float]]:
    return [(similar.id, similar.score) for similar in nearest(db, 1, target, number, **how)]


def ids(db: sqlite3.Connection, target: bytes, number: int = 10, **how: str) -> list[str]:
    return [id_ for id_, _ in found(db, target, number, **how)]


@pytest.mark.parametrize("count", [1, 7, 5000])
def test_nearest_are_those_of_a_search_by_hand(db: sqlite3.Connection, count: int) -> None:
    vectors = {f"doc-{number}": vector for number, vector in enumerate(random_vectors(count, 48))}
    put(db, vectors.items())
    target = random_vectors(1, 48, seed=2)[0]

    assert found(db, target, 25) == by_hand(vectors, target, 25)
    assert found(db, target, -1) == by_hand(vectors, target, count)
    assert found(db, target, 0) == []


def test_large_file_is_read_on_threads_to_the_same_end(tmp_path: Path) -> None:
    vectors = {str(number): vector for number, vector in enumerate(random_vectors(9000, 256))}
    assert len(vectors) * 1024 > WORTH_THREADS_BYTES
    with closing(connect(str(tmp_path / "embeddings.db"))) as db:
        bring_up_to_date(db)
        make_collection(db, "docs", "m")
        put(db, vectors.items())
        target = vectors["77"]

        expected = by_hand(vectors, target, 10)
        assert found(db, target) == expected
        assert found(db, target, skip_id="77") == by_hand(vectors, target, 11)[1:]
        db.execute("begin")
        db.execute("delete from embeddings where id = ?", [expected[1][0]])
        assert found(db, target, 3) == [expected[0], *expected[2:4]], "what is not committed counts, too"
        db.execute("rollback")


def test_folder_that_is_read_only_is_searched_all_the_same(tmp_path: Path) -> None:
    """Root may write anywhere, so SQLite is told by the address that it may not."""
    vectors = {str(number): vector for number, vector in enumerate(random_vectors(9000, 256))}
    path = tmp_path / "embeddings.db"
    with closing(connect(str(path))) as db:
        bring_up_to_date(db)
        make_collection(db, "docs", "m")
        put(db, vectors.items())

    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as db:
        assert found(db, vectors["5"]) == by_hand(vectors, vectors["5"], 10)


def test_rows_of_other_collections_are_not_found_however_they_lie(db: sqlite3.Connection) -> None:
    other = make_collection(db, "other", "m")
    target = vector(1, 1)
    put(db, [("near", target)], other.id)
    for number in range(200):
        put(db, [(f"o{number}", vector(1, number))], other.id)
        if number % 20 == 0:
            put(db, [(f"d{number}", vector(1, number))])

    assert parts(db, Wanted(1, 8), 10) == [], "few rows of the table are found by the index"
    assert ids(db, target, 2) == ["d20", "d40"]
    assert parts(db, Wanted(other.id, 8), 201) != []
    assert [similar.id for similar in nearest(db, other.id, target, 3)] == ["near", "o1", "o2"]


def test_gaps_between_rows_change_nothing(db: sqlite3.Connection) -> None:
    vectors = {str(number): vector for number, vector in enumerate(random_vectors(3000, 256))}
    put(db, vectors.items())
    for id_ in [id_ for id_ in vectors if int(id_) % 3]:
        db.execute("delete from embeddings where id = ?", [id_])
        del vectors[id_]

    target = vectors["300"]

    assert len(parts(db, Wanted(1, 1024), 1000)) > 1
    assert found(db, target) == by_hand(vectors, target, 10)


def test_prefix_is_taken_literally_and_an_id_can_be_skipped(db: sqlite3.Connection) -> None:
    put(db, [(id_, vector(1, number)) for number, id_ in enumerate(["a_1", "a_2", "ab1", "A_3", "ä_4", "%"])])

    assert ids(db, vector(1, 0), prefix="a_") == ["a_1", "a_2"]
    assert ids(db, vector(1, 0), prefix="ä") == ["ä_4"]
    assert ids(db, vector(1, 0), prefix="%") == ["%"]
    assert ids(db, vector(1, 0), 2, skip_id="a_1") == ["a_2", "ab1"]


def test_of_equal_scores_the_first_id_is_first(db: sqlite3.Connection) -> None:
    put(db, [(id_, vector(2, 1)) for id_ in ("c", "a", "d", "b")])
    put(db, [("best", vector(1, 1))])

    assert ids(db, vector(1, 1), 3) == ["best", "a", "b"]


def test_vectors_of_another_length_are_left_out(db: sqlite3.Connection) -> None:
    put(db, [("two", vector(1, 2)), ("three", vector(1, 2, 3)), ("none", b""), ("cut", b"\x00" * 7)])
    db.execute(
        "insert into embeddings (collection_id, id, embedding) values (1, 'text', 'abcdefgh'), (1, 'null', null)"
    )

    assert ids(db, vector(1, 2)) == ["two"]
    assert ids(db, vector(1, 2, 3)) == ["three"]


def test_vector_of_zeros_is_like_nothing_and_one_with_nan_is_left_out(db: sqlite3.Connection) -> None:
    values = {"opposite": (-1, 0), "zeros": (0, 0), "nan": (math.nan, 1), "same": (3, 0), "infinite": (math.inf, 1)}
    put(db, [(id_, vector(*value)) for id_, value in values.items()])

    assert found(db, vector(1, 0)) == [("same", 1.0), ("zeros", 0.0), ("opposite", -1.0)]
    assert {score for _, score in found(db, vector(0, 0))} == {0.0}


@pytest.mark.parametrize("scale", [1e-25, 1e-18, 1e18, 1e25])
def test_very_long_and_very_short_vectors_have_their_direction(db: sqlite3.Connection, scale: float) -> None:
    """Their squares are beyond float32, for which a look of single precision is wrong without a word."""
    put(db, [(f"huge-{number}", vector(scale, number * scale)) for number in range(40)])
    put(db, [(f"usual-{number}", vector(1, number + 0.5)) for number in range(40)])

    for target in (vector(1, 0), vector(scale, 0)):
        assert ids(db, target, 4) == ["huge-0", "usual-0", "huge-1", "usual-1"]


def test_bytes_of_every_kind_survive_the_joining(db: sqlite3.Connection) -> None:
    """Zeros, and what is no UTF-8: rows are joined by a function for text."""
    generator = random.Random(3)
    vectors = {
        str(n): struct.pack("<4f", *(generator.choice([0.0, 1.0, -1e-30, 3.5, 7.1e9]) for _ in range(4)))
        for n in range(600)
    }
    put(db, vectors.items())
    target = vector(1, 2, 0, 4)

    assert joins_bytes(db)
    assert [score for _, score in found(db, target, 20)] == [score for _, score in by_hand(vectors, target, 20)]


def test_database_in_another_encoding_is_read_row_by_row() -> None:
    with closing(connect_in_memory()) as db:
        db.execute("pragma encoding = 'UTF-16le'")
        bring_up_to_date(db)
        make_collection(db, "docs", "m")
        vectors = {str(number): vector for number, vector in enumerate(random_vectors(300, 8))}
        put(db, vectors.items())

        assert not joins_bytes(db)
        assert found(db, vectors["9"]) == by_hand(vectors, vectors["9"], 10)


def test_vector_larger_than_a_block_is_found(db: sqlite3.Connection) -> None:
    size = BLOCK_BYTES // 4 + 1
    put(db, [(str(number), random_vectors(1, size, seed=number)[0]) for number in range(3)])

    assert ids(db, random_vectors(1, size, seed=2)[0], 1) == ["2"]


def test_content_and_metadata_come_along(db: sqlite3.Connection) -> None:
    store(db, 1, [NewRow("a", vector(1, 0), b"", "text", '{"n": 1}'), NewRow("b", vector(1, 1), b"", b"bytes")])

    first, second = nearest(db, 1, vector(1, 0), 2)

    assert (first.id, first.content, first.metadata) == ("a", "text", '{"n": 1}')
    assert (second.id, second.content, second.metadata) == ("b", None, None)


def test_quick_distances_are_the_exact_ones_within_single_precision() -> None:
    rows, target = random_vectors(500, 384), random_vectors(1, 384, seed=5)[0]

    quick, exact = Distances(target), Distances(target, exactly=True)

    assert exact.is_exact
    assert quick.of(b"".join(rows)) == pytest.approx(exact.of(b"".join(rows)), abs=1e-6)
    assert exact.of(b"".join(rows)) == [1.0 - cosine(numbers(row), numbers(target)) for row in rows]
    assert quick.of(b"") == exact.of(b"") == []
