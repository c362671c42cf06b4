"""OpenAI's own models: the ids, other names and abilities that the real ``llm`` 0.36 gives them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from innkeeper_sdk.openai import AsyncChat, AsyncResponses, Chat, Completion, OpenAIEmbeddingModel, Responses


class Registered(NamedTuple):
    """One model in both variants, where it has both, and its other names."""

    model: Any
    async_model: Any
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> set[str]:
        """All that means this model."""
        return {self.model.model_id, *self.aliases}


Abilities = dict[str, Any]
"""Arguments with which a model is made."""

SERVED_SOON: Abilities = {"service_tier": True}
ABLE: Abilities = {**SERVED_SOON, "supports_schema": True, "supports_tools": True}
SEEING: Abilities = {**ABLE, "vision": True}

CHATS: dict[str, tuple[str, ...]] = {
    "gpt-4o": ("4o",),
    "gpt-4o-mini": ("4o-mini",),
    "gpt-4.1": ("4.1",),
    "gpt-4.1-mini": ("4.1-mini",),
    "gpt-4.1-nano": ("4.1-nano",),
}
"""Behind the chat completions API, with their other names."""

OLD_CHATS: dict[str, tuple[str, ...]] = {
    "gpt-3.5-turbo": ("3.5", "chatgpt"),
    "gpt-3.5-turbo-16k": ("chatgpt-16k", "3.5-16k"),
    "gpt-4": ("4", "gpt4"),
    "gpt-4-turbo-2024-04-09": (),
    "gpt-4-turbo": ("gpt-4-turbo-preview", "4-turbo", "4t"),
}
"""The same, for those that know neither schemas nor tools nor images."""

THINKING = {**SEEING, "reasoning": True}
TERSE = {**THINKING, "verbosity": True}
CLOSE_LOOKING = {**TERSE, "image_detail_original": True}

ANSWERING: list[tuple[Abilities, tuple[str, ...]]] = [
    ({**THINKING, "can_stream": False}, ("o1", "o1-2024-12-17")),
    ({**ABLE, "reasoning": True}, ("o3-mini",)),
    (THINKING, ("o3", "o4-mini")),
    (
        TERSE,
        (
            *("gpt-5", "gpt-5-mini", "gpt-5-nano"),
            *("gpt-5-2025-08-07", "gpt-5-mini-2025-08-07", "gpt-5-nano-2025-08-07"),
            *("gpt-5.1", "gpt-5.2", "gpt-5.2-chat-latest"),
        ),
    ),
    (
        CLOSE_LOOKING,
        (
            *("gpt-5.4", "gpt-5.4-2026-03-05"),
            *("gpt-5.4-mini", "gpt-5.4-mini-2026-03-17", "gpt-5.4-nano", "gpt-5.4-nano-2026-03-17"),
            *("gpt-5.5", "gpt-5.5-2026-04-23"),
            *("gpt-5.6-sol", "gpt-5.6-terra", "gpt-5.6-luna"),
            *("gpt-6-astra", "gpt-6-sol", "gpt-6-luna"),
        ),
    ),
]
"""Behind the responses API: abilities, and who has them."""

EMBEDDING: list[tuple[str, str, int | None, tuple[str, ...]]] = [
    ("text-embedding-ada-002", "text-embedding-ada-002", None, ("ada", "ada-002")),
    ("text-embedding-3-small", "text-embedding-3-small", None, ("3-small",)),
    ("text-embedding-3-large", "text-embedding-3-large", None, ("3-large",)),
    ("text-embedding-3-small-512", "text-embedding-3-small", 512, ("3-small-512",)),
    ("text-embedding-3-large-256", "text-embedding-3-large", 256, ("3-large-256",)),
    ("text-embedding-3-large-1024", "text-embedding-3-large", 1024, ("3-large-1024",)),
]
"""Id, name at OpenAI, how many numbers where it is fewer than all, other names."""


def own_models() -> Iterator[Registered]:
    """Yield them, the chats first."""
    for abilities, chats in ((SEEING, CHATS), (SERVED_SOON, OLD_CHATS)):
        for model_id, aliases in chats.items():
            yield Registered(Chat(model_id, **abilities), AsyncChat(model_id, **abilities), aliases)
    for abilities, model_ids in ANSWERING:
        for model_id in model_ids:
            yield Registered(Responses(model_id, **abilities), AsyncResponses(model_id, **abilities))
    instruct = Completion("gpt-3.5-turbo-instruct", default_max_tokens=256)
    yield Registered(instruct, None, ("3.5-instruct", "chatgpt-instruct"))


def embedding_models() -> Iterator[tuple[OpenAIEmbeddingModel, tuple[str, ...]]]:
    """Yield the embedding models with their other names."""
    for model_id, name_at_openai, dimensions, aliases in EMBEDDING:
        yield OpenAIEmbeddingModel(model_id, name_at_openai, dimensions), aliases
