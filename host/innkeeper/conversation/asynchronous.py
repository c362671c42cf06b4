"""The async side of models and their answers: the sync ones, read by threads while the event loop goes on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from innkeeper_protocol.payloads import models as wire
from innkeeper_protocol.payloads.content import ToolCall, ToolResult
from innkeeper_sdk.api.usage import Usage

from innkeeper.errors import UnknownModel
from innkeeper.remote.catalogue import Found
from innkeeper.remote.host import Host

from .conversation import Conversation
from .model import Model
from .response import Response

if TYPE_CHECKING:
    from innkeeper_sdk.api.parts import Message

    from .chain_async import AsyncChain
    from .prompt import Prompt
    from .tool_calls import AfterCall, BeforeCall

T = TypeVar("T")


class AsyncResponse:
    """An answer: ``async for`` gives text as it comes, ``await response.text()`` all of it. See `Response`."""

    def __init__(self, response: Response) -> None:
        self.response = response
        self.id = response.id

    @property
    def prompt(self) -> Prompt:
        """What the model is asked."""
        return self.response.prompt

    def __aiter__(self) -> AsyncIterator[str]:
        return self._texts()

    async def events(self) -> AsyncIterator[str | wire.ModelEvent]:
        """Yield everything the model streams: plain text as str, all else as events."""
        position = 0
        while await self._in_thread(partial(self.response.wait_for_more, position)):
            for event in self.response.events_from(position):
                position += 1
                yield event

    async def text(self) -> str:
        """Return the whole text."""
        return await self._in_thread(self.response.text)

    async def result(self) -> wire.PromptResult:
        """Return all that is known at the end, reading the answer first."""
        return await self._in_thread(self.response.result)

    async def usage(self) -> Usage:
        """Return what the answer cost, as far as the model says."""
        return await self._in_thread(self.response.usage)

    async def token_usage(self) -> str:
        """Return the usage in one line."""
        return await self._in_thread(self.response.token_usage)

    async def messages(self) -> list[Message]:
        """Return the answer as messages; nearly always one."""
        return await self._in_thread(self.response.messages)

    async def tool_calls(self) -> tuple[ToolCall, ...]:
        """Return the tool calls that the model asked for."""
        return (await self.result()).tool_calls

    async def execute_tool_calls(
        self, *, before_call: BeforeCall | None = None, after_call: AfterCall | None = None
    ) -> tuple[ToolResult, ...]:
        """Run the tool calls that the model asked for; async functions and callbacks on the event loop."""
        from .tool_calls_local import OnLoop

        awaiting = OnLoop(asyncio.get_running_loop())
        run = partial(
            self.response.execute_tool_calls, before_call=before_call, after_call=after_call, awaiting=awaiting
        )
        return await self._in_thread(run)

    async def json(self) -> Any:
        """Return the provider's own answer, as JSON values, or None."""
        return (await self.result()).response_json

    async def log(self, database: str | None = None) -> None:
        """Store it in the log. See `Response.log`."""
        await self._in_thread(lambda: self.response.log(database))

    def cancel(self) -> None:
        """Give up on it; so does a task that is cancelled while it reads."""
        self.response.cancel()

    def __await__(self) -> Generator[Any, None, AsyncResponse]:
        async def read() -> AsyncResponse:
            await self.result()
            return self

        return read().__await__()

    async def _texts(self) -> AsyncIterator[str]:
        async for event in self.events():
            if isinstance(event, str):
                yield event
            elif event.type == "text":
                yield event.chunk

    async def _in_thread(self, read: Callable[[], T]) -> T:
        return await outcome_of(in_thread(read), self.response.cancel)


async def outcome_of(work: asyncio.Future[T], cancel: Callable[[], None]) -> T:
    """Return what *work*, in a thread, gives. A task that is cancelled calls *cancel*, and waits for it to help."""
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        cancel()
        await asyncio.wait([work])
        if not work.cancelled():
            work.exception()
        raise


def in_thread(work: Callable[[], T]) -> asyncio.Future[T]:
    """Run *work* in a thread of its own; return the future of what it gives.

    The loop's own pool has some six threads on a small machine, and each may wait for a model for minutes. A daemon
    does not keep a program from ending.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def deliver(give: Callable[[Any], None], what: Any) -> None:
        def give_once() -> None:
            if not future.done():
                give(what)

        with suppress(RuntimeError):  # the loop was closed meanwhile, so nobody waits
            loop.call_soon_threadsafe(give_once)

    def run() -> None:
        try:
            value = work()
        except BaseException as error:  # noqa: BLE001  # raised where the future is awaited
            deliver(future.set_exception, error)
        else:
            deliver(future.set_result, value)

    threading.Thread(target=run, daemon=True, name="innkeeper-read").start()
    return future


class AsyncConversation:
    """Turns with one model that know of one another. See `Conversation`."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self.id = conversation.id

    @property
    def responses(self) -> list[AsyncResponse]:
        """The complete answers of this process, oldest first."""
        return [AsyncResponse(response) for response in self.conversation.responses]

    def prompt(self, text: str | None = None, **asked: Any) -> AsyncResponse:
        """Ask the next question. Nothing is sent before the answer is read."""
        return AsyncResponse(self.conversation.prompt(text, **asked))

    def chain(self, text: str | None = None, **asked: Any) -> AsyncChain:
        """Ask the next question, and run the tools that the model asks for. See `Conversation.chain`."""
        from .chain_async import AsyncChain

        return AsyncChain(self.conversation.chain(text, **asked))


class AsyncModel:
    """A model for code that runs on an event loop: the async variant of it. See `Model`.

    Raises UnknownModel for a model that has none.
    """

    def __init__(self, host: Host, found: Found) -> None:
        if not found.entry.get("async"):
            raise UnknownModel(
                f"Unknown async model (sync model exists): {found.model_id}",
                hint=f"Those that have one: llm models list --async. Plugin: {found.plugin.name}",
            )
        self.model = Model(host, found, use_async=True)
        self.model_id = self.model.model_id
        self.plugin = self.model.plugin

    def prompt(self, text: str | None = None, **asked: Any) -> AsyncResponse:
        """Ask one question. Nothing is sent before the answer is read."""
        return AsyncResponse(self.model.prompt(text, **asked))

    def chain(self, text: str | None = None, **asked: Any) -> AsyncChain:
        """Ask one question, and run the tools that the model asks for until it asks for no more."""
        return self.conversation().chain(text, **asked)

    def conversation(self, *, id: str | None = None, name: str | None = None) -> AsyncConversation:  # noqa: A002
        """Begin a conversation, or go on with the one that has *id*."""
        return AsyncConversation(self.model.conversation(id=id, name=name))

    def __str__(self) -> str:
        return str(self.model)

    def __repr__(self) -> str:
        return f"<AsyncModel {self.model_id!r} of plugin {self.plugin!r}>"
