"""Whatever a model calls a matrix becomes one block of float32, or one clear error."""

from __future__ import annotations

import struct
from array import array
from typing import Any

import pytest
from innkeeper_protocol.errors import CallFailed, ErrorCode
from innkeeper_sdk.adapters.embeddings import Block


def block_of(rows: Any) -> tuple[int, int | None, bytes]:
    block = Block("m")
    block.append(rows)
    return block.count, block.dimensions, block.content


@pytest.mark.parametrize(
    "rows",
    [
        [[1.0, 2.5], [3, -4]],
        [(1.0, 2.5), (3, -4)],
        [array("d", [1.0, 2.5]), array("f", [3, -4])],
        (list(row) for row in ((1.0, 2.5), (3, -4))),
        [(number for number in row) for row in ((1.0, 2.5), (3, -4))],
    ],
    ids=["lists", "tuples", "arrays", "generator of lists", "list of generators"],
)
def test_rows_of_any_kind_become_float32(rows: Any) -> None:
    assert block_of(rows) == (2, 2, struct.pack("<4f", 1.0, 2.5, 3.0, -4.0))


class Matrix:
    """As much of a numpy array as the SDK relies on; the real one is used in the environment tests."""

    def __init__(self, rows: list[list[float]]) -> None:
        self.rows = rows
        self.ndim = 2
        self.shape = (len(rows), len(rows[0]))

    def astype(self, kind: str, copy: bool) -> Matrix:
        assert (kind, copy) == ("<f4", False)
        return self

    def tobytes(self) -> bytes:
        return b"".join(struct.pack(f"<{len(row)}f", *row) for row in self.rows)


def test_whole_matrix_is_copied_at_once() -> None:
    assert block_of(Matrix([[1.0, 2.0, 3.0]])) == (1, 3, struct.pack("<3f", 1, 2, 3))


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([[1.0, 2.0], [1.0]], "returned 1 numbers for item 1, 2 for those before it"),
        ([["one", "two"]], "returned a vector that is not a row of float32 numbers"),
        ([1.0, 2.0], "returned a vector that is not a row of float32 numbers"),
        ([[1e300]], "returned a vector that is not a row of float32 numbers"),
        (None, "returned NoneType, not vectors"),
    ],
    ids=["ragged", "texts", "flat", "too large", "nothing"],
)
def test_what_is_no_matrix_is_one_clear_error(rows: Any, says: str) -> None:
    with pytest.raises(CallFailed) as caught:
        block_of(rows)
    assert caught.value.code == ErrorCode.PLUGIN_EXCEPTION
    assert caught.value.message.startswith(f"embedding model 'm' {says}")
