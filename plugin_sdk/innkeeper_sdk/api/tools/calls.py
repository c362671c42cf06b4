"""A tool call, its result, and the two exceptions by which a tool has a say in what happens next."""

from __future__ import annotations

from typing import Any

from innkeeper_sdk.api.attachments import Attachment
from innkeeper_sdk.api.identifiers import new_id
from innkeeper_sdk.api.values import Value, field, value


@value
class ToolCall(Value):
    """A model's wish to have a tool run."""

    name: str
    arguments: dict[str, Any]
    tool_call_id: str | None = None


@value
class ToolResult(Value):
    """What a tool gave back. *instance* is the toolbox it belongs to; *exception* is what it raised."""

    name: str
    output: str
    attachments: list[Attachment] = field(default_factory=list)
    tool_call_id: str | None = None
    instance: Any = None
    exception: Exception | None = None


@value
class ToolOutput(Value):
    """What a tool returns when it has attachments to give besides its output."""

    output: Any = None
    attachments: list[Attachment] = field(default_factory=list)


class CancelToolCall(Exception):
    """Raised before a call, by a tool or a ``before_call``: it is not made, and the model is told why."""


class PauseChain(Exception):
    """Raised by a tool: the chain stops here, and can go on later from messages that end in the open calls.

    Attributes:
        tool_call: the call whose tool raised it.
        tool_results: what the calls beside it gave.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.tool_call: ToolCall | None = None
        self.tool_results: list[ToolResult] = []


def with_id(tool_call: ToolCall) -> ToolCall:
    """Return *tool_call* with an id; one is made up where the provider gave none."""
    if tool_call.tool_call_id is not None:
        return tool_call
    import dataclasses

    return dataclasses.replace(tool_call, tool_call_id=f"tc_{new_id()}")


def format_exception(exception: BaseException | str | None) -> str | None:
    """Return an exception as it is kept in messages: ``Type: text``."""
    if exception is None or isinstance(exception, str):
        return exception
    return f"{type(exception).__name__}: {exception}"
