"""What a model yields, on its way to the wire: passed on as it comes, and kept in the response for the plugin to see.

Nearly all of it is plain text in many small pieces, so that road does as little as can be done for each piece.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from innkeeper_protocol.payloads.models import ModelEvent

from innkeeper_sdk.api.parts import StreamEvent

from .json_values import json_map


def record(response: Any, chunks: Iterable[Any]) -> Iterator[str | ModelEvent]:
    """Yield what *chunks* holds as stream items. Raises TypeError for what is neither text nor a StreamEvent."""
    iterator = iter(chunks)
    append = response._chunks.append
    for chunk in iterator:
        if type(chunk) is str:
            append(chunk)
            yield chunk
        else:
            break
    else:
        return
    plain = list(response._chunks)
    response._chunks.clear()
    for text in plain:
        response._process_chunk(text)
    yield _record_one(response, chunk)
    for chunk in iterator:
        yield _record_one(response, chunk)


def _record_one(response: Any, chunk: Any) -> str | ModelEvent:
    """Record text or an event with the place that the response gives it among the parts of its messages."""
    if isinstance(chunk, StreamEvent):
        response._process_chunk(chunk)
        return event_out(chunk)
    if isinstance(chunk, str):
        text = str.__str__(chunk)
        response._process_chunk(text)
        return text
    raise TypeError(f"execute() of {response.model} yielded {type(chunk).__name__}, not str or StreamEvent")


def event_out(event: StreamEvent) -> ModelEvent:
    """Build the payload of one event."""
    return ModelEvent(
        type=event.type,
        chunk=event.chunk or "",
        part_index=event.part_index,
        tool_call_id=event.tool_call_id,
        server_executed=event.server_executed,
        tool_name=event.tool_name,
        redacted=event.redacted,
        provider_metadata=json_map(event.provider_metadata),
        message_index=event.message_index,
    )
