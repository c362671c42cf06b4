"""A collection of embeddings: items with the vectors of one model, kept under a name, and found again by likeness.

What is stored already, unchanged, is not embedded again. Batches are stored as they are embedded, each whole, so what
was stored stays, however the work ends, and the next run goes on from there.
"""

from __future__ import annotations

import json
import sqlite3
import weakref
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import AbstractContextManager, suppress
from typing import Any, NamedTuple

from innkeeper_sdk.api.collection import Entry

from innkeeper.errors import PluginMisbehaved, UsageError
from innkeeper.storage import embeddings as rows
from innkeeper.storage.embeddings_cosine import stored_form
from innkeeper.storage.embeddings_database import bring_up_to_date, failing_plainly, has_tables, path_of
from innkeeper.storage.embeddings_similar import Search

from .embeddings import EmbeddingModel, find_embedding_model
from .embeddings_ahead import EmbeddingAhead
from .host import Host
from .vectors import Vectors

Metadata = dict[str, Any]

BATCH_BYTES = 8 * 1024 * 1024
"""Of content that is read before it is embedded, whatever the size of a batch: a hundred photographs are more."""


class Item(NamedTuple):
    """What is to be stored: an id, a text or bytes to embed, and what else is to be known of it."""

    id: str
    value: str | bytes
    metadata: Metadata | None = None


class Pending(NamedTuple):
    """An item that is to be embedded, and the hash by which its value will be known again."""

    item: Item
    hash: bytes


class Collection:
    """The collection called *name* in *db*; made if it is not there, unless *create* is False.

    Making one takes a *model*, or a *model_id*, which may be an alias; later the collection knows it. Raises
    DoesNotExist, ValueError for a new one without a model, UnknownModel, StorageError.
    """

    class DoesNotExist(Exception):
        """There is no collection of that name, or no item of that id."""

    def __init__(
        self,
        host: Host,
        name: str,
        db: sqlite3.Connection,
        *,
        model: EmbeddingModel | None = None,
        model_id: str | None = None,
        create: bool = True,
    ) -> None:
        self._host = host
        self._model = model
        self.db = db
        self.name = name
        self._path = path_of(db) or "a database in memory"
        self._search = Search(db)
        weakref.finalize(self, self._search.close)
        with self._failing_plainly():
            if create:
                bring_up_to_date(db)
            found = rows.find_collection(db, name) if create or has_tables(db) else None
            if found is None:
                found = self._make(model_id, create=create)
        self.id, _, self.model_id = found
        self._dimensions: int | None = None

    def _make(self, model_id: str | None, *, create: bool) -> rows.CollectionRow:
        if not create:
            raise self.DoesNotExist(f"Collection '{self.name}' does not exist")
        if model_id:
            self._model = find_embedding_model(self._host, model_id)
        if self._model is None:
            raise ValueError("Either model= or model_id= must be provided when creating a new collection")
        return rows.make_collection(self.db, self.name, self._model.lasting_id)

    def model(self) -> EmbeddingModel:
        """Return the model of the collection. Raises UnknownModel where no installed plugin has it."""
        if self._model is None or self.model_id not in (self._model.model_id, self._model.lasting_id):
            self._model = find_embedding_model(self._host, self.model_id)
        return self._model

    def count(self) -> int:
        """Return how many items the collection has."""
        with self._failing_plainly():
            return rows.count(self.db, self.id)

    def embed(
        self,
        id: str,  # noqa: A002  # the name that users of llm know
        value: str | bytes,
        metadata: Metadata | None = None,
        store: bool = False,
        *,
        key: str | None = None,
    ) -> None:
        """Embed *value* and keep its vector under *id*; with *store*, the value, too. Raises PluginError."""
        pending = self.not_stored([Item(id, value, metadata)], store=store)
        if pending:
            self.keep(pending, self.model().embed_batch([value], key=key), store=store)

    def embed_multi(
        self,
        entries: Iterable[tuple[str, str | bytes]],
        store: bool = False,
        batch_size: int | None = None,
        *,
        key: str | None = None,
    ) -> None:
        """Embed many values, given with their ids. See `embed_multi_with_metadata`."""
        items = (Item(id_, value) for id_, value in entries)
        self.embed_multi_with_metadata(items, store=store, batch_size=batch_size, key=key)

    def embed_multi_with_metadata(
        self,
        entries: Iterable[tuple[str, str | bytes, Metadata | None]],
        store: bool = False,
        batch_size: int | None = None,
        *,
        key: str | None = None,
    ) -> None:
        """Embed many values, given with their ids and metadata, in batches.

        *entries* are read by this thread while the plugin embeds those before. Each batch is stored when it is
        embedded. Where *entries* raise, what they gave before is still stored, a whole batch at a time; on an
        interrupt, what is embedded by then. Raises PluginError, StorageError.
        """
        size = self.model().batch_items(batch_size)
        with EmbeddingAhead[list[Pending]](self.model(), key=key) as ahead:
            try:
                for batch in self._batches(entries, size, ahead, store=store):
                    ahead.begin(batch, [pending.item.value for pending in batch])
                    if ahead.is_full:
                        self._store_first(ahead, store=store)
                while ahead.is_under_way:
                    self._store_first(ahead, store=store)
            except Exception:
                with suppress(Exception):  # what is wrong with *entries*, or with a batch, is raised below
                    while ahead.is_under_way:
                        self._store_first(ahead, store=store)
                raise
            except BaseException:
                for batch, vectors in ahead.finished():
                    self.keep(batch, vectors, store=store)
                raise

    def similar(self, value: str | bytes, number: int = 10, prefix: str | None = None) -> list[Entry]:
        """Return the items most like *value*; *prefix* leaves out ids that begin otherwise. Raises PluginError."""
        vectors = self.model().embed_batch([value])
        return self.similar_by_vector(vectors.block, number, prefix=prefix)

    def similar_by_id(
        self,
        id: str,  # noqa: A002  # the name that users of llm know
        number: int = 10,
        prefix: str | None = None,
    ) -> list[Entry]:
        """Return the items most like the one with that id, without it. Raises DoesNotExist."""
        with self._failing_plainly():
            vector = rows.vector_of(self.db, self.id, id)
        if vector is None:
            raise self.DoesNotExist("ID not found")
        return self.similar_by_vector(vector, number, skip_id=id, prefix=prefix)

    def similar_by_vector(
        self,
        vector: Sequence[float] | bytes,
        number: int = 10,
        skip_id: str | None = None,
        prefix: str | None = None,
    ) -> list[Entry]:
        """Return the items most like *vector*: numbers, or their stored form. Raises UsageError for a wrong length."""
        wanted = vector if isinstance(vector, bytes) else stored_form(vector)
        with self._failing_plainly():
            found = self._search.nearest(self.id, wanted, number, prefix=prefix or "", skip_id=skip_id)
            stored = rows.dimensions(self.db, self.id) if not found else None
        if stored is not None and stored != len(wanted) // 4:
            raise UsageError(
                f"Collection '{self.name}' holds vectors of {stored} numbers.",
                why=f"One of {len(wanted) // 4} numbers cannot be compared with them.",
            )
        return [Entry(one.id, one.score, one.content, _parsed(one.metadata)) for one in found]

    def delete(self) -> None:
        """Delete the collection and what is in it."""
        with self._failing_plainly():
            rows.delete_collection(self.db, self.id)

    def vector(self, id_: str) -> bytes | None:
        """Return the stored vector of an item, None where there is none of that id."""
        with self._failing_plainly():
            return rows.vector_of(self.db, self.id, id_)

    @staticmethod
    def content_hash(input: str | bytes) -> bytes:  # noqa: A002  # the name that users of llm know
        """Return the hash by which a value is known again. Override it to have other values count as the same."""
        return rows.content_hash(input)

    def _batches(
        self,
        entries: Iterable[tuple[str, str | bytes, Metadata | None]],
        size: int,
        ahead: EmbeddingAhead[list[Pending]],
        *,
        store: bool,
    ) -> Iterator[list[Pending]]:
        """Yield what of *entries* is to be embedded, *size* at a time, each to be begun in *ahead*."""
        pending: list[Pending] = []
        for some in _in_parts(entries, size):
            under_way = {one.item.id for batch in (pending, *ahead.batches()) for one in batch}
            pending += self.not_stored(some, store=store, under_way=under_way)
            while len(pending) >= size or sum(len(one.item.value) for one in pending) >= BATCH_BYTES:
                yield pending[:size]
                del pending[:size]
        if pending:
            yield pending

    def not_stored(self, items: Sequence[Item], *, store: bool, under_way: Set[str] = frozenset()) -> list[Pending]:
        """Return those of *items* whose vectors are not there; beside the others, what else is said of them is kept.

        Of items with the same id the last counts, so what is there says nothing of an id that is *under_way*.
        """
        pending, supplements = [], []
        with self._failing_plainly():
            last = {item.id: item for item in items}
            stored = rows.stored(self.db, self.id, list(last))
            for item in last.values():
                known, hash_ = stored.get(item.id), self.content_hash(item.value)
                if known is None or known.hash != hash_ or item.id in under_way:
                    pending.append(Pending(item, hash_))
                    continue
                content = item.value if store and not known.has_content else None
                metadata = _as_json(item.metadata)
                if content is not None or metadata not in (None, known.metadata):
                    supplements.append((item.id, content, metadata))
            if supplements:
                rows.supplement(self.db, self.id, supplements)
        return pending

    def _store_first(self, ahead: EmbeddingAhead[list[Pending]], *, store: bool) -> None:
        self.keep(*ahead.first(), store=store)
        ahead.drop()

    def keep(self, batch: Sequence[Pending], vectors: Vectors, *, store: bool) -> None:
        """Store *batch* with its *vectors*, all or none; with *store*, its values, too. Raises PluginMisbehaved."""
        with self._failing_plainly():
            self._check_dimensions(vectors)
            rows.store(
                self.db,
                self.id,
                (
                    rows.NewRow(item.id, vector, hash_, item.value if store else None, _as_json(item.metadata))
                    for (item, hash_), vector in zip(batch, vectors.stored(), strict=True)
                ),
            )

    def _check_dimensions(self, vectors: Vectors) -> None:
        if self._dimensions is None:
            self._dimensions = rows.dimensions(self.db, self.id) or vectors.dimensions
        if self._dimensions != vectors.dimensions:
            model = self.model()
            raise PluginMisbehaved(
                model.plugin,
                f"The embedding model '{model.model_id}' of plugin '{model.plugin}' gave vectors of "
                f"{vectors.dimensions} numbers, and collection '{self.name}' holds vectors of {self._dimensions}.",
                why="Vectors of different lengths cannot be compared; the model may have changed.",
                hint=f"Begin anew, with a collection of another name, or: llm collections delete {self.name}",
            )

    def _failing_plainly(self) -> AbstractContextManager[None]:
        return failing_plainly(self._path)


def _in_parts(entries: Iterable[tuple[str, str | bytes, Metadata | None]], size: int) -> Iterator[list[Item]]:
    part: list[Item] = []
    held = 0
    for entry in entries:
        item = Item(*entry)
        part.append(item)
        held += len(item.value)
        if len(part) >= size or held >= BATCH_BYTES:
            yield part
            part, held = [], 0
    if part:
        yield part


def _as_json(metadata: Metadata | None) -> str | None:
    return json.dumps(metadata) if metadata else None


def _parsed(metadata: str | None) -> Metadata | None:
    try:
        found = json.loads(metadata) if metadata else None
    except ValueError:
        return None  # another program's
    return found if isinstance(found, dict) else None
