"""Embedding while more is being read: the plugin works on one batch, the next waits for it, the host makes another.

One call is open at a time: a model need not be fit for two. What runs ahead is bounded, so memory is flat in the number
of batches.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, NamedTuple, TypeVar

from .embeddings import EmbedCall, EmbeddingModel
from .vectors import Vectors

T = TypeVar("T")

BATCHES_AHEAD = 2
"""One that the plugin works on, and one that it finds when it is done, so that it never waits for the host."""


class _UnderWay(NamedTuple, Generic[T]):
    about: T
    call: EmbedCall
    vectors: Future[Vectors]


class EmbeddingAhead(Generic[T]):
    """Batches on their way through *model*, in order. One thread begins and takes them.

    With each batch goes a value of the caller's, which comes back with its vectors. Leaving the ``with`` block gives up
    what is under way.
    """

    def __init__(self, model: EmbeddingModel, *, key: str | None = None) -> None:
        self._model = model
        self._key = key
        self._under_way: deque[_UnderWay[T]] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="innkeeper-embed")

    @property
    def is_under_way(self) -> bool:
        """Whether there is a batch to take."""
        return bool(self._under_way)

    @property
    def is_full(self) -> bool:
        """Whether one should be taken before another is begun."""
        return len(self._under_way) >= BATCHES_AHEAD

    def batches(self) -> list[T]:
        """Return what goes with each batch that is not dropped yet."""
        return [batch.about for batch in self._under_way]

    def begin(self, about: T, items: Sequence[str | bytes]) -> None:
        """Have *items* embedded after what was begun before. Does not wait."""
        call = self._model.call(items, key=self._key)
        self._under_way.append(_UnderWay(about, call, self._thread.submit(call.result)))

    def first(self) -> tuple[T, Vectors]:
        """Wait for the batch that was begun first, and return it; it stays until it is dropped.

        Raises what its call raised; see `EmbeddingModel.embed_batch`.
        """
        first = self._under_way[0]
        return first.about, first.vectors.result()

    def drop(self) -> None:
        """Forget the first batch."""
        self._under_way.popleft()

    def take(self) -> tuple[T, Vectors]:
        """Return the first batch, as `first` does, and forget it."""
        taken = self.first()
        self.drop()
        return taken

    def finished(self) -> list[tuple[T, Vectors]]:
        """Return the batches, not dropped yet, that are embedded by now. Does not wait."""
        done = []
        for batch in self._under_way:
            if not batch.vectors.done() or batch.vectors.exception() is not None:
                break
            done.append((batch.about, batch.vectors.result()))
        return done

    def __enter__(self) -> EmbeddingAhead[T]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for batch in self._under_way:
            batch.vectors.cancel()
            batch.call.cancel()
        self._thread.shutdown(wait=True)  # a call that is cancelled ends within seconds, or the plugin is ended
