"""Embedding models: items in, one block of numbers out."""

from __future__ import annotations

from .base import Payload, TextOrBytes, require_text_or_bytes

FLOAT_BYTES = 4
"""What one float32 takes."""


class EmbeddingModelInfo(Payload, frozen=True, kw_only=True):
    """One registered embedding model. *batch_size* is the most items it takes at once, or None for its default."""

    model_id: str
    label: str = ""
    aliases: tuple[str, ...] = ()
    needs_key: str | None = None
    key_env_var: str | None = None
    supports_text: bool = True
    supports_binary: bool = False
    batch_size: int | None = None


class EmbedParams(Payload, frozen=True, kw_only=True):
    """Embed *items*, one batch: texts, or bytes where the model supports them."""

    model_id: str
    items: tuple[TextOrBytes, ...]
    key: str | None = None
    depth: int = 0

    def __post_init__(self) -> None:
        """Check what msgspec cannot."""
        for item in self.items:
            require_text_or_bytes(item)


class EmbedResult(Payload, frozen=True, kw_only=True):
    """*vectors*: ``count`` rows of ``dimensions`` little-endian float32, row by row, in the order of the items."""

    count: int
    dimensions: int
    vectors: bytes

    def __post_init__(self) -> None:
        """Check that the block has the size that its shape says. EMBED-2."""
        if self.count < 0 or self.dimensions < 0 or len(self.vectors) != FLOAT_BYTES * self.count * self.dimensions:
            raise ValueError(f"{len(self.vectors)} bytes for {self.count} x {self.dimensions} numbers")
