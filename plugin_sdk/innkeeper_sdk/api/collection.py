"""Collections of embeddings: items with vectors, kept under a name, and found again by likeness.

Where they are kept: in the SQLite database that the plugin gives, or in memory without one. The database called
``embeddings.db`` in the user directory is the person's: the host keeps it, and is asked, if it grants that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from .embeddings import EmbeddingModel
from .values import Value, value

if TYPE_CHECKING:
    Item = tuple[str, str | bytes, dict[str, Any] | None]
    """An id, what it stands for, and what else is to be known of it."""


@value
class Entry(Value):
    """One item of a collection that was found. *score* is 1 for the same direction, -1 for the opposite."""

    id: str
    score: float | None
    content: str | None = None
    metadata: dict[str, Any] | None = None


class Store(Protocol):
    """Where collections are kept."""

    @property
    def db(self) -> Any:
        """The database, as plugins know it."""

    def find(self, name: str) -> tuple[int, str] | None:
        """Return a collection's number and the id of its model, None where there is none of that name."""

    def create(self, name: str, model_id: str) -> int:
        """Make a collection; return its number."""

    def count(self, collection: Collection) -> int:
        """Return how many items there are."""

    def embed(self, collection: Collection, items: Sequence[Item], *, store: bool, key: str | None) -> None:
        """Embed one batch of items and keep their vectors; what is there already unchanged is left alone."""

    def similar(
        self, collection: Collection, vector: Sequence[float], number: int, skip_id: str | None, prefix: str | None
    ) -> list[Entry]:
        """Return the *number* items most like *vector*, best first."""

    def similar_to(self, collection: Collection, item_id: str, number: int, prefix: str | None) -> list[Entry] | None:
        """Return the items most like one of the collection, without it; None where there is none of that id."""

    def delete(self, collection: Collection) -> None:
        """Delete the collection and what is in it."""


class Collection:
    """A collection of embeddings. It is made if it is not there, unless *create* is False.

    Making one takes a *model* or a *model_id*; later the collection knows it. Raises DoesNotExist, ValueError.
    """

    class DoesNotExist(Exception):
        """There is no collection of that name, or no item of that id."""

    def __init__(
        self,
        name: str,
        db: Any = None,
        *,
        model: EmbeddingModel | None = None,
        model_id: str | None = None,
        create: bool = True,
    ) -> None:
        from .collection_stores import store_in

        self.name = name
        self._model = model
        self._store: Store = store_in(db, name)
        found = self._store.find(name)
        if found is None:
            if not create:
                raise self.DoesNotExist(f"Collection '{name}' does not exist")
            found = self._create(model_id)
        self.id, self.model_id = found

    def _create(self, model_id: str | None) -> tuple[int, str]:
        from .catalogue import get_embedding_model

        if model_id:
            self._model = get_embedding_model(model_id)
        if self._model is None:
            raise ValueError(f"collection '{self.name}' is new: making it takes model= or model_id=")
        return self._store.create(self.name, self._model.model_id), self._model.model_id

    @property
    def db(self) -> Any:
        """The database that the collection is kept in."""
        return self._store.db

    def model(self) -> EmbeddingModel:
        """Return the embedding model of the collection."""
        if self._model is None:
            from .catalogue import get_embedding_model

            self._model = get_embedding_model(self.model_id)
        return self._model

    def count(self) -> int:
        """Return how many items the collection has."""
        return self._store.count(self)

    def embed(
        self,
        id: str,  # noqa: A002  # the name plugins know
        value: str | bytes,
        metadata: dict[str, Any] | None = None,
        store: bool = False,
        *,
        key: str | None = None,
    ) -> None:
        """Embed *value* and keep its vector under *id*; with *store*, the value, too."""
        self._store.embed(self, [(id, value, metadata)], store=store, key=key)

    def embed_multi(
        self,
        entries: Iterable[tuple[str, str | bytes]],
        store: bool = False,
        batch_size: int = 100,
        *,
        key: str | None = None,
    ) -> None:
        """Embed many values, given with their ids, in batches."""
        items = ((id_, value, None) for id_, value in entries)
        self.embed_multi_with_metadata(items, store=store, batch_size=batch_size, key=key)

    def embed_multi_with_metadata(
        self,
        entries: Iterable[tuple[str, str | bytes, dict[str, Any] | None]],
        store: bool = False,
        batch_size: int = 100,
        *,
        key: str | None = None,
    ) -> None:
        """Embed many values, given with their ids and metadata. Each batch is kept as soon as it is embedded."""
        for batch in _batches(entries, min(batch_size, self.model().batch_size or batch_size)):
            self._store.embed(self, batch, store=store, key=key)

    def similar(self, value: str | bytes, number: int = 10, prefix: str | None = None) -> list[Entry]:
        """Return the items most like *value*; *prefix* leaves out ids that begin otherwise."""
        return self.similar_by_vector(self.model().embed(value), number, prefix=prefix)

    def similar_by_id(
        self,
        id: str,  # noqa: A002  # the name plugins know
        number: int = 10,
        prefix: str | None = None,
    ) -> list[Entry]:
        """Return the items most like the one of that id, without it. Raises DoesNotExist."""
        entries = self._store.similar_to(self, id, number, prefix)
        if entries is None:
            raise self.DoesNotExist("ID not found")
        return entries

    def similar_by_vector(
        self, vector: Sequence[float], number: int = 10, skip_id: str | None = None, prefix: str | None = None
    ) -> list[Entry]:
        """Return the items most like *vector*."""
        return self._store.similar(self, vector, number, skip_id, prefix)

    def delete(self) -> None:
        """Delete the collection and what is in it."""
        self._store.delete(self)

    @classmethod
    def exists(cls, db: Any, name: str) -> bool:
        """Tell whether *db* has a collection of that name."""
        from .collection_stores import store_in

        return store_in(db, name).find(name) is not None

    @staticmethod
    def content_hash(input: str | bytes) -> bytes:  # noqa: A002  # the name plugins know
        """Return the hash by which a value is known again. Override it to have other values count as the same."""
        import hashlib

        return hashlib.md5(input.encode("utf-8") if isinstance(input, str) else input, usedforsecurity=False).digest()


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
