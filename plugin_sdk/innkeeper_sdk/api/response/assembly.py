"""Putting messages together from the events that a model streamed.

First each event is told which part it belongs to (``PartIndexes``), as it comes; at the end ``assemble`` makes the
parts and sorts them into messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from innkeeper_sdk.api.parts import Part, ReasoningPart, StreamEvent, TextPart, ToolCallPart, ToolResultPart
from innkeeper_sdk.api.tools.calls import ToolCall

FAMILIES = {"tool_call_name": "tool_call", "tool_call_args": "tool_call"}
"""Event types whose parts go by another name than the type itself."""


def family(event: StreamEvent) -> str:
    """Return the kind of part that *event* belongs to."""
    return FAMILIES.get(event.type, event.type)


class PartIndexes:
    """Gives each event that says nothing of its own the number of its part.

    Runs of text are one part, runs of reasoning another; the pieces of a tool call find each other by its id; a
    tool's result is always a part of its own, and nothing reaches across the border of a message.
    """

    def __init__(self) -> None:
        self._highest = -1
        self._last: int | None = None
        self._last_family: str | None = None
        self._last_message = 0
        self._of_tool_call: dict[str, int] = {}

    def place(self, event: StreamEvent) -> None:
        """Set ``event.part_index`` where it is None, and remember it either way."""
        own_family = family(event)
        if event.message_index != self._last_message:
            self._last = self._last_family = None
            self._last_message = event.message_index
        if event.part_index is None:
            event.part_index = self._find(event, own_family)
        self._highest = max(self._highest, event.part_index)
        self._last, self._last_family = event.part_index, own_family
        if own_family == "tool_call" and event.tool_call_id:
            self._of_tool_call[event.tool_call_id] = event.part_index

    def _find(self, event: StreamEvent, own_family: str) -> int:
        if own_family == "tool_call" and event.tool_call_id:
            return self._of_tool_call.get(event.tool_call_id, self._highest + 1)
        # A provider without ids: arguments follow their call's name, and a name begins the next call.
        continues = event.type not in ("tool_call_name", "tool_result")
        if continues and own_family == self._last_family and self._last is not None:
            return self._last
        return self._highest + 1


def assemble(events: Sequence[StreamEvent], chunks: Sequence[str], tool_calls: Sequence[ToolCall]) -> list[list[Part]]:
    """Return the parts of each message of an answer.

    *events* are the whole answer where there are any; an answer read back from storage has only its text, *chunks*.
    *tool_calls* that no event told of are put at the end. Raises ValueError where a model gave one part index to
    different kinds of content.
    """
    messages = _messages(events) if events else [_text_only(chunks)]
    known = {part.tool_call_id for parts in messages for part in parts if isinstance(part, ToolCallPart)} - {None}
    messages[-1] += [
        ToolCallPart(call.name, call.arguments or {}, call.tool_call_id)
        for call in tool_calls
        if call.tool_call_id not in known
    ]
    return [_withheld_first(parts) for parts in messages if parts]


def _text_only(chunks: Sequence[str]) -> list[Part]:
    text = "".join(chunks)
    return [TextPart(text)] if text else []


def _messages(events: Sequence[StreamEvent]) -> list[list[Part]]:
    """Return the parts by message, both in the order in which they were first seen. There is at least one message."""
    by_part: dict[int | None, list[StreamEvent]] = {}
    for event in events:
        by_part.setdefault(event.part_index, []).append(event)
    by_message: dict[int, list[Part]] = {}
    for index, pieces in by_part.items():
        part = _part(index, pieces)
        if part is not None:
            by_message.setdefault(pieces[0].message_index, []).append(part)
    return list(by_message.values()) or [[]]


def _part(index: int | None, pieces: Sequence[StreamEvent]) -> Part | None:
    """Make one part; None where there is nothing in it."""
    kind = family(pieces[0])
    for piece in pieces:
        if family(piece) != kind:
            raise ValueError(
                f"part {index} of the answer began as {pieces[0].type!r} and cannot go on as {piece.type!r}: "
                "the model has to give each kind of content a part_index of its own, or none"
            )
    metadata = _metadata(pieces)
    text = "".join(piece.chunk for piece in pieces)
    if kind == "text":
        return TextPart(text, metadata) if text else None
    if kind == "reasoning":
        redacted = any(piece.redacted for piece in pieces)
        return ReasoningPart(text, redacted, metadata) if text or redacted or metadata else None
    tool_call_id = next((piece.tool_call_id for piece in pieces if piece.tool_call_id), None)
    by_server = any(piece.server_executed for piece in pieces)
    if kind == "tool_call":
        name = "".join(piece.chunk for piece in pieces if piece.type == "tool_call_name")
        arguments = _arguments("".join(piece.chunk for piece in pieces if piece.type == "tool_call_args"))
        return ToolCallPart(name, arguments, tool_call_id, by_server, metadata)
    if kind == "tool_result":
        name = next((piece.tool_name for piece in pieces if piece.tool_name), "")
        return ToolResultPart(name, text, tool_call_id, by_server, provider_metadata=metadata)
    return None


def _arguments(written: str) -> dict[str, Any]:
    """Return a call's arguments; what is not JSON is kept as it came, under ``_raw``."""
    if not written:
        return {}
    import json

    try:
        arguments: dict[str, Any] = json.loads(written)
    except json.JSONDecodeError:
        return {"_raw": written}
    return arguments


def _metadata(pieces: Sequence[StreamEvent]) -> dict[str, Any] | None:
    """Return all pieces' metadata as one; of two values for a name, the later one."""
    merged: dict[str, Any] = {}
    for piece in pieces:
        merged.update(piece.provider_metadata or {})
    return merged or None


def _withheld_first(parts: list[Part]) -> list[Part]:
    """Return *parts* with reasoning that was withheld at the front: it is told of last, and was done first."""
    return sorted(parts, key=lambda part: not (isinstance(part, ReasoningPart) and part.redacted))
