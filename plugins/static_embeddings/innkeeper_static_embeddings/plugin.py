"""What this plugin registers: one embedding model."""

from __future__ import annotations

from collections.abc import Callable

import llm

from .model import WordLlama


@llm.hookimpl
def register_embedding_models(register: Callable[..., None]) -> None:
    register(WordLlama())
