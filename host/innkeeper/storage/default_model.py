"""Which model is asked when none is named: a file with its id, as `llm` has it, or the one that ships."""

from __future__ import annotations

import os
from contextlib import suppress

from innkeeper.paths import Home

from .whole_file import read_text, write_whole

SHIPPED_MODEL = "smollm2"
"""Runs on this machine, with no key and no network: plugins/local."""

SHIPPED_EMBEDDING_MODEL = "wordllama"
"""Runs on this machine, too: plugins/static_embeddings. The person has to choose it."""


def default_model(home: Home) -> str:
    """Return the id or alias of the default model. Raises StorageError."""
    return _read(home.default_model_file) or SHIPPED_MODEL


def set_default_model(home: Home, model_id: str | None) -> None:
    """Make *model_id* the default; None goes back to the one that ships. Raises StorageError."""
    _write(home.default_model_file, model_id)


def default_embedding_model(home: Home) -> str | None:
    """Return the id or alias of the default embedding model, None where the person chose none. Raises StorageError.

    None is the default of itself: what is stored with one model cannot be searched with another.
    """
    return _read(home.default_embedding_model_file)


def set_default_embedding_model(home: Home, model_id: str | None) -> None:
    """Make *model_id* the default; None takes the default away. Raises StorageError."""
    _write(home.default_embedding_model_file, model_id)


def _read(path: str) -> str | None:
    return (read_text(path, what="The default model") or "").strip() or None


def _write(path: str, model_id: str | None) -> None:
    if model_id is None:
        with suppress(FileNotFoundError):
            os.unlink(path)
    else:
        write_whole(path, model_id, what="The default model")
