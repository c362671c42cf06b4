"""Template loaders: ``prefix:path`` in, a template out."""

from __future__ import annotations

from .base import JSON, Payload
from .content import Attachment


class LoaderInfo(Payload, frozen=True, kw_only=True):
    """One registered loader, of templates or of fragments: its prefix and its docstring."""

    prefix: str
    description: str | None = None


class LoadTemplateParams(Payload, frozen=True, kw_only=True):
    """Load what ``prefix:path`` names. *cwd* is the person's working directory; *depth* counts nested calls between
    plugins, as in ``PromptParams``.
    """

    prefix: str
    path: str
    cwd: str | None = None
    depth: int = 0


class Template(Payload, frozen=True, kw_only=True):
    """A stored prompt, with every field a template file may have."""

    name: str
    prompt: str | None = None
    system: str | None = None
    attachments: tuple[str, ...] = ()
    attachment_types: tuple[Attachment, ...] = ()
    model: str | None = None
    defaults: dict[str, JSON] = {}
    options: dict[str, JSON] = {}
    extract: bool | None = None
    extract_last: bool | None = None
    schema_object: dict[str, JSON] | None = None
    fragments: tuple[str, ...] = ()
    system_fragments: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    functions: str | None = None
