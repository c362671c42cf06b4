"""Chains: a model answers, its tools are run, their results go back to it, until it asks for no more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from .message_chain import attachments_of, open_tool_calls, tool_turn
from .parts import Message, StreamEvent
from .prompt import Prompt
from .response import AsyncResponse, Response
from .response.base import ResponseBase
from .tools.calls import ToolCall, ToolResult


class ChainBase:
    """What sync and async chains share: how one turn follows from the one before."""

    def __init__(  # noqa: PLR0917  # the positions plugins know
        self,
        prompt: Prompt,
        model: Any,
        stream: bool,
        conversation: Any,
        key: str | None = None,
        chain_limit: int | None = 10,
        before_call: Callable[..., Any] | None = None,
        after_call: Callable[..., Any] | None = None,
    ) -> None:
        self.prompt = prompt
        self.model = model
        self.stream = stream
        self.conversation = conversation
        self.chain_limit = chain_limit
        self.before_call = before_call
        self.after_call = after_call
        self._key = key
        self._responses: list[Any] = []

    def _settings(self) -> dict[str, Any]:
        return {
            "conversation": self.conversation,
            "key": self._key,
            "before_call": self.before_call,
            "after_call": self.after_call,
        }

    def _open_calls(self) -> list[ToolCall]:
        """Return the calls that the given messages end in: a chain that was paused goes on with them."""
        return open_tool_calls(self.prompt.messages) if self.prompt.tools else []

    def _prompt_with(self, before: list[Message], previous: Prompt, results: list[ToolResult]) -> Prompt:
        """Return the prompt that brings *results* to the model."""
        return Prompt(
            "",
            self.model,
            tools=previous.tools,
            tool_results=results,
            messages=[*before, *tool_turn(results)],
            system=self.prompt._system,
            system_fragments=self.prompt.system_fragments,
            options=self.prompt.options,
            attachments=attachments_of(results),
            hide_reasoning=previous.hide_reasoning,
        )

    def _resumed(self, results: list[ToolResult]) -> Prompt:
        return self._prompt_with(self.prompt.messages, self.prompt, results)

    def _next(self, response: ResponseBase, results: list[ToolResult]) -> Prompt:
        return self._prompt_with([*response.prompt.messages, *response._messages_now()], response.prompt, results)

    def _count(self, response: ResponseBase) -> None:
        """Keep *response*. Raises ValueError when the chain has become as long as it may."""
        self._responses.append(response)
        if self.chain_limit and len(self._responses) >= self.chain_limit:
            raise ValueError(f"Chain limit of {self.chain_limit} exceeded.")


class ChainResponse(ChainBase):
    """A chain of sync responses. Iterate it for the text of all, or ask for ``responses()`` one by one."""

    def responses(self) -> Iterator[Response]:
        """Yield each response, to be read before the next is asked for. Raises PauseChain where a tool pauses."""
        response = Response(self.prompt, self.model, self.stream, **self._settings())
        calls = self._open_calls()
        if calls:
            results = self._run(response, calls)
            response = Response(self._resumed(results), self.model, self.stream, **self._settings())
        while True:
            yield response
            self._count(response)
            results = self._run(response, None)
            if not results:
                return
            response = Response(self._next(response, results), self.model, self.stream, **self._settings())

    def _run(self, response: Response, calls: list[ToolCall] | None) -> list[ToolResult]:
        return response.execute_tool_calls(
            before_call=self.before_call, after_call=self.after_call, tool_calls_list=calls
        )

    def stream_events(self) -> Iterator[StreamEvent]:
        """Yield the events of every response, with a space where two texts would run into one another."""
        seams = _Seams()
        for response in self.responses():
            seams.begin()
            for event in response.stream_events():
                yield from seams.before(event)
                yield event

    def __iter__(self) -> Iterator[str]:
        for event in self.stream_events():
            if event.type == "text" and event.chunk:
                yield event.chunk

    def text(self) -> str:
        """Return the text of all responses."""
        return "".join(self)

    def log_to_db(self, db: Any) -> None:
        """Have the host log every response of the chain."""
        for response in self._responses:
            response.log_to_db(db)


class AsyncChainResponse(ChainBase):
    """A chain of async responses."""

    async def responses(self) -> AsyncIterator[AsyncResponse]:
        """Yield each response, to be read before the next is asked for. Raises PauseChain where a tool pauses."""
        response = AsyncResponse(self.prompt, self.model, self.stream, **self._settings())
        calls = self._open_calls()
        if calls:
            results = await self._run(response, calls)
            response = AsyncResponse(self._resumed(results), self.model, self.stream, **self._settings())
        while True:
            yield response
            self._count(response)
            results = await self._run(response, None)
            if not results:
                return
            response = AsyncResponse(self._next(response, results), self.model, self.stream, **self._settings())

    async def _run(self, response: AsyncResponse, calls: list[ToolCall] | None) -> list[ToolResult]:
        return await response.execute_tool_calls(
            before_call=self.before_call, after_call=self.after_call, tool_calls_list=calls
        )

    async def astream_events(self) -> AsyncIterator[StreamEvent]:
        """Yield the events of every response, with a space where two texts would run into one another."""
        seams = _Seams()
        async for response in self.responses():
            seams.begin()
            async for event in response.astream_events():
                for space in seams.before(event):
                    yield space
                yield event

    async def __aiter__(self) -> AsyncIterator[str]:
        async for event in self.astream_events():
            if event.type == "text" and event.chunk:
                yield event.chunk

    async def text(self) -> str:
        """Return the text of all responses."""
        return "".join([chunk async for chunk in self])

    def log_to_db(self, db: Any) -> None:
        """Have the host log every response of the chain."""
        for response in self._responses:
            response.log_to_db(db)


class _Seams:
    """Finds where the text of one response would run into the text of the next. The space is for show, never kept."""

    def __init__(self) -> None:
        self._last = " "
        self._at_start = True

    def begin(self) -> None:
        """Note that a response begins."""
        self._at_start = True

    def before(self, event: StreamEvent) -> Iterator[StreamEvent]:
        """Yield the space that belongs before *event*, if any."""
        if event.type != "text" or not event.chunk:
            return
        if self._at_start and not self._last.isspace() and not event.chunk[0].isspace():
            yield StreamEvent("text", " ")
        self._at_start = False
        self._last = event.chunk[-1]
