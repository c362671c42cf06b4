"""llama.cpp's callbacks as an iterator: order, end, refusal, and closing from any thread."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Any

import pytest

Take = Callable[[dict[str, Any]], bool]
WAIT_S = 10.0


def complete(ask: Callable[[dict[str, Any], Take], None]) -> Any:
    from innkeeper_local.completion import Completion

    return Completion(ask, {"messages": []})


def test_chunks_come_in_order_and_then_the_end() -> None:
    def ask(request: dict[str, Any], take: Take) -> None:
        for number in range(200):
            assert take({"number": number}) is False

    completion = complete(ask)

    assert list(completion) == [{"number": number} for number in range(200)]
    assert list(completion) == []


def test_close_stops_the_work() -> None:
    stopped = threading.Event()

    def ask(request: dict[str, Any], take: Take) -> None:
        for number in itertools.count():
            if take({"number": number}):
                stopped.set()
                return

    completion = complete(ask)
    assert next(completion) == {"number": 0}

    completion.close()

    assert stopped.is_set()
    assert list(completion) == []


def test_close_wakes_a_reader_on_another_thread() -> None:
    asked, closing = threading.Event(), threading.Event()
    read: list[object] = []

    def ask(request: dict[str, Any], take: Take) -> None:
        asked.set()
        closing.wait(WAIT_S)
        take({"late": True})

    completion = complete(ask)
    reader = threading.Thread(target=lambda: read.extend(completion))
    reader.start()
    asked.wait(WAIT_S)
    closer = threading.Thread(target=completion.close)
    closer.start()
    closing.set()

    reader.join(WAIT_S)
    closer.join(WAIT_S)

    assert not reader.is_alive()
    assert read in ([], [{"late": True}])


def test_too_long_a_conversation_is_told_in_tokens() -> None:
    import llm

    def ask(request: dict[str, Any], take: Take) -> None:
        take({"error": {"type": "exceed_context_size_error", "n_prompt_tokens": 6031, "n_ctx": 4096, "message": "-"}})

    with pytest.raises(llm.ModelError, match="too long: 6,031 tokens, and smollm2 holds 4,096"):
        list(complete(ask))


def test_exception_of_the_library_is_a_refusal() -> None:
    import llm

    def ask(request: dict[str, Any], take: Take) -> None:
        raise ValueError("JSON schema error")

    with pytest.raises(llm.ModelError, match=r"llama\.cpp refused the prompt: JSON schema error"):
        list(complete(ask))
