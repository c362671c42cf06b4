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

    from .host import Answer

END = object()


class Described:
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
        self.supports_conversation = info.supports_conversation
        self.Options = options_class(info.options_schema)
        self.key: str | None = None

    def get_key(self, explicit_key: str | None = None) -> str | None:
        """Return the key that was set or given: one that is stored is the model's own plugin's to know."""
        return self.key if self.key is not None else explicit_key

    def __str__(self) -> str:
        return self.info.label or self.info.model_id


class RemoteModel(Described, Model):
    """A sync model of another plugin."""

    def execute(
        self, prompt: Prompt, stream: bool, response: Response, conversation: Any
    ) -> Iterator[str | StreamEvent]:
        """Have the host ask the model."""
        key = self.get_key(response._key)
        yield from current_host().prompt_model(self.model_id, response, use_async=False, key=key)


class RemoteAsyncModel(Described, AsyncModel):
    """An async model of another plugin. What waits for the host is a thread, so the event loop goes on."""

    async def execute(
        self, prompt: Prompt, stream: bool, response: AsyncResponse, conversation: Any
    ) -> AsyncIterator[str | StreamEvent]:
        """Have the host ask the model."""
        answer = _AnswerElsewhere(self.model_id, response, self.get_key(response._key))
        try:
            while (piece := await answer.next_piece()) is not END:
                yield piece
        finally:
            answer.close()


class _AnswerElsewhere:
    """An answer that is waited for on a thread, while the event loop goes on.

    The thread is its own: those of the loop's default pool are few, and each would wait for as long as a model thinks.
    """

    def __init__(self, model_id: str, response: AsyncResponse, key: str | None) -> None:
        from concurrent.futures import ThreadPoolExecutor
        from contextvars import copy_context

        self._ask = (model_id, response)
        self._key = key
        self._host = current_host()
        self._context = copy_context()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="innkeeper-remote")
        self._answer: Answer | None = None

    async def next_piece(self) -> Any:
        """Return the next piece, or END."""
        import asyncio

        return await asyncio.get_running_loop().run_in_executor(self._thread, self._context.run, self._wait)

    def close(self) -> None:
        """Cancel the call; a thread that still waits for it is let go."""
        self._close_if_asked()
        self._thread.submit(self._close_if_asked)  # it may be asking just now
        self._thread.shutdown(wait=False)

    def _wait(self) -> Any:
        if self._answer is None:
            self._answer = self._host.prompt_model(*self._ask, use_async=True, key=self._key)
        return next(self._answer, END)

    def _close_if_asked(self) -> None:
        if self._answer is not None:
            self._answer.close()


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
