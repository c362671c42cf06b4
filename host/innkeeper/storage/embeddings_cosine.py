"""How alike two vectors are: the cosine of the angle between them.

Two ways to it. `cosine` is exact, in double precision and in the order of `llm`, so that the scores shown are those
that its users know. `Distances` is for looking through many: with simsimd, a library of C kernels for vectors, it takes
40 ns a vector of 256 numbers, and is off by 1e-7 at most, so it finds what is worth an exact look. Python alone, on a
machine for which there is no simsimd, takes 15,000 ns.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Sequence
from operator import mul
from typing import Any, cast

SAFE_LENGTHS = (1e-15, 1e15)
"""Lengths of a vector whose squares float32 can hold with room to spare. Any model's lie between 0.01 and 1,000."""


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the cosine of the angle between two vectors of one length; 0 where either has no direction."""
    lengths = length(one) * length(other)
    return float(sum(map(mul, one, other)) / lengths) if lengths else 0.0


def length(vector: Sequence[float]) -> float:
    """Return the length of a vector."""
    return float(sum(map(mul, vector, vector)) ** 0.5)


def numbers(vector: bytes) -> tuple[float, ...]:
    """Return the numbers of a stored vector."""
    return struct.unpack(f"<{len(vector) // 4}f", vector)


def stored_form(vector: Sequence[float]) -> bytes:
    """Return *vector* as it is stored: little-endian float32, one after the other."""
    return struct.pack(f"<{len(vector)}f", *vector)


class Distances:
    """How far the vectors of a block are from *vector*: 1 less the cosine. *is_exact* says whether that is exact."""

    def __init__(self, vector: bytes, *, exactly: bool = False) -> None:
        self._size = len(vector)
        self._numbers = numbers(vector)
        self._simsimd = None if exactly or not _is_safe(self._numbers) else _simsimd()
        self._row = _matrix(vector, 1) if self._simsimd else None
        self.is_exact = self._simsimd is None

    def of(self, block: bytes) -> list[float]:
        """Return the distance of each vector of *block*, in which they stand one after the other."""
        count = len(block) // self._size
        if not count:
            return []
        if self._simsimd is None:
            return [1.0 - cosine(row, self._numbers) for row in struct.iter_unpack(f"<{len(self._numbers)}f", block)]
        found = memoryview(self._simsimd.cdist(_matrix(block, count), self._row, "cosine"))
        return cast("list[float]", found.cast("B").cast("d").tolist())


def _is_safe(vector: Sequence[float]) -> bool:
    least, most = SAFE_LENGTHS
    return least < length(vector) < most


def _simsimd() -> Any:
    if sys.byteorder != "little":
        return None
    try:
        import simsimd
    except ImportError:
        return None
    return simsimd


def _matrix(block: bytes, rows: int) -> memoryview[float]:
    view = memoryview(block).cast("B")
    return view.cast("f", (rows, len(block) // 4 // rows))
