"""llama.cpp, loaded once and only when first asked.

xllamacpp is llama.cpp's server as a library. It insists on a listening socket, so it gets a unix one in a private
directory; nobody ever connects to it, and its name is gone as soon as the server is up.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from typing import TYPE_CHECKING, Any

import llm

from .chat import CONTEXT_TOKENS
from .completion import Completion
from .weights import find_weights

if TYPE_CHECKING:
    import xllamacpp

PROMPT_BATCH_TOKENS = 256
"""How much of a prompt is read at once: under a second of work on a slow core, so a cancel is soon heard."""


class Engine:
    """The weights and the server that runs them. Any thread may ask; answers are made one after another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._server: xllamacpp.Server | None = None

    def complete(self, request: dict[str, Any]) -> Completion:
        """Start answering *request*. Loads the model first, which takes about 0.3 s.

        Raises:
            llm.ModelError: llama.cpp could not start.
        """
        with self._lock:
            if self._server is None:
                self._server = _start(find_weights())
        return Completion(self._server.handle_chat_completions, request)


def _start(weights: str) -> xllamacpp.Server:
    import xllamacpp

    room = tempfile.mkdtemp(prefix="smollm2-")
    params = xllamacpp.CommonParams()
    params.model.path = weights
    params.hostnames = [os.path.join(room, "llama.sock")]
    params.n_ctx = CONTEXT_TOKENS
    params.n_batch = params.n_ubatch = PROMPT_BATCH_TOKENS
    params.n_parallel = 1
    params.n_threads_http = 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = _cores()
    params.warmup = False  # the first prompt warms it up just as well
    params.fit_params = False  # there is no GPU to fit it into
    params.cache_ram_mib = 0
    params.verbosity = -1
    params.ui = False
    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        raise llm.ModelError(f"llama.cpp did not start: {error}") from error
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _cores() -> int:
    """Return how many cores this process may use, where the system says; else how many there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
