"""The vectors of a batch: one block of float32, as it came, looked at without being taken apart."""

from __future__ import annotations

import math
import struct
import sys
from array import array
from collections.abc import Iterator, Sequence
from typing import Any

from innkeeper_protocol.payloads.embeddings import EmbedResult

BYTES = 4
"""Of one number."""


class UnfitVectors(Exception):
    """What a model gave cannot be the vectors of what it was given. The text says why, after the model's name."""


class Vectors:
    """*count* vectors of *dimensions* numbers. *block* has them row by row, little-endian float32.

    Indexed and iterated it gives lists of floats. ``numpy.asarray(vectors)`` is a matrix that looks into the block, so
    that nothing is copied.
    """

    __slots__ = ("block", "count", "dimensions")

    def __init__(self, block: bytes, count: int, dimensions: int) -> None:
        self.block = block
        self.count = count
        self.dimensions = dimensions

    def stored(self) -> Iterator[memoryview]:
        """Yield each vector as it is stored. What is yielded looks into the block."""
        size = BYTES * self.dimensions
        view = memoryview(self.block)
        return (view[start : start + size] for start in range(0, self.count * size, size))

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, position: Any) -> Any:
        if isinstance(position, slice):
            return [self[index] for index in range(*position.indices(self.count))]
        index = range(self.count)[position]
        return list(struct.unpack_from(f"<{self.dimensions}f", self.block, BYTES * self.dimensions * index))

    def __iter__(self) -> Iterator[list[float]]:
        if self.dimensions:
            yield from map(list, struct.iter_unpack(f"<{self.dimensions}f", self.block))

    @property
    def __array_interface__(self) -> dict[str, Any]:
        return {"version": 3, "typestr": "<f4", "shape": (self.count, self.dimensions), "data": self.block}

    def __repr__(self) -> str:
        return f"<Vectors: {self.count} of {self.dimensions} numbers>"


def checked(result: EmbedResult, items: int) -> Vectors:
    """Return the vectors of *result*, which a plugin gave for so many *items*. Raises UnfitVectors.

    That the block is as long as its shape says, the protocol has checked.
    """
    count, dimensions, block = result.count, result.dimensions, result.vectors
    if count != items:
        raise UnfitVectors(f"gave {count:,} vectors for {items:,} items")
    if count and not dimensions:
        raise UnfitVectors("gave vectors without numbers")
    if (item := _not_finite(block, dimensions)) is not None:
        raise UnfitVectors(f"gave a vector that holds NaN or infinity, for item {item + 1:,} of {items:,}")
    return Vectors(block, count, dimensions)


def joined(parts: Sequence[Vectors]) -> Vectors:
    """Return the vectors of several answers as one. Raises UnfitVectors where they are not of one length."""
    if len(parts) == 1:
        return parts[0]
    lengths = {part.dimensions for part in parts if part.count}
    if len(lengths) > 1:
        raise UnfitVectors(f"gave vectors of {' and of '.join(map(str, sorted(lengths)))} numbers")
    count = sum(part.count for part in parts)
    return Vectors(b"".join([part.block for part in parts]), count, lengths.pop() if lengths else 0)


def _not_finite(block: bytes, dimensions: int) -> int | None:
    """Return the number of the first vector that holds a number which is none.

    Such a number has all bits of its exponent set, so its last byte is one of two, as are those of numbers beyond
    1.7e38. No model gives those, so looking for these bytes is nearly always all, and takes a tenth of a look at each.
    """
    last_bytes = block[3::BYTES]
    if b"\x7f" not in last_bytes and b"\xff" not in last_bytes:
        return None
    numbers = array("f", block)
    if sys.byteorder == "big":
        numbers.byteswap()
    bad = next((place for place, number in enumerate(numbers) if not math.isfinite(number)), None)
    return None if bad is None else bad // dimensions
