"""``llm.embeddings``: collections of embeddings."""

from innkeeper_sdk.api.collection import Collection, Entry

__all__ = ["Collection", "Entry"]
