"""Putting a model's messages together from what it streamed, where its plugin did not say them again at the end.

A plugin leaves them out where the answer is so long that it would not fit a frame a second time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from innkeeper_protocol.payloads import content
from innkeeper_protocol.payloads.models import ModelEvent
from innkeeper_sdk.api.parts import Message, StreamEvent
from innkeeper_sdk.api.response.assembly import PartIndexes, assemble
from innkeeper_sdk.api.tools.calls import ToolCall


def assembled(events: Sequence[str | ModelEvent], tool_calls: Iterable[content.ToolCall]) -> list[Message]:
    """Return the messages that *events* make. Of events that contradict each other only the text is kept."""
    stream = [_stream_event(event) for event in events]
    indexes = PartIndexes()
    for event in stream:
        indexes.place(event)
    calls = [ToolCall(call.name, call.arguments, call.tool_call_id) for call in tool_calls]
    try:
        messages = assemble(stream, [], calls)
    except ValueError:
        text = "".join(event.chunk for event in stream if event.type == "text")
        messages = assemble([], [text], calls)
    return [Message("assistant", parts) for parts in messages]


def _stream_event(event: str | ModelEvent) -> StreamEvent:
    if isinstance(event, str):
        return StreamEvent("text", event)
    return StreamEvent(
        type=event.type,
        chunk=event.chunk,
        part_index=event.part_index,
        tool_call_id=event.tool_call_id,
        server_executed=event.server_executed,
        tool_name=event.tool_name,
        redacted=event.redacted,
        provider_metadata=event.provider_metadata,
        message_index=event.message_index,
    )
