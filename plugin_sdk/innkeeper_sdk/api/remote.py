"""Models of other plugins, as objects of this process: what they are asked goes through the host."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from .embeddings import EmbeddingModel
from .host import current_host
from .models import AsyncModel, Model
from .parts import StreamEvent
from .prompt import Prompt
from .remote_options import options_class
from .response import AsyncResponse, Response

if TYPE_CHECKING:
    from innkeeper_protocol.payloads.embeddings import EmbeddingModelInfo
    from innkeeper_protocol.payloads.models import ModelInfo

END = object()


class _Remote:
    """What a model tells of itself, copied from what its plugin told the host."""

    def __init__(self, info: ModelInfo) -> None:
        self.info = info
        self.model_id = info.model_id
        self.can_stream = info.can_stream
        self.needs_key = info.needs_key
        self.key_env_var = info.key_env_var
        self.attachment_types: Iterable[str] = frozenset(info.attachment_types)
        self.supports_schema = info.supports_schema
        self.supports_tools = info.supports_tools
        self.Options = options_class(info.options_schema)
        self.key: str | None = None

    def get_key(self, explicit_key: str | None = None) -> str | None:
        """Return the key that was set or given: one that is stored is the model's own plugin's to know."""
        return self.key if self.key is not None else explicit_key

    def __str__(self) -> str:
        return self.info.label or self.info.model_id


class RemoteModel(_Remote, Model):
    """A sync model of another plugin."""

    def execute(
        self, prompt: Prompt, stream: bool, response: Response, conversation: Any
    ) -> Iterator[str | StreamEvent]:
        """Have the host ask the model."""
        key = self.get_key(response._key)
        yield from current_host().prompt_model(self.model_id, response, use_async=False, key=key)


class RemoteAsyncModel(_Remote, AsyncModel):
    """An async model of another plugin. What waits for the host is a thread, so the event loop goes on."""

    async def execute(
        self, prompt: Prompt, stream: bool, response: AsyncResponse, conversation: Any
    ) -> AsyncIterator[str | StreamEvent]:
        """Have the host ask the model."""
        import asyncio

        key = self.get_key(response._key)
        chunks = current_host().prompt_model(self.model_id, response, use_async=True, key=key)
        try:
            while (chunk := await asyncio.to_thread(next, chunks, END)) is not END:
                assert isinstance(chunk, (str, StreamEvent))
                yield chunk
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()


class RemoteEmbeddingModel(EmbeddingModel):
    """An embedding model of another plugin."""

    def __init__(self, info: EmbeddingModelInfo) -> None:
        self.info = info
        self.model_id = info.model_id
        self.supports_text = info.supports_text
        self.supports_binary = info.supports_binary
        self.batch_size = info.batch_size

    def embed_batch(self, items: Iterable[str | bytes], *, key: str | None = None) -> list[list[float]]:
        """Have the host ask the model."""
        return current_host().embed(self.model_id, list(items), key=key)

    def get_key(self, explicit_key: str | None = None) -> str | None:
        """Return the key that was set or given: one that is stored is the model's own plugin's to know."""
        return self.key if self.key is not None else explicit_key

    def __str__(self) -> str:
        return self.info.label or self.info.model_id
