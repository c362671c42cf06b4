"""SmolLM2-135M-Instruct as `llm` sees it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import llm

from .chat import chat_request
from .completion import Chunk, Completion
from .engine import Engine
from .options import SmolLM2Options, sampling


class _Shared:
    model_id = "smollm2"
    can_stream = True
    supports_schema = True
    Options = SmolLM2Options

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def _ask(self, prompt: llm.Prompt) -> Completion:
        return self._engine.complete(chat_request(prompt, sampling(prompt.options)))


class SmolLM2(_Shared, llm.Model):
    def execute(
        self, prompt: llm.Prompt, stream: bool, response: llm.Response, conversation: llm.Conversation | None = None
    ) -> Iterator[str]:
        completion = self._ask(prompt)
        try:
            texts = (_take(chunk, response) for chunk in completion)
            yield from (text for text in texts if text) if stream else ["".join(texts)]
        finally:
            completion.close()


class AsyncSmolLM2(_Shared, llm.AsyncModel):
    async def execute(
        self,
        prompt: llm.Prompt,
        stream: bool,
        response: llm.AsyncResponse,
        conversation: llm.AsyncConversation | None = None,
    ) -> AsyncIterator[str]:
        """llama.cpp answers on threads of its own; wait for each chunk on one that is not the event loop's."""
        completion = await asyncio.to_thread(self._ask, prompt)
        try:
            gathered = []
            while chunk := await asyncio.to_thread(next, completion, None):
                text = _take(chunk, response)
                if text and stream:
                    yield text
                gathered.append(text)
            if not stream:
                yield "".join(gathered)
        finally:
            completion.close()


def _take(chunk: Chunk, response: Any) -> str:
    """Return the text in *chunk*, which may be none; note on *response* the usage that the last one carries."""
    if usage := chunk.get("usage"):
        response.set_usage(input=usage["prompt_tokens"], output=usage["completion_tokens"])
    return "".join(choice["delta"].get("content") or "" for choice in chunk["choices"])
