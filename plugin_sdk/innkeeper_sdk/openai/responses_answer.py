"""The answer of the responses API: items (messages, reasoning, calls) that come event by event, or all at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from innkeeper_sdk.api.errors import ModelError
from innkeeper_sdk.api.parts import StreamEvent
from innkeeper_sdk.api.tools import ToolCall

from .chat_answer import arguments_of, plain_value
from .errors import AnswerCut
from .responses_input import PROVIDER

SEALED = ("id", "encrypted_content", "summary")
"""What of a reasoning item the API wants back with the next request."""

REASONING_PIECES = ("response.reasoning_summary_text.delta", "response.reasoning_text.delta")
REASONING_TEXTS = ("response.reasoning_summary_text.done", "response.reasoning_text.done")
LAST_EVENTS = ("response.completed", "response.incomplete")


class ResponsesAnswer:
    """One answer. *add_tool_call* is told the calls that *model* asks for; it has a say in what items become."""

    def __init__(self, model: Any, add_tool_call: Callable[[ToolCall], None]) -> None:
        self._model = model
        self.final: dict[str, Any] | None = None
        """The whole answer, as JSON values, once it has come."""
        self.had_reasoning = False
        self._add_tool_call = add_tool_call
        self._message = -1
        self._call_ids: dict[str, str] = {}
        self._told: set[str | None] = set()
        """Reasoning items whose text has come in pieces."""
        self._reasoning_events: dict[str, StreamEvent] = {}
        self._server_events: dict[str, list[StreamEvent]] = {}

    def feed(self, event: Any) -> Iterator[StreamEvent]:
        """Take one event of a stream; yield what it adds to the answer."""
        kind = getattr(event, "type", None)
        if kind is None:  # a server that knows no streams
            yield from self.take_whole(event)
        elif kind == "response.output_text.delta":
            yield self._event("text", event.delta)
        elif kind == "response.output_item.added":
            yield from self._begin(event.item)
        elif kind == "response.function_call_arguments.delta":
            yield self._event("tool_call_args", event.delta, tool_call_id=self._call_ids.get(event.item_id))
        elif kind in REASONING_PIECES:
            self._told.add(event.item_id)
            yield self._event("reasoning", event.delta)
        elif kind in REASONING_TEXTS:
            if event.text and event.item_id not in self._told:
                self._told.add(event.item_id)
                yield self._event("reasoning", event.text)
        elif kind == "response.output_item.done":
            yield from self._end(event.item)
        elif kind in LAST_EVENTS:
            self._complete(event.response)
        elif kind == "response.failed":
            raise failure_of(event.response)

    def finish(self) -> Iterator[StreamEvent]:
        """Yield, after a stream, the sealed reasoning once more: the one in the last event is what counts.

        Raises AnswerCut where that event did not come.
        """
        if self.final is None:
            raise AnswerCut("the server's answer ended before it was complete")
        for item in self.final.get("output") or ():
            told = self._reasoning_events.get(item.get("id")) if item.get("type") == "reasoning" else None
            sealed = {name: item[name] for name in SEALED if item.get(name)}
            if told is not None and told.part_index is not None and sealed:
                yield StreamEvent(
                    "reasoning",
                    "",
                    part_index=told.part_index,
                    provider_metadata={PROVIDER: sealed},
                    message_index=told.message_index,
                )

    def take_whole(self, answer: Any) -> Iterator[StreamEvent]:
        """Take an answer that came at once; yield what it says."""
        if answer.status == "failed":
            raise failure_of(answer)
        self.final = answer.model_dump()
        for item in answer.output or ():
            yield from self._begin(item)
            if item.type == "message":
                for content in item.content or ():
                    if getattr(content, "type", None) == "output_text" and content.text:
                        yield self._event("text", content.text)
            if item.type == "function_call":
                yield self._event("tool_call_args", item.arguments, tool_call_id=item.call_id)
            yield from self._end(item)

    @property
    def _message_index(self) -> int:
        return max(0, self._message)

    def _event(self, kind: str, chunk: str | None, **more: Any) -> StreamEvent:
        return StreamEvent(kind, chunk or "", message_index=self._message_index, **more)

    def _begin(self, item: Any) -> Iterator[StreamEvent]:
        """Each message after the first begins one of its own; what stands between two belongs to the one before."""
        if item.type == "message":
            self._message += 1
        elif item.type == "function_call":
            self._call_ids[item.id] = item.call_id
            yield self._event("tool_call_name", item.name, tool_call_id=item.call_id)

    def _end(self, item: Any) -> Iterator[StreamEvent]:
        if item.type == "reasoning":
            self.had_reasoning = True
            is_told = item.id is not None and item.id in self._told
            event = self._model._reasoning_event(item, include_text=not is_told)
            event.message_index = self._message_index
            if item.id:
                self._reasoning_events[item.id] = event
            yield event
        elif item.type == "function_call":
            self._add_tool_call(ToolCall(item.name, arguments_of(item.arguments), item.call_id))
        else:
            events = self._model._server_tool_events(item, self._message_index)
            item_id = getattr(item, "id", None)
            if item_id and events:
                self._server_events[item_id] = events
            yield from events

    def _complete(self, answer: Any) -> None:
        """Take the last event. What the provider's tools gave may be complete only now, and replaces what was told."""
        self.final = answer.model_dump()
        self._model._refresh_server_tool_events(answer.output, self._server_events)


def reasoning_event(item: Any, message_index: int, *, include_text: bool) -> StreamEvent:
    """Return the event of a reasoning item: what it is sealed as, and its text unless that was told already."""
    text = _reasoning_text(item) if include_text else ""
    sealed = {name: plain_value(getattr(item, name, None)) for name in SEALED}
    known = {name: value for name, value in sealed.items() if value}
    return StreamEvent(
        "reasoning",
        text,
        redacted=include_text and not text,
        provider_metadata={PROVIDER: known} if known else None,
        message_index=message_index,
    )


def server_tool_events(item: Any, message_index: int) -> list[StreamEvent]:
    """Return the events of what the provider ran by itself, the call and what it gave; none for other items."""
    kind = getattr(item, "type", None)
    if kind == "web_search_call":
        name, arguments = "web_search", plain_value(getattr(item, "action", None)) or {}
        found = [plain_value(result) for result in getattr(item, "results", None) or ()]
        output = json.dumps(found) if found else ""
    elif kind == "code_interpreter_call":
        name, arguments = "code_interpreter", {"code": getattr(item, "code", None) or ""}
        given = [plain_value(one) for one in getattr(item, "outputs", None) or ()]
        output = "\n".join(one.get("logs") or one.get("url") for one in given if one.get("logs") or one.get("url"))
    else:
        return []
    item_id = getattr(item, "id", None)
    by_server: dict[str, Any] = {"tool_call_id": item_id, "server_executed": True, "message_index": message_index}
    status = getattr(item, "status", None) or "completed"
    return [
        StreamEvent("tool_call_name", name, **by_server),
        StreamEvent("tool_call_args", json.dumps(arguments), **by_server),
        StreamEvent("tool_result", output or status, tool_name=name, **by_server),
    ]


def _reasoning_text(item: Any) -> str:
    parts = [*(getattr(item, "summary", None) or ()), *(getattr(item, "content", None) or ())]
    return "".join(getattr(part, "text", None) or "" for part in parts)


def failure_of(answer: Any) -> ModelError:
    """Return the error of an answer that the server gave up on."""
    error = getattr(answer, "error", None)
    words = getattr(error, "message", None) or "it does not say why"
    return ModelError(f"the server gave up on the answer: {words}")
