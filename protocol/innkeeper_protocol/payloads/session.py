"""The life of one connection: agreeing on a revision, taking leave, and bytes too large for one frame."""

from __future__ import annotations

from .base import Payload


class Software(Payload, frozen=True, kw_only=True):
    """Who is speaking: for logs and error messages, never for decisions."""

    name: str
    version: str
    python: str = ""


class InitializeParams(Payload, frozen=True, kw_only=True):
    """The host's first message: the revisions it speaks, newest first, and what it offers beyond them."""

    revisions: tuple[int, ...]
    host: Software
    capabilities: tuple[str, ...] = ()
    max_frame_bytes: int = 16 * 1024 * 1024


class InitializeResult(Payload, frozen=True, kw_only=True):
    """The plugin's choice among the offered revisions, and what it offers beyond them."""

    revision: int
    sdk: Software
    capabilities: tuple[str, ...] = ()
    max_frame_bytes: int = 16 * 1024 * 1024


class BlobPartParams(Payload, frozen=True, kw_only=True):
    """A piece of something larger than a frame, sent ahead of the message that names it by *blob*.

    The sender chooses a number it has not used on this connection. Pieces of one blob come in order, each with the
    *size* of the whole; with that many bytes it is complete.
    """

    blob: int
    size: int
    data: bytes
