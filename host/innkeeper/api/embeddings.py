"""Finding embedding models by name, for programs, and their async twins. See `api.models` on the host they share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from itertools import islice

from innkeeper.remote.catalogue import all_models
from innkeeper.remote.embeddings import EmbeddingModel, find_embedding_model
from innkeeper.remote.vectors import Vectors

from .models import shared_host


def get_embedding_model(name: str | None = None) -> EmbeddingModel:
    """Return the embedding model with that id or alias; without a name, the default one. Nothing is started yet.

    Raises UnknownModel, with the nearest names.
    """
    return find_embedding_model(shared_host(), name)


def get_async_embedding_model(name: str | None = None) -> AsyncEmbeddingModel:
    """Return the embedding model with that id or alias, for code on an event loop. Raises UnknownModel."""
    return AsyncEmbeddingModel(get_embedding_model(name))


def get_embedding_models() -> list[EmbeddingModel]:
    """Return every embedding model that an installed plugin registers. Starts nothing."""
    host = shared_host()
    return [EmbeddingModel(host, found) for found in all_models(host.index, "embedding_models")]


class AsyncEmbeddingModel:
    """An embedding model whose methods are awaited. A task that is cancelled gives up on its batch."""

    def __init__(self, model: EmbeddingModel) -> None:
        self.model = model
        self.model_id = model.model_id
        self.plugin = model.plugin

    async def embed(self, item: str | bytes, *, key: str | None = None) -> list[float]:
        """Return the vector of one text, or of one piece of binary data."""
        vector: list[float] = (await self.embed_batch([item], key=key))[0]
        return vector

    async def embed_batch(self, items: Sequence[str | bytes], *, key: str | None = None) -> Vectors:
        """Return the vectors of *items*, in their order, as one block. Raises as `EmbeddingModel.embed_batch`."""
        call = self.model.call(items, key=key)
        waiting = asyncio.ensure_future(asyncio.to_thread(call.result))
        try:
            return await asyncio.shield(waiting)
        except asyncio.CancelledError:
            call.cancel()
            await asyncio.wait([waiting])
            if not waiting.cancelled():
                waiting.exception()
            raise

    async def embed_multi(
        self, items: Iterable[str | bytes], batch_size: int | None = None, *, key: str | None = None
    ) -> AsyncIterator[list[float]]:
        """Yield the vector of each of *items*, embedding a batch at a time."""
        iterator, size = iter(items), self.model.batch_items(batch_size)
        while batch := list(islice(iterator, size)):
            for vector in await self.embed_batch(batch, key=key):
                yield vector

    def __str__(self) -> str:
        return str(self.model)

    def __repr__(self) -> str:
        return f"<AsyncEmbeddingModel {self.model_id!r} of plugin {self.plugin!r}>"
