"""What a plugin may ask the host for, within its grants.

Calling another plugin's models, embedding models, templates and tools needs no payloads of its own: a plugin sends
the host the same ``models/prompt``, ``embeddings/embed``, ... that the host sends a plugin.
"""

from __future__ import annotations

from .base import JSON, Payload, TextOrBytes, require_text_or_bytes
from .embeddings import EmbeddingModelInfo
from .models import ModelInfo


class GetKeyParams(Payload, frozen=True, kw_only=True):
    """Ask for the key stored under *name*; *env_var* is the environment variable that may hold it instead."""

    name: str | None = None
    env_var: str | None = None


class GetKeyResult(Payload, frozen=True, kw_only=True):
    """The key, or None: not stored, or not granted (*denied* tells which)."""

    key: str | None = None
    denied: bool = False


class ListModelsResult(Payload, frozen=True, kw_only=True):
    """All models and embedding models this plugin may call, aliases that the person set included."""

    models: tuple[ModelInfo, ...] = ()
    embedding_models: tuple[EmbeddingModelInfo, ...] = ()
    default_model: str | None = None
    default_embedding_model: str | None = None


class SetAliasParams(Payload, frozen=True, kw_only=True):
    """Let *alias* name *model_id* from now on."""

    alias: str
    model_id: str


class SetDefaultModelParams(Payload, frozen=True, kw_only=True):
    """Make *model_id* the default; None goes back to the one that ships."""

    model_id: str | None = None
    embedding: bool = False


class CollectionParams(Payload, frozen=True, kw_only=True):
    """Name a collection of embeddings. It is made on the first write, with *model_id*."""

    name: str
    model_id: str | None = None
    create: bool = True


class CollectionResult(Payload, frozen=True, kw_only=True):
    """What is known of a collection; *exists* is False for one not made yet."""

    name: str
    exists: bool = True
    model_id: str | None = None
    count: int = 0


class CollectionEntry(Payload, frozen=True, kw_only=True):
    """One item of a collection. *vector* is little-endian float32; without one the host embeds the value."""

    id: str
    value: TextOrBytes | None = None
    vector: bytes | None = None
    metadata: dict[str, JSON] | None = None
    store: bool = False
    score: float | None = None

    def __post_init__(self) -> None:
        """Check what msgspec cannot."""
        if self.value is not None:
            require_text_or_bytes(self.value)


class CollectionStoreParams(Payload, frozen=True, kw_only=True):
    """Store one batch in a collection, replacing what has the same ids."""

    name: str
    model_id: str | None = None
    entries: tuple[CollectionEntry, ...] = ()
    batch_size: int | None = None


class CollectionSimilarParams(Payload, frozen=True, kw_only=True):
    """Find the *number* nearest to one of: an entry's *id*, a *value* to embed, a *vector*."""

    name: str
    number: int = 10
    id: str | None = None
    value: TextOrBytes | None = None
    vector: bytes | None = None
    prefix: str | None = None

    def __post_init__(self) -> None:
        """Check what msgspec cannot."""
        if self.value is not None:
            require_text_or_bytes(self.value)


class CollectionEntriesResult(Payload, frozen=True, kw_only=True):
    """Entries, nearest first where that means something."""

    entries: tuple[CollectionEntry, ...] = ()


class RunToolParams(Payload, frozen=True, kw_only=True):
    """Run a tool of another plugin by what the person would write after ``-T``."""

    specification: str
    name: str
    arguments: dict[str, JSON] = {}
    depth: int = 0


class LogResponseParams(Payload, frozen=True, kw_only=True):
    """Ask the host to log an exchange that this plugin made, as ``llm logs`` shows it."""

    model_id: str
    prompt: str | None = None
    system: str | None = None
    response: str = ""
    prompt_json: JSON = None
    response_json: JSON = None
    conversation_id: str | None = None
    duration_ms: int | None = None
    datetime_utc: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None


class DenialParams(Payload, frozen=True, kw_only=True):
    """Tell the host, for display only, what the sandbox may have refused.

    *kind*: ``read``, ``write``, ``run``, ``net``. *operation*: ``failed`` where an error is about it.
    """

    kind: str
    what: str
    operation: str = ""


class ConsoleParams(Payload, frozen=True, kw_only=True):
    """Show the person a line, on stderr; the host strips control sequences and names the plugin."""

    text: str
    level: str = "info"
