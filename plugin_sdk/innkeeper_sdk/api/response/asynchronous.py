"""The answer of an async model."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator
from typing import Any

from innkeeper_sdk.api.parts import Message, StreamEvent
from innkeeper_sdk.api.tools.calls import ToolCall, ToolResult, with_id
from innkeeper_sdk.api.usage import Usage

from . import reply
from .base import ResponseBase
from .calling import async_chunks_of, call_execute, is_awaitable
from .synchronous import Response


class AsyncResponse(ResponseBase):
    """An async answer: ``async for`` gives text as it comes, ``await response.text()`` all of it."""

    _own_iteration: AsyncIterator[str] | None = None

    def __aiter__(self) -> AsyncIterator[str]:
        self._own_iteration = None
        return self._iterate()

    async def __anext__(self) -> str:
        if self._own_iteration is None:
            self._own_iteration = self._iterate()
        return await self._own_iteration.__anext__()

    async def _iterate(self) -> AsyncIterator[str]:
        async for event in self.astream_events():
            if event.type == "text":
                yield event.chunk

    async def astream_events(self) -> AsyncIterator[StreamEvent]:
        """Yield everything the model streams: text, reasoning, tool calls and results."""
        if self._done and not self._stream_events:
            for chunk in self._chunks:
                yield StreamEvent("text", chunk)
            return
        position = 0
        while True:
            while position < len(self._stream_events):
                position += 1
                yield self._stream_events[position - 1]
            if not await self._read_one():
                return

    async def _read_one(self) -> bool:
        """Take one chunk more from the model. Returns False, and ends the response, where there is none."""
        if self._done:
            return False
        self._begin()
        if self._live is None:
            self._live = async_chunks_of(self, call_execute(self))
        async for chunk in self._live:
            self._process_chunk(chunk)
            return True
        await self._finish()
        return False

    async def _finish(self) -> None:
        """End the response: enter it in its conversation and tell those who asked to be told."""
        self._end_now()
        for callback in self.done_callbacks:
            await self._tell(callback)

    async def _tell(self, callback: Any) -> None:
        """Call a function, sync or async, or await what is no function."""
        outcome = callback(self) if callable(callback) else callback
        if is_awaitable(outcome):
            await outcome

    async def _force(self) -> AsyncResponse:
        while await self._read_one():
            pass
        return self

    def __await__(self) -> Generator[Any, None, AsyncResponse]:
        return self._force().__await__()

    async def on_done(self, callback: Any) -> None:
        """Call *callback* with the response when it is complete; at once if it is. It may be async."""
        if self._done:
            await self._tell(callback)
        else:
            self.done_callbacks.append(callback)

    def _require_done(self, before: str = "") -> None:
        if not self._done:
            raise ValueError(f"Response not yet awaited{before and f': await it before {before}'}")

    async def text(self) -> str:
        """Return the whole text."""
        await self._force()
        return self._text()

    async def messages(self) -> list[Message]:
        """Return the answer as messages; nearly always one."""
        await self._force()
        return self._messages_now()

    async def tool_calls(self) -> list[ToolCall]:
        """Return the tool calls the model asked for."""
        await self._force()
        return self._tool_calls

    def text_or_raise(self) -> str:
        """Return the whole text. Raises ValueError before the answer is complete."""
        self._require_done()
        return self._text()

    def tool_calls_or_raise(self) -> list[ToolCall]:
        """Return the tool calls. Raises ValueError before the answer is complete."""
        self._require_done()
        return self._tool_calls

    async def json(self) -> Any:
        """Return the provider's own answer, as JSON values, or None."""
        await self._force()
        return self.response_json

    async def usage(self) -> Usage:
        """Return what the answer cost."""
        await self._force()
        return self._usage()

    async def duration_ms(self) -> int:
        """Return how long the answer took."""
        await self._force()
        return self._milliseconds()

    async def datetime_utc(self) -> str:
        """Return when the answer began, in ISO format."""
        await self._force()
        return self._started_at()

    async def execute_tool_calls(
        self,
        *,
        before_call: Callable[..., Any] | None = None,
        after_call: Callable[..., Any] | None = None,
        tool_calls_list: list[ToolCall] | None = None,
        tools: list[Any] | None = None,
    ) -> list[ToolResult]:
        """Run the tools the model asked for, or those of *tool_calls_list*; async ones at the same time.

        *tools* stand in for the prompt's own. What a tool raises becomes its result, except PauseChain, which is
        raised when all that was started has ended.
        """
        from innkeeper_sdk.api.tools.running_async import run_tool_calls

        calls = await self.tool_calls() if tool_calls_list is None else tool_calls_list
        return await run_tool_calls(calls, self.prompt.tools if tools is None else tools, before_call, after_call)

    async def execute_tool_call(self, tool_call: ToolCall) -> ToolResult:
        """Run one tool call, with the callbacks of this response."""
        calls = [with_id(tool_call)]
        results = await self.execute_tool_calls(
            before_call=self.before_call, after_call=self.after_call, tool_calls_list=calls
        )
        return results[0]

    async def reply(
        self,
        prompt: str | None = None,
        *,
        messages: list[Message] | None = None,
        tool_results: list[ToolResult] | None = None,
        options: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> AsyncResponse:
        """Go on from this answer with a prompt more. Open tool calls are run first, unless *tool_results* are given."""
        self._require_done("reply()")
        kwargs.setdefault("tools", self.prompt.tools or None)
        if tool_results is None and self._tool_calls:
            tool_results = await self.execute_tool_calls(tools=kwargs["tools"])
        chain = reply.chain(self, prompt, messages, tool_results)
        answer: AsyncResponse = self.model.prompt(messages=chain, options=options, **kwargs)
        return answer

    def to_dict(self) -> dict[str, Any]:
        """Return what it takes to go on from this answer later, elsewhere, as JSON values."""
        self._require_done("to_dict()")
        return reply.to_dict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any], *, model: Any = None) -> AsyncResponse:
        """Build the complete response that ``to_dict`` wrote. *model* stands in for the one named there."""
        if model is None:
            from innkeeper_sdk.api.catalogue import get_async_model

            model = get_async_model(data["model"])
        return reply.from_dict(cls, data, model)

    def log_to_db(self, db: Any) -> None:
        """Have the host log this answer. *db*, the database of the real ``llm``, is not used."""
        self._require_done("log_to_db()")
        reply.log(self)

    async def to_sync_response(self) -> Response:
        """Return the complete answer as a sync response: for code that reads answers and knows no ``await``."""
        await self._force()
        return self._to_sync_response()

    def _to_sync_response(self) -> Response:
        conversation = self.conversation.to_sync_conversation() if self.conversation else None
        response = Response(self.prompt, self.model, self.stream, conversation=conversation)
        kept = {
            name: value for name, value in vars(self).items() if name not in ("conversation", "_own_iteration", "_live")
        }
        for name, value in kept.items():
            setattr(response, name, list(value) if isinstance(value, list) else value)
        return response

    @classmethod
    def fake(cls, model: Any, prompt: str, *attachments: Any, system: str, response: str) -> AsyncResponse:
        """Return a complete answer that no model gave, for tests."""
        return reply.fake(cls, model, prompt, attachments, system=system, text=response)

    def __repr__(self) -> str:
        text = self._text() if self._done else "... not yet awaited ..."
        return f"<AsyncResponse prompt='{self.prompt.prompt}' text='{text}'>"
