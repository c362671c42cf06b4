"""WordLlama as `llm` sees it: a text is cut into tokens, and its vector is the mean of theirs."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import llm
import numpy as np
from tokenizers import Tokenizer

from .weights import TOKENIZER, WEIGHTS, find_file, map_vectors

TOKENS_AT_ONCE = 8192
"""Of a long text: 12 MB of numbers. More at once is no quicker, and the whole of a book would be gigabytes."""


class WordLlama(llm.EmbeddingModel):
    model_id = "wordllama"
    batch_size = 500

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: tuple[Tokenizer, np.ndarray] | None = None

    def embed_batch(self, items: Iterable[str | bytes]) -> np.ndarray:
        """Return a row of float32 for each text."""
        tokenizer, vectors = self._load()
        texts = [str(item) for item in items]
        encoded = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        embedded = np.zeros((len(texts), vectors.shape[1]), np.float32)
        for row, encoding in zip(embedded, encoded, strict=True):
            _add_mean(row, vectors, encoding.ids)
        return embedded

    def _load(self) -> tuple[Tokenizer, np.ndarray]:
        with self._lock:
            if self._loaded is None:
                tokenizer = Tokenizer.from_file(find_file(TOKENIZER))
                tokenizer.no_padding()
                tokenizer.no_truncation()
                self._loaded = tokenizer, map_vectors(find_file(WEIGHTS))
            return self._loaded


def _add_mean(row: np.ndarray, vectors: np.ndarray, ids: list[int]) -> None:
    """Add to *row* the mean of the *vectors* of the tokens *ids*; of none, nothing."""
    for start in range(0, len(ids), TOKENS_AT_ONCE):
        found = vectors.take(ids[start : start + TOKENS_AT_ONCE], axis=0, mode="clip")
        row += np.add.reduce(found.astype(np.float32), axis=0)
    row /= max(len(ids), 1)
