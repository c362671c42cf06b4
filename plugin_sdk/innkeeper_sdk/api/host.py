"""The seam to the host: everything that a plugin's code asks for and cannot find in its own process.

The runtime sets its own implementation with ``set_host``. Without one (in a test, in a plain interpreter) there is
``NoHost``: keys come from environment variables, the user directory from ``LLM_USER_PATH``, and there are no models
but the plugin's own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from .errors import HostRequired

if TYPE_CHECKING:
    from pathlib import Path

    from innkeeper_protocol.payloads.host_services import (
        CollectionEntriesResult,
        CollectionParams,
        CollectionResult,
        CollectionSimilarParams,
        CollectionStoreParams,
        ListModelsResult,
        LogResponseParams,
    )

    from .parts import StreamEvent
    from .templates import Template
    from .tools import ToolOutput


class Answer(Protocol):
    """An answer of another plugin's model: an iterator over its pieces."""

    def __iter__(self) -> Iterator[str | StreamEvent]: ...
    def __next__(self) -> str | StreamEvent: ...
    def close(self) -> None:
        """Cancel the call, unless it is over. Any thread may, also while another waits for the next piece."""


class HostServices(Protocol):
    """What the host does for a plugin, within the plugin's grants."""

    def user_dir(self) -> Path:
        """Return the directory that is the plugin's to write in. It exists."""

    def get_key(self, name: str | None, env_var: str | None) -> str | None:
        """Return the key stored under *name*, or else what *env_var* holds, or None."""

    def list_models(self) -> ListModelsResult:
        """Return all models this plugin may call, the person's aliases and defaults."""

    def prompt_model(self, model_id: str, response: Any, *, use_async: bool, key: str | None) -> Answer:
        """Put *response.prompt* to a model of another plugin; return its answer as it comes.

        Fills in what is known at the end: tool calls, usage, resolved model, ``response_json``.
        """

    def embed(self, model_id: str, items: Sequence[str | bytes], *, key: str | None) -> list[list[float]]:
        """Embed *items* with an embedding model of another plugin."""

    def load_template(self, prefix: str, path: str) -> Template:
        """Load a template by another plugin's loader."""

    def load_fragments(self, prefix: str, argument: str) -> list[Any]:
        """Load fragments and attachments by another plugin's loader."""

    def run_tool(self, specification: str, name: str, arguments: dict[str, Any]) -> ToolOutput:
        """Run a tool of another plugin."""

    def set_alias(self, alias: str, model_id: str) -> None:
        """Let *alias* name *model_id*."""

    def set_default_model(self, model_id: str | None, *, embedding: bool) -> None:
        """Make *model_id* the default."""

    def log_response(self, record: LogResponseParams) -> None:
        """Write an exchange to the person's log."""

    def open_collection(self, params: CollectionParams) -> CollectionResult:
        """Find a collection of embeddings, or make it."""

    def store_in_collection(self, params: CollectionStoreParams) -> None:
        """Store a batch of entries."""

    def similar_in_collection(self, params: CollectionSimilarParams) -> CollectionEntriesResult:
        """Find the nearest entries."""

    def delete_collection(self, params: CollectionParams) -> None:
        """Delete a collection and what is in it."""


class NoHost:
    """What a plugin can have without a host."""

    def user_dir(self) -> Path:
        """Return ``LLM_USER_PATH``, or the directory that ``llm`` uses on this platform; made if need be."""
        from pathlib import Path

        named = os.environ.get("LLM_USER_PATH")
        if named:
            directory = Path(named)
        else:
            import click

            directory = Path(click.get_app_dir("io.datasette.llm"))
        directory.mkdir(parents=True, exist_ok=True)
        return directory

    def get_key(self, name: str | None, env_var: str | None) -> str | None:
        """Return what the environment variable holds."""
        return (os.environ.get(env_var) or None) if env_var else None

    def list_models(self) -> ListModelsResult:
        """Return no models."""
        from innkeeper_protocol.payloads.host_services import ListModelsResult

        return ListModelsResult()

    def prompt_model(self, model_id: str, response: Any, *, use_async: bool, key: str | None) -> NoReturn:
        raise _required(f"prompting model {model_id!r}")

    def embed(self, model_id: str, items: Sequence[str | bytes], *, key: str | None) -> NoReturn:
        raise _required(f"embedding with model {model_id!r}")

    def load_template(self, prefix: str, path: str) -> NoReturn:
        raise _required(f"loading template '{prefix}:{path}'")

    def load_fragments(self, prefix: str, argument: str) -> NoReturn:
        raise _required(f"loading fragment '{prefix}:{argument}'")

    def run_tool(self, specification: str, name: str, arguments: dict[str, Any]) -> NoReturn:
        raise _required(f"running tool {name!r}")

    def set_alias(self, alias: str, model_id: str) -> NoReturn:
        raise _required(f"setting alias {alias!r}")

    def set_default_model(self, model_id: str | None, *, embedding: bool) -> NoReturn:
        raise _required("setting the default model")

    def log_response(self, record: LogResponseParams) -> NoReturn:
        raise _required("logging a response")

    def open_collection(self, params: CollectionParams) -> NoReturn:
        raise _required(f"opening collection {params.name!r}")

    def store_in_collection(self, params: CollectionStoreParams) -> NoReturn:
        raise _required(f"storing in collection {params.name!r}")

    def similar_in_collection(self, params: CollectionSimilarParams) -> NoReturn:
        raise _required(f"searching collection {params.name!r}")

    def delete_collection(self, params: CollectionParams) -> NoReturn:
        raise _required(f"deleting collection {params.name!r}")


def _required(what: str) -> HostRequired:
    return HostRequired(f"{what} takes a host, and this process has none: it runs outside Innkeeper")


_current: HostServices = NoHost()


def current_host() -> HostServices:
    """Return the host that this process has."""
    return _current


def set_host(host: HostServices) -> None:
    """Make *host* the one that this process has. The runtime calls it once, before it loads the plugin."""
    global _current  # noqa: PLW0603  # a process has one host, and plugins call free functions
    _current = host


def user_dir() -> Path:
    """Return the directory where this plugin may keep files. It exists."""
    return current_host().user_dir()
