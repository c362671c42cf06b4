"""The async side of chains: the sync one, driven by threads while the event loop goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from innkeeper_protocol.payloads.models import ModelEvent

from .asynchronous import AsyncResponse, in_thread, outcome_of
from .chain import Chain, Seams
from .tool_calls_local import OnLoop

T = TypeVar("T")


class AsyncChain:
    """Responses that follow from one another; ``async for`` gives the text of all. See `Chain`.

    Functions of the program that are async run on the event loop; those that are not, and callbacks, in a thread.
    """

    def __init__(self, chain: Chain) -> None:
        self.chain = chain

    async def responses(self) -> AsyncIterator[AsyncResponse]:
        """Yield each response, to be read before the next is asked for. Raises as `Chain.responses`."""
        self.chain.awaiting = OnLoop(asyncio.get_running_loop())
        responses = self.chain.responses()
        try:
            while (response := await self._in_thread(lambda: next(responses, None))) is not None:
                yield AsyncResponse(response)
        finally:
            await self._in_thread(responses.close)

    async def events(self) -> AsyncIterator[str | ModelEvent]:
        """Yield the events of every response, with a space where two texts would run into one another."""
        seams = Seams()
        async for response in self.responses():
            seams.begin()
            async for event in response.events():
                for space in seams.before(event):
                    yield space
                yield event

    async def __aiter__(self) -> AsyncIterator[str]:
        async for event in self.events():
            if isinstance(event, str):
                yield event
            elif event.type == "text":
                yield event.chunk

    async def text(self) -> str:
        """Return the text of all responses."""
        return "".join([text async for text in self])

    @property
    def completed(self) -> list[AsyncResponse]:
        """The responses that are complete."""
        return [AsyncResponse(response) for response in self.chain.completed]

    def cancel(self) -> None:
        """Give up on it; so does a task that is cancelled while it reads."""
        self.chain.cancel()

    async def _in_thread(self, step: Callable[[], T]) -> T:
        return await outcome_of(in_thread(step), self.chain.cancel)
