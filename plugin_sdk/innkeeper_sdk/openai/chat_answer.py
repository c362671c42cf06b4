"""The answer of the chat completions API: what it says, piece by piece or at once, and what is known at its end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from innkeeper_sdk.api.parts import StreamEvent
from innkeeper_sdk.api.tools import ToolCall

from .data import plain
from .errors import AnswerIncomplete

NO_CHOICE = "the server's answer has nothing in its 'choices'"

OF_THE_FIRST_CHUNK = ("id", "object", "model", "created", "index")


class Combined:
    """The chunks of a stream, put together as one object for the log."""

    def __init__(self) -> None:
        self._content: list[str] = []
        self._role: str | None = None
        self._finish_reason: str | None = None
        self._logprobs: list[dict[str, Any]] = []
        self._of_first: dict[str, Any] | None = None
        self.usage: dict[str, Any] = {}

    def add(self, chunk: Any) -> None:
        """Take one chunk, of the chat API or of the older completions API."""
        if self._of_first is None:
            values = {name: getattr(chunk, name, None) for name in OF_THE_FIRST_CHUNK}
            self._of_first = {name: value for name, value in values.items() if value is not None}
        if chunk.usage:
            self.usage = chunk.usage.model_dump()
        for choice in chunk.choices or ():
            self._add_choice(choice)

    def _add_choice(self, choice: Any) -> None:
        if choice.logprobs and hasattr(choice.logprobs, "top_logprobs"):
            text = getattr(choice, "text", None)
            self._logprobs.append({"text": text, "top_logprobs": plain_value(choice.logprobs.top_logprobs)})
        delta = delta_of(choice)
        if delta is None:
            self._content.append(getattr(choice, "text", None) or "")
            return
        self._role = delta.role
        self._content.append(delta.content or "")
        if choice.finish_reason is not None:
            self._finish_reason = choice.finish_reason

    def as_dict(self) -> dict[str, Any]:
        """Return the one object."""
        combined: dict[str, Any] = {
            "content": "".join(self._content),
            "role": self._role,
            "finish_reason": self._finish_reason,
            "usage": plain(self.usage),
        }
        if self._logprobs:
            combined["logprobs"] = self._logprobs
        return {**combined, **(self._of_first or {})}


def combine_chunks(chunks: Iterable[Any]) -> dict[str, Any]:
    """Return the chunks of a stream as one object."""
    combined = Combined()
    for chunk in chunks:
        combined.add(chunk)
    return combined.as_dict()


def delta_of(choice: Any) -> Any:
    """Return what a choice adds. Servers that were asked for pieces and send all at once call it a message."""
    return getattr(choice, "delta", None) or getattr(choice, "message", None)


def plain_value(value: Any) -> Any:
    """Return *value* as JSON values, whichever package made it."""
    if hasattr(value, "model_dump"):
        return value.model_dump()
    if isinstance(value, list):
        return [plain_value(item) for item in value]
    return value


class ChatAnswer:
    """One streamed answer."""

    def __init__(self) -> None:
        self.combined = Combined()
        self._calls: dict[Any, _Call] = {}
        self._has_choice = False

    def feed(self, chunk: Any) -> Iterator[StreamEvent]:
        """Take one chunk; yield what it adds to the answer."""
        self.combined.add(chunk)
        self._has_choice = self._has_choice or bool(chunk.choices)
        delta = delta_of(chunk.choices[0]) if chunk.choices else None
        if not delta:
            return
        for piece in delta.tool_calls or ():
            yield from self._add_call(piece)
        if delta.content:
            yield StreamEvent("text", delta.content)

    def _add_call(self, piece: Any) -> Iterator[StreamEvent]:
        place = getattr(piece, "index", None)
        arguments = piece.function.arguments or ""
        call = self._calls.get(place)
        if call is None or place is None:
            call = _Call(piece.id, piece.function.name or "")
            self._calls[len(self._calls) if place is None else place] = call
            yield StreamEvent("tool_call_name", call.name, tool_call_id=call.id)
        if arguments:
            call.arguments.append(arguments)
            yield StreamEvent("tool_call_args", arguments, tool_call_id=call.id)

    def tool_calls(self) -> list[ToolCall]:
        """Return the calls that the model asked for, once the stream has ended. Raises AnswerIncomplete for one in
        which there was nothing.
        """
        if not self._has_choice:
            raise AnswerIncomplete(NO_CHOICE)
        return [ToolCall(call.name, arguments_of("".join(call.arguments)), call.id) for call in self._calls.values()]


class _Call:
    def __init__(self, call_id: str | None, name: str) -> None:
        self.id = call_id
        self.name = name
        self.arguments: list[str] = []


def arguments_of(written: str | None) -> dict[str, Any]:
    """Return a call's arguments; what is not JSON is kept as it came, under ``_raw``."""
    if not written:
        return {}
    try:
        arguments = json.loads(written)
    except json.JSONDecodeError:
        return {"_raw": written}
    return arguments if isinstance(arguments, dict) else {"_raw": written}


def whole_answer(completion: Any, response: Any) -> Iterator[StreamEvent]:
    """Yield what an answer that came at once says, and put its tool calls into *response*."""
    if not completion.choices:
        raise AnswerIncomplete(NO_CHOICE)
    message = completion.choices[0].message
    for call in message.tool_calls or ():
        response.add_tool_call(ToolCall(call.function.name, arguments_of(call.function.arguments), call.id))
        yield StreamEvent("tool_call_name", call.function.name or "", tool_call_id=call.id)
        yield StreamEvent("tool_call_args", call.function.arguments or "", tool_call_id=call.id)
    if message.content is not None:
        yield StreamEvent("text", message.content)


def reasoned_unseen(usage: Any, details: str) -> bool:
    """Tell whether the model thought without saying what: *usage* counts it in the map called *details*."""
    return bool(((usage or {}).get(details) or {}).get("reasoning_tokens"))
