"""Embedding models, and the vectors they give.

class Counter(llm.EmbeddingModel):
    model_id = "counter"

    def embed_batch(self, texts):
        return ([text.count(letter) for letter in "etaoin"] for text in texts)
"""

from __future__ import annotations

import inspect
import struct
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from .keys import HasKey
from .values import Value, value


class EmbeddingModel(ABC, HasKey):
    """What authors of embedding models subclass. *batch_size* is how many items ``embed_batch`` is given at most."""

    model_id: str
    supports_text: bool = True
    supports_binary: bool = False
    batch_size: int | None = None

    @abstractmethod
    def embed_batch(self, items: Iterable[str | bytes], *, key: str | None = None) -> Iterable[list[float]]:
        """Return a vector for each item, in their order. Models without a key may leave *key* out."""

    def embed(self, item: str | bytes, *, key: str | None = None) -> list[float]:
        """Return the vector of one text, or of one piece of binary data."""
        self._check(item)
        vector = next(iter([*self._batch([item], key)]), None)
        if vector is None:
            raise ValueError(f"{self} gave no vector for the item")
        return vector

    def embed_multi(
        self, items: Iterable[str | bytes], batch_size: int | None = None, *, key: str | None = None
    ) -> Iterator[list[float]]:
        """Yield the vector of each item, asking for them in batches of *batch_size*, or of the model's own."""
        checked = self._checked(items)
        size = batch_size if batch_size is not None else self.batch_size
        if size is None:
            yield from self._batch(checked, key)
            return
        while batch := list(islice(checked, size)):
            yield from self._batch(batch, key)

    def _check(self, item: str | bytes) -> None:
        if isinstance(item, bytes) and not self.supports_binary:
            raise ValueError("This model does not support binary data, only text strings")
        if isinstance(item, str) and not self.supports_text:
            raise ValueError("This model does not support text strings, only binary data")

    def _checked(self, items: Iterable[str | bytes]) -> Iterator[str | bytes]:
        for item in items:
            self._check(item)
            yield item

    def _batch(self, items: Iterable[str | bytes], given_key: str | None) -> Iterable[list[float]]:
        rows: Iterable[list[float]] = self._call(items, self.get_key(given_key))
        return rows

    def _call(self, items: Iterable[str | bytes], key: str | None) -> Any:
        """Call ``embed_batch`` with *key* and return what it returns.

        Plugins older than the *key* parameter find it in ``self.key`` while their method runs, a generator included.
        """
        try:
            inspect.signature(self.embed_batch).bind(items, key=key)
        except (TypeError, ValueError):
            before, self.key = self.key, key
            try:
                returned = self.embed_batch(items)
                return list(returned) if inspect.isgenerator(returned) else returned
            finally:
                self.key = before
        return self.embed_batch(items, key=key)

    def __str__(self) -> str:
        return f"{type(self).__name__}: {self.model_id}"

    def __repr__(self) -> str:
        return f"<{self}>"


@value
class EmbeddingModelWithAliases(Value):
    """An embedding model and its other names."""

    model: Any
    aliases: list[str]

    def matches(self, query: str) -> bool:
        """Tell whether *query* stands in one of its names, in any case."""
        return any(query.lower() in name.lower() for name in [*self.aliases, str(self.model)])


def encode(values: Sequence[float]) -> bytes:
    """Return a vector as it is stored: little-endian float32, one after the other."""
    return struct.pack(f"<{len(values)}f", *values)


def decode(binary: bytes) -> tuple[float, ...]:
    """Return the vector that ``encode`` wrote."""
    return struct.unpack(f"<{len(binary) // 4}f", binary)


def cosine_similarity(a: Sequence[float], b: Sequence[float]) -> float:
    """Return how alike two vectors point: 1 for the same direction, 0 for nothing in common, -1 for opposite."""
    product = sum(x * y for x, y in zip(a, b, strict=False))
    lengths = sum(x * x for x in a) ** 0.5 * sum(y * y for y in b) ** 0.5
    return float(product / lengths)
