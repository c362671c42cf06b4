"""What a plugin gives for a batch is checked before anybody uses it, and then looked at without being copied."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest
from innkeeper.remote.vectors import UnfitVectors, Vectors, checked, joined
from innkeeper_protocol.payloads.embeddings import EmbedResult


def result(*rows: tuple[float, ...]) -> EmbedResult:
    numbers = [number for row in rows for number in row]
    return EmbedResult(
        count=len(rows), dimensions=len(rows[0]) if rows else 0, vectors=struct.pack(f"<{len(numbers)}f", *numbers)
    )


def test_vectors_are_a_sequence_of_lists() -> None:
    vectors = checked(result((1, 2), (3, 4), (5, -0.5)), 3)

    assert list(vectors) == [[1, 2], [3, 4], [5, -0.5]]
    assert (vectors[0], vectors[-1], vectors[1:]) == ([1, 2], [5, -0.5], [[3, 4], [5, -0.5]])
    assert len(vectors) == 3
    with pytest.raises(IndexError):
        vectors[3]


def test_numpy_looks_into_the_block() -> None:
    vectors = checked(result((1, 2, 3), (4, 5, 6)), 2)

    matrix = np.asarray(vectors)

    assert (matrix.dtype, matrix.shape, matrix.tolist()) == (np.float32, (2, 3), [[1, 2, 3], [4, 5, 6]])
    assert not matrix.flags.owndata
    assert not matrix.flags.writeable


def test_each_vector_is_stored_as_it_came() -> None:
    vectors = checked(result((1, 2), (3, 4)), 2)

    assert [bytes(vector) for vector in vectors.stored()] == [struct.pack("<2f", 1, 2), struct.pack("<2f", 3, 4)]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (EmbedResult(count=1, dimensions=1, vectors=bytes(4)), "gave 1 vectors for 2 items"),
        (EmbedResult(count=3, dimensions=1, vectors=bytes(12)), "gave 3 vectors for 2 items"),
        (EmbedResult(count=2, dimensions=0, vectors=b""), "gave vectors without numbers"),
        (result((1, 2), (math.nan, 1)), "NaN or infinity, for item 2 of 2"),
        (result((1, -math.inf), (1, 1)), "NaN or infinity, for item 1 of 2"),
    ],
    ids=["too few", "too many", "none", "nan", "infinity"],
)
def test_what_cannot_be_the_vectors_is_refused(given: EmbedResult, says: str) -> None:
    with pytest.raises(UnfitVectors, match=says):
        checked(given, 2)


def test_largest_numbers_of_float32_are_numbers() -> None:
    """They share a byte with infinity, so they get a second look."""
    largest = struct.unpack("<f", b"\xff\xff\x7f\x7f")[0]

    assert list(checked(result((largest, -largest)), 1)) == [[largest, -largest]]


def test_answers_are_joined_unless_their_lengths_differ() -> None:
    one, two = Vectors(struct.pack("<2f", 1, 2), 1, 2), Vectors(struct.pack("<4f", 3, 4, 5, 6), 2, 2)

    assert list(joined([one, two])) == [[1, 2], [3, 4], [5, 6]]
    with pytest.raises(UnfitVectors, match="gave vectors of 2 and of 3 numbers"):
        joined([one, Vectors(bytes(12), 1, 3)])
