"""Embedding models: a batch of items in, one block of little-endian float32 out."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

from innkeeper_protocol.errors import CallFailed, ErrorCode
from innkeeper_protocol.payloads.embeddings import EmbeddingModelInfo, EmbedParams, EmbedResult

from innkeeper_sdk.api.keys import note_key, resolved_key
from innkeeper_sdk.api_in_use import is_real
from innkeeper_sdk.registry import RegisteredEmbeddingModel, Registry


def info(registered: RegisteredEmbeddingModel) -> EmbeddingModelInfo:
    """Describe one embedding model."""
    model = registered.model
    return EmbeddingModelInfo(
        model_id=registered.model_id,
        label=str(model),
        aliases=registered.aliases,
        needs_key=model.needs_key,
        key_env_var=model.key_env_var,
        supports_text=bool(model.supports_text),
        supports_binary=bool(model.supports_binary),
        batch_size=model.batch_size,
    )


def embed(registry: Registry, params: EmbedParams) -> EmbedResult:
    """Embed the items, in batches of the model's own size.

    Raises CallFailed for items that the model does not take, and where it returned anything but one vector an item,
    all of one length.
    """
    registered = registry.find_embedding_model(params.model_id)
    if registered is None:
        raise registry.missing(f"no embedding model '{params.model_id}'")
    model, items = registered.model, params.items
    check_items(model, items)
    key = note_key(params.key) if is_real() else resolved_key(model, params.key)
    batch_size = model.batch_size or len(items) or 1
    block = Block(str(model.model_id))
    for start in range(0, len(items), batch_size):
        batch = list(items[start : start + batch_size])
        before = block.count
        block.append(_call(model, batch, key))
        if block.count - before != len(batch):
            block.refuse(f"returned {block.count - before} vectors for {len(batch)} items")
    return EmbedResult(count=block.count, dimensions=block.dimensions or 0, vectors=block.content)


def _call(model: Any, batch: list[str | bytes], key: str | None) -> Any:
    """Have *model* embed a batch, whichever way its class has for passing a key."""
    if hasattr(model, "_call"):
        return model._call(batch, key)
    if hasattr(model, "_embed_batch"):  # of the real llm
        return model._embed_batch(batch, key=key)
    if key:
        model.key = key
    return model.embed_batch(batch)


def check_items(model: Any, items: Iterable[str | bytes]) -> None:
    """Raise CallFailed, in the words users of ``llm`` know, for a kind of item that *model* does not take."""
    kinds = {type(item) for item in items}
    if bytes in kinds and not model.supports_binary:
        raise CallFailed(ErrorCode.UNSUPPORTED, "This model does not support binary data, only text strings")
    if str in kinds and not model.supports_text:
        raise CallFailed(ErrorCode.UNSUPPORTED, "This model does not support text strings, only binary data")


class Block:
    """Rows of float32, one after the other, as they travel."""

    def __init__(self, model_id: str) -> None:
        self.count = 0
        self.dimensions: int | None = None
        self._model_id = model_id
        self._packed = struct.Struct("")
        self._pieces: list[bytes] = []

    @property
    def content(self) -> bytes:
        """The whole block. One matrix is passed on as it came."""
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)

    def append(self, rows: Any) -> None:
        """Append what ``embed_batch`` gave: a matrix of numpy's, or any iterable of rows."""
        if getattr(rows, "ndim", None) == 2 and hasattr(rows, "astype"):
            count, dimensions = rows.shape
            if count:
                self._expect(dimensions)
                self._pieces.append(rows.astype("<f4", copy=False).tobytes())
                self.count += count
            return
        try:
            iterator = iter(rows)
        except TypeError:
            self.refuse(f"returned {type(rows).__name__}, not vectors")
        for row in iterator:
            self._append_row(row)

    def refuse(self, what: str) -> None:
        """Raise the CallFailed that says what is wrong with the model's answer."""
        raise CallFailed(ErrorCode.PLUGIN_EXCEPTION, f"embedding model '{self._model_id}' {what}")

    def _append_row(self, row: Any) -> None:
        if getattr(row, "ndim", None) == 1 and hasattr(row, "astype"):
            self._expect(len(row))
            self._pieces.append(row.astype("<f4", copy=False).tobytes())
        else:
            try:
                numbers = row if type(row) is list else row.tolist() if hasattr(row, "tolist") else tuple(row)
                self._expect(len(numbers))
                self._pieces.append(self._packed.pack(*numbers))
            except (TypeError, struct.error, OverflowError) as error:
                self.refuse(f"returned a vector that is not a row of float32 numbers: {error}")
        self.count += 1

    def _expect(self, dimensions: int) -> None:
        if self.dimensions is None:
            self.dimensions = dimensions
            self._packed = struct.Struct(f"<{dimensions}f")
        elif dimensions != self.dimensions:
            self.refuse(f"returned {dimensions} numbers for item {self.count}, {self.dimensions} for those before it")


def rows_of(result: EmbedResult) -> list[list[float]]:
    """Return the vectors of a result. Raises ValueError where the block does not fit what is said of it."""
    if len(result.vectors) != 4 * result.count * result.dimensions:
        raise ValueError(
            f"{len(result.vectors)} bytes are not {result.count} vectors of {result.dimensions} float32 numbers"
        )
    row = struct.Struct(f"<{result.dimensions}f")
    return [list(row.unpack_from(result.vectors, row.size * index)) for index in range(result.count)]
