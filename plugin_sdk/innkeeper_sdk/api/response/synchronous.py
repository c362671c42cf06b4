"""The answer of a sync model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from innkeeper_sdk.api.parts import Message, StreamEvent
from innkeeper_sdk.api.tools.calls import ToolCall, ToolResult, with_id
from innkeeper_sdk.api.usage import Usage

from . import reply
from .base import ResponseBase
from .calling import call_execute, chunks_of


class Response(ResponseBase):
    """A sync answer: iterate it for text as it comes, or ask for ``text()``. What was read can be read again."""

    def __iter__(self) -> Iterator[str]:
        for event in self.stream_events():
            if event.type == "text":
                yield event.chunk

    def stream_events(self) -> Iterator[StreamEvent]:
        """Yield everything the model streams: text, reasoning, tool calls and results."""
        if self._done and not self._stream_events:
            yield from (StreamEvent("text", chunk) for chunk in self._chunks)
            return
        position = 0
        while True:
            while position < len(self._stream_events):
                position += 1
                yield self._stream_events[position - 1]
            if not self._read_one():
                return

    def _read_one(self) -> bool:
        """Take one chunk more from the model. Returns False, and ends the response, where there is none."""
        if self._done:
            return False
        self._begin()
        if self._live is None:
            self._live = chunks_of(self, call_execute(self))
        for chunk in self._live:
            self._process_chunk(chunk)
            return True
        self._finish()
        return False

    def _finish(self) -> None:
        """End the response: enter it in its conversation and tell those who asked to be told."""
        self._end_now()
        for callback in self.done_callbacks:
            callback(self)

    def _force(self) -> None:
        while self._read_one():
            pass

    def on_done(self, callback: Callable[[Response], Any]) -> None:
        """Call *callback* with the response when it is complete; at once if it is."""
        if self._done:
            callback(self)
        else:
            self.done_callbacks.append(callback)

    def text(self) -> str:
        """Return the whole text."""
        self._force()
        return self._text()

    def messages(self) -> list[Message]:
        """Return the answer as messages; nearly always one."""
        self._force()
        return self._messages_now()

    def tool_calls(self) -> list[ToolCall]:
        """Return the tool calls the model asked for."""
        self._force()
        return self._tool_calls

    def text_or_raise(self) -> str:
        """Return the whole text. The name is the async response's, so that one code can serve both."""
        return self.text()

    def tool_calls_or_raise(self) -> list[ToolCall]:
        """Return the tool calls. The name is the async response's, so that one code can serve both."""
        return self.tool_calls()

    def json(self) -> Any:
        """Return the provider's own answer, as JSON values, or None."""
        self._force()
        return self.response_json

    def usage(self) -> Usage:
        """Return what the answer cost."""
        self._force()
        return self._usage()

    def duration_ms(self) -> int:
        """Return how long the answer took."""
        self._force()
        return self._milliseconds()

    def datetime_utc(self) -> str:
        """Return when the answer began, in ISO format."""
        self._force()
        return self._started_at()

    def execute_tool_calls(
        self,
        *,
        before_call: Callable[..., Any] | None = None,
        after_call: Callable[..., Any] | None = None,
        tool_calls_list: list[ToolCall] | None = None,
        tools: list[Any] | None = None,
    ) -> list[ToolResult]:
        """Run the tools the model asked for, or those of *tool_calls_list*, one after the other.

        *tools* stand in for the prompt's own. What a tool raises becomes its result, except PauseChain.
        """
        from innkeeper_sdk.api.tools.running import run_tool_calls

        calls = self.tool_calls() if tool_calls_list is None else tool_calls_list
        return run_tool_calls(calls, self.prompt.tools if tools is None else tools, before_call, after_call)

    def execute_tool_call(self, tool_call: ToolCall) -> ToolResult:
        """Run one tool call, with the callbacks of this response."""
        calls = [with_id(tool_call)]
        return self.execute_tool_calls(before_call=self.before_call, after_call=self.after_call, tool_calls_list=calls)[
            0
        ]

    def reply(
        self,
        prompt: str | None = None,
        *,
        messages: list[Message] | None = None,
        tool_results: list[ToolResult] | None = None,
        options: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> Response:
        """Go on from this answer with a prompt more. Open tool calls are run first, unless *tool_results* are given."""
        self._force()
        kwargs.setdefault("tools", self.prompt.tools or None)
        if tool_results is None and self._tool_calls:
            tool_results = self.execute_tool_calls(tools=kwargs["tools"])
        chain = reply.chain(self, prompt, messages, tool_results)
        answer: Response = self.model.prompt(messages=chain, options=options, **kwargs)
        return answer

    def to_dict(self) -> dict[str, Any]:
        """Return what it takes to go on from this answer later, elsewhere, as JSON values."""
        self._force()
        return reply.to_dict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any], *, model: Any = None) -> Response:
        """Build the complete response that ``to_dict`` wrote. *model* stands in for the one named there."""
        if model is None:
            from innkeeper_sdk.api.catalogue import get_model

            model = get_model(data["model"])
        return reply.from_dict(cls, data, model)

    def log_to_db(self, db: Any) -> None:
        """Have the host log this answer. *db*, the database of the real ``llm``, is not used."""
        self._force()
        reply.log(self)

    @classmethod
    def fake(cls, model: Any, prompt: str, *attachments: Any, system: str, response: str) -> Response:
        """Return a complete answer that no model gave, for tests."""
        return reply.fake(cls, model, prompt, attachments, system=system, text=response)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        text = self._text() if self._done else "... not yet done ..."
        return f"<Response prompt='{self.prompt.prompt}' text='{text}'>"
