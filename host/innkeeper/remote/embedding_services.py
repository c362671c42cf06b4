"""What a plugin may ask of the host about embeddings: other plugins' models, and the person's collections.

The collections are the person's, so a plugin that was not granted the database called ``embeddings`` gets none of
them. The file itself it never sees.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, TypeVar

from innkeeper_protocol.errors import CallFailed, ErrorCode
from innkeeper_protocol.payloads import host_services as wire
from innkeeper_protocol.payloads.base import Nothing
from innkeeper_protocol.payloads.embeddings import EmbedParams, EmbedResult
from innkeeper_protocol.peer import IncomingCall
from innkeeper_sdk.api.collection import Entry

from innkeeper.confinement.policy import Policy
from innkeeper.errors import UnknownModel, UsageError
from innkeeper.process.denials import Denials
from innkeeper.storage.embeddings_database import connect
from innkeeper.untrusted import one_line

from .collection import Collection, Item
from .embeddings import EmbedCall, EmbeddingModel, find_embedding_model
from .vectors import BYTES, UnfitVectors, Vectors, checked

if TYPE_CHECKING:
    from .host import Host

DATABASE = "embeddings"
"""Its name among the grants."""

NAME_LETTERS = 200
ID_LETTERS = 2000
"""The longest id that a plugin may store. Paths of files are ids."""

MOST_SIMILAR = 1000
"""Entries in one answer."""

MOST_AT_ONCE = 8
"""Calls about collections that one plugin may have open: a model that stores what it embeds asks for itself again."""

T = TypeVar("T")


class EmbeddingServices:
    """The services for one running plugin, under its *policy*."""

    def __init__(self, host: Host, policy: Policy, denials: Denials) -> None:
        self._host = host
        self._policy = policy
        self._denials = denials
        self._open = threading.Semaphore(MOST_AT_ONCE)

    def embed(self, params: EmbedParams, call: IncomingCall) -> EmbedResult:
        """Embed a batch with a model of any plugin. What stands for a key is one: names of stored keys mean nothing."""
        model = self._model(params.model_id)
        vectors = self._vectors(call, EmbedCall(model, params.items, key=params.key, depth=params.depth))
        return EmbedResult(count=vectors.count, dimensions=vectors.dimensions, vectors=vectors.block)

    def open_collection(self, params: wire.CollectionParams, call: IncomingCall) -> wire.CollectionResult:
        """Tell of a collection, which is made if it is not there and that is asked for."""
        with self._collections(params.name) as found:
            collection = found(create=params.create, model_id=params.model_id)
            if collection is None:
                return wire.CollectionResult(name=params.name, exists=False)
            return wire.CollectionResult(name=params.name, model_id=collection.model_id, count=collection.count())

    def store(self, params: wire.CollectionStoreParams, call: IncomingCall) -> Nothing:
        """Store a batch. What comes without a vector is embedded; what is there unchanged is left alone."""
        with self._collections(params.name) as found:
            collection = _there(found(create=bool(params.model_id), model_id=params.model_id), params.name)
            for store in (True, False):
                entries = [entry for entry in params.entries if entry.store is store]
                self._store(collection, entries, call, store=store)
        return Nothing()

    def similar(self, params: wire.CollectionSimilarParams, call: IncomingCall) -> wire.CollectionEntriesResult:
        """Find the entries nearest to an id, a value or a vector."""
        number = min(max(params.number, 0), MOST_SIMILAR)
        with self._collections(params.name) as found:
            collection = _there(found(create=False), params.name)
            if params.id is not None:
                try:
                    entries = collection.similar_by_id(params.id, number, prefix=params.prefix)
                except Collection.DoesNotExist as error:
                    raise CallFailed(ErrorCode.NOT_FOUND, "no entry of that id") from error
            else:
                vector = params.vector
                if vector is None and params.value is not None:
                    vector = self._vectors(call, EmbedCall(self._model(collection.model_id), [params.value])).block
                if not vector or len(vector) % BYTES:
                    raise CallFailed(ErrorCode.INVALID_PARAMS, "nothing to compare with: an id, a value or a vector")
                entries = collection.similar_by_vector(vector, number, prefix=params.prefix)
        return wire.CollectionEntriesResult(entries=tuple(map(_entry_out, entries)))

    def delete(self, params: wire.CollectionParams, call: IncomingCall) -> Nothing:
        """Delete a collection."""
        with self._collections(params.name) as found:
            _there(found(create=False), params.name).delete()
        return Nothing()

    def _store(
        self, collection: Collection, entries: list[wire.CollectionEntry], call: IncomingCall, *, store: bool
    ) -> None:
        given, to_embed = [], []
        for entry in entries:
            if not 0 < len(entry.id) <= ID_LETTERS:
                raise CallFailed(ErrorCode.INVALID_PARAMS, f"ids have 1 to {ID_LETTERS} letters")
            if entry.vector is not None:
                given.append((Item(entry.id, _value(entry), entry.metadata), _vector(entry.vector)))
            elif entry.value is not None:
                to_embed.append(Item(entry.id, entry.value, entry.metadata))
            else:
                raise CallFailed(ErrorCode.INVALID_PARAMS, "an entry has a value or a vector")
        vectors = {item.id: vector for item, vector in given}
        for pending in collection.not_stored([item for item, _ in given], store=store):
            collection.keep([pending], vectors[pending.item.id], store=store)
        batch = collection.not_stored(to_embed, store=store)
        if batch:
            asked = EmbedCall(self._model(collection.model_id), [pending.item.value for pending in batch])
            collection.keep(batch, self._vectors(call, asked), store=store)

    def _vectors(self, call: IncomingCall, asked: EmbedCall) -> Vectors:
        call.on_cancel(asked.cancel)
        try:
            return asked.result()
        except UsageError as error:
            raise CallFailed(ErrorCode.UNSUPPORTED, error.message) from error

    @contextmanager
    def _collections(self, name: str) -> Iterator[Callable[..., Collection | None]]:
        """Yield what finds the collection called *name*. Raises CallFailed where the plugin may not ask for any."""
        if not self._policy.may_use_database(DATABASE):
            self._denials.add("database", DATABASE, "it was not granted")
            raise CallFailed(
                ErrorCode.DENIED,
                f"{self._policy.plugin} may not use your collections of embeddings. "
                f"To allow it: llm plugins allow {self._policy.plugin} --database {DATABASE}",
            )
        if not name.isprintable() or not 0 < len(name) <= NAME_LETTERS:
            raise CallFailed(ErrorCode.INVALID_PARAMS, "that is no name for a collection")
        if not self._open.acquire(blocking=False):
            raise CallFailed(ErrorCode.DEPTH_EXCEEDED, f"more than {MOST_AT_ONCE} calls about collections at once")
        try:
            with closing(connect(self._host.home.embeddings_file)) as db:

                def find(*, create: bool, model_id: str | None = None) -> Collection | None:
                    model = self._model(model_id) if create and model_id else None
                    try:
                        return Collection(self._host, name, db, model=model, create=create)
                    except Collection.DoesNotExist:
                        return None
                    except ValueError as error:
                        raise CallFailed(ErrorCode.INVALID_PARAMS, "a new collection takes a model") from error

                yield find
        finally:
            self._open.release()

    def _model(self, model_id: str) -> EmbeddingModel:
        try:
            return find_embedding_model(self._host, model_id)
        except UnknownModel as error:
            raise CallFailed(ErrorCode.NOT_FOUND, one_line(error.message, NAME_LETTERS)) from error


def _there(found: Collection | None, name: str) -> Collection:
    if found is None:
        raise CallFailed(ErrorCode.NOT_FOUND, f"no collection '{one_line(name, NAME_LETTERS)}'")
    return found


def _value(entry: wire.CollectionEntry) -> str | bytes:
    """Return what the vector of *entry* stands for: the vector itself, where that is all that is known."""
    return entry.value if entry.value is not None else entry.vector or b""


def _vector(vector: bytes) -> Vectors:
    try:
        return checked(EmbedResult(count=1, dimensions=len(vector) // BYTES, vectors=vector), 1)
    except (UnfitVectors, ValueError) as error:
        raise CallFailed(
            ErrorCode.INVALID_PARAMS, "a vector is float32 numbers, none of them NaN or infinity"
        ) from error


def _entry_out(entry: Entry) -> wire.CollectionEntry:
    return wire.CollectionEntry(id=entry.id, score=entry.score, value=entry.content, metadata=entry.metadata)
