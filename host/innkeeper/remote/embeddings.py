"""An embedding model of a plugin, as an object of this process: items in, blocks of numbers out.

What travels is one block of float32 for a batch. Items that do not fit a message together go in several.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice

from innkeeper_protocol import methods
from innkeeper_protocol.framing import MAX_FRAME_BYTES
from innkeeper_protocol.payloads.embeddings import EmbeddingModelInfo, EmbedParams, EmbedResult

from innkeeper.errors import Interrupted, PluginMisbehaved, UnknownModel, UsageError
from innkeeper.process.open_call import OpenCall
from innkeeper.storage.default_model import SHIPPED_EMBEDDING_MODEL, default_embedding_model

from .catalogue import Found, all_models, find_model
from .host import Host
from .vectors import BYTES, UnfitVectors, Vectors, checked, joined

BATCH_ITEMS = 100
"""How many items are embedded at once where neither the person nor the model says. `llm` has the same."""

REQUEST_BYTES = 4 * 1024 * 1024
"""Of items in one message, unless one alone has more: a quarter of what fits, so that hundreds of pages go together."""

ITEM_BYTES = MAX_FRAME_BYTES - 64 * 1024
"""The largest item that fits a message."""

LETTER_BYTES = 4
"""The most that a letter takes in UTF-8: texts that fit by this need not be looked at."""

RESULT_BYTES = 8 * 1024 * 1024
"""Of numbers in one message."""

FIRST_ITEMS = 256
"""Items in the first message to a model of which it is not known how many numbers it gives: of up to 8,192 they fit."""


class EmbeddingModel:
    """One embedding model. Any thread may use it."""

    def __init__(self, host: Host, found: Found) -> None:
        self.host = host
        self.plugin = found.plugin.name
        self.model_id = found.model_id
        self.aliases: tuple[str, ...] = tuple(found.entry.get("aliases", ()))
        self.found = found
        self.dimensions: int | None = None
        """How many numbers its vectors have, once there was one."""

    @cached_property
    def info(self) -> EmbeddingModelInfo:
        """What its plugin said of it."""
        from .manifests import embedding_model_info

        # The plugin may have been made anew since it was found, and its old environment is gone.
        plugin = self.host.index.named(self.plugin) or self.found.plugin
        return embedding_model_info(self.host.home, self.found._replace(plugin=plugin))

    @property
    def lasting_id(self) -> str:
        """The name to keep for it: its id, or with its plugin's name where the bare id means another's."""
        first = find_model(self.host.index, {}, self.model_id, "embedding_models")
        return self.model_id if first == self.found else self.found.qualified_id

    @property
    def batch_size(self) -> int | None:
        """The most items it takes at once, None where it does not say."""
        size = self.info.batch_size
        return size if size and size > 0 else None

    @property
    def supports_text(self) -> bool:
        return self.info.supports_text

    @property
    def supports_binary(self) -> bool:
        return self.info.supports_binary

    def embed(self, item: str | bytes, *, key: str | None = None) -> list[float]:
        """Return the vector of one text, or of one piece of binary data. Raises as `embed_batch`."""
        vector: list[float] = self.embed_batch([item], key=key)[0]
        return vector

    def embed_batch(self, items: Sequence[str | bytes], *, key: str | None = None) -> Vectors:
        """Return the vectors of *items*, in their order, as one block.

        Raises PluginError, UsageError for a kind of item that the model does not take.
        """
        return self.call(items, key=key).result()

    def call(self, items: Sequence[str | bytes], *, key: str | None = None) -> EmbedCall:
        """Return the call that embeds *items*, to be waited for. *key* may be the name of a stored one."""
        return EmbedCall(self, items, key=self.host.key_named(key))

    def embed_multi(
        self, items: Iterable[str | bytes], batch_size: int | None = None, *, key: str | None = None
    ) -> Iterator[list[float]]:
        """Yield the vector of each of *items*, which are taken as they are needed, and a batch or two ahead.

        Raises as `embed_batch`.
        """
        from .embeddings_ahead import EmbeddingAhead

        iterator, size = iter(items), self.batch_items(batch_size)
        with EmbeddingAhead[None](self, key=key) as ahead:
            while batch := list(islice(iterator, size)):
                ahead.begin(None, batch)
                if ahead.is_full:
                    yield from ahead.take()[1]
            while ahead.is_under_way:
                yield from ahead.take()[1]

    def batch_items(self, wanted: int | None = None) -> int:
        """Return how many items to embed at once, where *wanted* is what the person said."""
        return min(wanted or BATCH_ITEMS, self.batch_size or wanted or BATCH_ITEMS)

    def __str__(self) -> str:
        return str(self.found.entry.get("label") or self.model_id)

    def __repr__(self) -> str:
        return f"<EmbeddingModel {self.model_id!r} of plugin {self.plugin!r}>"


class EmbedCall:
    """One batch of a model, to be embedded by the thread that waits for its `result`. Any thread may cancel.

    *key* is a key itself. *depth* tells how deep calls between plugins are nested.
    """

    def __init__(
        self, model: EmbeddingModel, items: Sequence[str | bytes], *, key: str | None = None, depth: int = 0
    ) -> None:
        self._model = model
        self._items = items
        self._key = key
        self._depth = depth
        self._lock = threading.Lock()
        self._is_cancelled = False
        self._open: OpenCall[EmbedResult] | None = None

    def result(self) -> Vectors:
        """Embed the items; return their vectors. Raises as `EmbeddingModel.embed_batch`, and Interrupted."""
        model = self._model
        if not self._items:
            return Vectors(b"", 0, model.dimensions or 0)
        self._check_items()
        parts: list[Vectors] = []
        left = list(self._items)
        try:
            while left:
                part = _that_fit(left, model.dimensions)
                parts.append(checked(self._ask(part), len(part)))
                del left[: len(part)]
                if parts[-1].count:
                    model.dimensions = parts[-1].dimensions
            return joined(parts)
        except UnfitVectors as error:
            raise PluginMisbehaved(
                model.plugin,
                f"The embedding model '{model.model_id}' of plugin '{model.plugin}' {error}.",
                hint="Nothing of this batch was used. The fault is the plugin's: tell its author.",
            ) from error

    def cancel(self) -> None:
        """Give up on it, without waiting."""
        with self._lock:
            self._is_cancelled = True
            opened = self._open
        if opened is not None:
            opened.cancel()

    def _ask(self, items: list[str | bytes]) -> EmbedResult:
        model = self._model
        params = EmbedParams(model_id=model.model_id, items=tuple(items), key=self._key, depth=self._depth)
        session = model.host.session(model.found.plugin)
        with self._lock:
            if self._is_cancelled:
                raise Interrupted(f"The call to plugin '{model.plugin}' was cancelled.")
            self._open = opened = session.stream(methods.EMBED, params)
        with opened:
            return opened.result()

    def _check_items(self) -> None:
        info = self._model.info
        kinds = {type(item) for item in self._items}
        if bytes in kinds and not info.supports_binary:
            raise UsageError("This model does not support binary data, only text strings")
        if str in kinds and not info.supports_text:
            raise UsageError("This model does not support text strings, only binary data")
        if max(map(len, self._items)) > ITEM_BYTES // LETTER_BYTES:
            largest = max(map(_bytes_of, self._items))
            if largest > ITEM_BYTES:
                raise UsageError(
                    f"An item of {largest / 1e6:.1f} MB cannot be embedded.",
                    why=f"A plugin takes at most {ITEM_BYTES / 1e6:.0f} MB at once.",
                    hint="Cut it into smaller ones.",
                )


def find_embedding_model(host: Host, name: str | None) -> EmbeddingModel:
    """Return the embedding model that *name* means, or the default one. Raises UnknownModel."""
    wanted = name or default_embedding_model(host.home)
    if wanted is None:
        names = [found.model_id for found in all_models(host.index, "embedding_models")]
        name = SHIPPED_EMBEDDING_MODEL if SHIPPED_EMBEDDING_MODEL in names else next(iter(names), None)
        hint = f"Such as: -m {name}. To be used from now on: llm embed-models default {name}" if name else ""
        raise UnknownModel("You need to specify an embedding model (no default model is set)", hint=hint)
    return EmbeddingModel(host, host.find_model(wanted, "embedding_models"))


def _that_fit(items: Sequence[str | bytes], dimensions: int | None) -> list[str | bytes]:
    """Return those of the first *items* that go in one message, there and back; one at least, if there is one."""
    most = FIRST_ITEMS if dimensions is None else max(RESULT_BYTES // (BYTES * dimensions), 1)
    if len(items) <= most and LETTER_BYTES * sum(map(len, items)) <= REQUEST_BYTES:
        return list(items)
    taken: list[str | bytes] = []
    left = REQUEST_BYTES
    for item in islice(items, most):
        left -= _bytes_of(item)
        if left < 0 and taken:
            break
        taken.append(item)
    return taken


def _bytes_of(item: str | bytes) -> int:
    return len(item) if isinstance(item, bytes) or item.isascii() else len(item.encode("utf-8", "replace"))
