"""What a plugin registers: the answer to ``plugin/describe``, which the host caches as the plugin's manifest."""

from __future__ import annotations

from .base import Payload
from .commands import CommandInfo
from .embeddings import EmbeddingModelInfo
from .models import ModelInfo
from .templates import LoaderInfo
from .tools import ToolboxInfo, ToolInfo


class PermissionRequest(Payload, frozen=True, kw_only=True):
    """What a plugin says it needs. A request grants nothing. *net* entries are ``host`` or ``host:port``."""

    net: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    databases: tuple[str, ...] = ()
    terminal: bool = False
    memory_bytes: int | None = None
    reason: str = ""


class Problem(Payload, frozen=True, kw_only=True):
    """A hook, or an import, that failed; the plugin's other hooks still count. *message*: ``Type: text``."""

    where: str
    message: str


class Description(Payload, frozen=True, kw_only=True):
    """Everything one plugin registers. *hooks* are the names of the hooks it implements, sorted.

    *imported_files* are source files below site-packages that describing it imported: worth compiling.
    *registration_files* are files outside the environment that the hooks read: when one changes, describe again.
    """

    hooks: tuple[str, ...] = ()
    models: tuple[ModelInfo, ...] = ()
    embedding_models: tuple[EmbeddingModelInfo, ...] = ()
    commands: tuple[CommandInfo, ...] = ()
    template_loaders: tuple[LoaderInfo, ...] = ()
    fragment_loaders: tuple[LoaderInfo, ...] = ()
    tools: tuple[ToolInfo, ...] = ()
    toolboxes: tuple[ToolboxInfo, ...] = ()
    permissions: PermissionRequest | None = None
    problems: tuple[Problem, ...] = ()
    imported_files: tuple[str, ...] = ()
    registration_files: tuple[str, ...] = ()
