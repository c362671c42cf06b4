"""One answer under way: llama.cpp's callbacks turned into an iterator that can be closed from any thread."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any

import llm

AHEAD_CHUNKS = 64
"""How far generation may run ahead of whoever reads it."""

STOP_S = 2.0
"""How long a closed completion waits for llama.cpp to stop: one batch of the prompt, at worst."""

Chunk = dict[str, Any]


class Completion:
    """The chunks of a chat completion, as they come. `close` stops the work; whoever makes one closes it.

    *ask* is ``Server.handle_chat_completions``: it blocks, hands each chunk to a function, and stops once that returns
    True. Iterating raises `llm.ModelError` when llama.cpp refused the request.
    """

    def __init__(self, ask: Callable[[Chunk, Callable[[Chunk], bool]], object], request: Chunk) -> None:
        self._chunks: queue.Queue[Chunk | BaseException | None] = queue.Queue(AHEAD_CHUNKS)
        self._stopped = threading.Event()
        self._worker = threading.Thread(target=self._work, args=(ask, request), name="llama.cpp", daemon=True)
        self._worker.start()

    def __iter__(self) -> Completion:
        return self

    def __next__(self) -> Chunk:
        chunk = None if self._stopped.is_set() else self._chunks.get()
        if chunk is None:
            self._stopped.set()
            raise StopIteration
        if isinstance(chunk, BaseException):
            raise llm.ModelError(f"llama.cpp refused the prompt: {chunk}") from chunk
        if "error" in chunk:
            raise llm.ModelError(_plain(chunk["error"]))
        return chunk

    def close(self) -> None:
        """Stop the work and wait until it has stopped. A thread that is waiting in ``next`` gets the end."""
        self._stopped.set()
        # First room for a worker that waits to hand over a chunk, then the end for a reader that waits for one.
        with contextlib.suppress(queue.Empty):
            while True:
                self._chunks.get_nowait()
        self._worker.join(STOP_S)
        with contextlib.suppress(queue.Full):
            self._chunks.put_nowait(None)

    def _work(self, ask: Callable[[Chunk, Callable[[Chunk], bool]], object], request: Chunk) -> None:
        end: BaseException | None = None
        try:
            ask(request, self._take)
        except Exception as error:  # noqa: BLE001 - raised again on the reading side
            end = error
        self._chunks.put(end)

    def _take(self, chunk: Chunk) -> bool:
        self._chunks.put(chunk)
        return self._stopped.is_set()


def _plain(error: Chunk) -> str:
    if error.get("type") == "exceed_context_size_error":
        return (
            f"the conversation is too long: {error['n_prompt_tokens']:,} tokens, and smollm2 holds {error['n_ctx']:,}. "
            "Start a new one, or ask with less text"
        )
    return f"llama.cpp refused the prompt: {error.get('message', error)}"
