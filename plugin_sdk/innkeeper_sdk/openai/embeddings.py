"""OpenAI's embedding models."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator

from innkeeper_sdk.api.embeddings import EmbeddingModel, decode

from .client import Client


class OpenAIEmbeddingModel(EmbeddingModel):
    """An embedding model behind the API; *dimensions* asks for shorter vectors."""

    needs_key = "openai"
    key_env_var = "OPENAI_API_KEY"
    batch_size = 100

    def __init__(self, model_id: str, openai_model_id: str, dimensions: int | None = None) -> None:
        self.model_id = model_id
        self.openai_model_id = openai_model_id
        self.dimensions = dimensions

    def embed_batch(self, items: Iterable[str | bytes], *, key: str | None = None) -> Iterator[list[float]]:
        """Return a vector for each item."""
        answer = Client(api_key=key).embeddings.create(  # type: ignore[attr-defined]  # a place of the API
            model=self.openai_model_id, input=list(items), dimensions=self.dimensions, encoding_format="base64"
        )
        return (vector_of(row.embedding) for row in sorted(answer.data, key=lambda row: row.index))


def vector_of(embedding: str | list[float]) -> list[float]:
    """Return a vector as numbers: in base64, as asked, it is a third of the size; some servers know only numbers."""
    if isinstance(embedding, str):
        return list(decode(base64.b64decode(embedding)))
    return [float(number) for number in embedding]
