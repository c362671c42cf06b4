"""The async side of models and their answers: the sync ones, read by a thread while the event loop goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import Any, TypeVar

from innkeeper_protocol.payloads import models as wire
from innkeeper_sdk.api.usage import Usage

from innkeeper.remote.catalogue import Found
from innkeeper.remote.host import Host

from .conversation import Conversation
from .model import Model
from .response import Response

T = TypeVar("T")

_END: Any = object()


class AsyncResponse:
    """An answer: ``async for`` gives text as it comes, ``await response.text()`` all of it. See `Response`."""

    def __init__(self, response: Response) -> None:
        self.response = response

    def __aiter__(self) -> AsyncIterator[str]:
        return self._each(iter(self.response))

    def events(self) -> AsyncIterator[str | wire.ModelEvent]:
        """Yield everything the model streams: plain text as str, all else as events."""
        return self._each(self.response.events())

    async def text(self) -> str:
        """Return the whole text."""
        return await self._in_thread(self.response.text)

    async def result(self) -> wire.PromptResult:
        """Return all that is known at the end, reading the answer first."""
        return await self._in_thread(self.response.result)

    async def usage(self) -> Usage:
        """Return what the answer cost, as far as the model says."""
        return await self._in_thread(self.response.usage)

    async def messages(self) -> tuple[Any, ...]:
        """Return the answer as messages; nearly always one."""
        return (await self.result()).messages

    async def tool_calls(self) -> tuple[Any, ...]:
        """Return the tool calls that the model asked for."""
        return (await self.result()).tool_calls

    async def json(self) -> Any:
        """Return the provider's own answer, as JSON values, or None."""
        return (await self.result()).response_json

    def __await__(self) -> Generator[Any, None, AsyncResponse]:
        async def read() -> AsyncResponse:
            await self.result()
            return self

        return read().__await__()

    async def _each(self, items: Iterator[T]) -> AsyncIterator[T]:
        while (item := await self._in_thread(lambda: next(items, _END))) is not _END:
            yield item

    async def _in_thread(self, read: Callable[[], T]) -> T:
        """Run *read* in a thread. A task that is cancelled cancels the answer, and waits for the thread to notice."""
        reading = asyncio.ensure_future(asyncio.to_thread(read))
        try:
            return await asyncio.shield(reading)
        except asyncio.CancelledError:
            self.response.cancel()
            await asyncio.wait([reading])
            if not reading.cancelled():
                reading.exception()
            raise


class AsyncConversation:
    """Turns with one model that know of one another. See `Conversation`."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation

    def prompt(self, text: str | None = None, **asked: Any) -> AsyncResponse:
        """Ask the next question. Nothing is sent before the answer is read."""
        return AsyncResponse(self.conversation.prompt(text, **asked))


class AsyncModel:
    """A model for code that runs on an event loop; of a model with two variants, the async one. See `Model`."""

    def __init__(self, host: Host, found: Found) -> None:
        self.model = Model(host, found, use_async=bool(found.entry.get("async")))
        self.model_id = self.model.model_id
        self.plugin = self.model.plugin

    def prompt(self, text: str | None = None, **asked: Any) -> AsyncResponse:
        """Ask one question. Nothing is sent before the answer is read."""
        return AsyncResponse(self.model.prompt(text, **asked))

    def conversation(self, *, id: str | None = None, name: str | None = None) -> AsyncConversation:  # noqa: A002
        """Begin a conversation, or go on with the one that has *id*."""
        return AsyncConversation(self.model.conversation(id=id, name=name))

    def __str__(self) -> str:
        return str(self.model)

    def __repr__(self) -> str:
        return f"<AsyncModel {self.model_id!r} of plugin {self.plugin!r}>"
