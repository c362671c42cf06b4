"""Tools: functions a model may ask for, and toolboxes, which are objects that keep their state for a chain of calls."""

from __future__ import annotations

from .base import JSON, Payload
from .content import Attachment
from .models import ToolDefinition


class ToolInfo(Payload, frozen=True, kw_only=True):
    """One registered function. *implementation_is_async* is informational: the SDK runs either."""

    name: str
    description: str | None = None
    input_schema: dict[str, JSON] = {}
    implementation_is_async: bool = False


class ToolboxInfo(Payload, frozen=True, kw_only=True):
    """One registered toolbox class: the tools its methods make, and the schema of its constructor's arguments.

    *dynamic* says that an instance may offer others, depending on its arguments.
    """

    name: str
    description: str | None = None
    arguments_schema: dict[str, JSON] = {}
    tools: tuple[ToolInfo, ...] = ()
    dynamic: bool = False


class OpenToolboxParams(Payload, frozen=True, kw_only=True):
    """Make an instance of a toolbox. *arguments* are what the person wrote, read as literals by the host.

    *depth* counts nested calls between plugins, here and in ``CallToolParams``, as in ``PromptParams``.
    """

    name: str
    arguments: dict[str, JSON] = {}
    positional: tuple[JSON, ...] = ()
    cwd: str | None = None
    depth: int = 0


class OpenToolboxResult(Payload, frozen=True, kw_only=True):
    """The number that later calls name, and the tools this instance offers (they may depend on its arguments)."""

    instance: int
    tools: tuple[ToolDefinition, ...] = ()


class CloseToolboxParams(Payload, frozen=True, kw_only=True):
    """Drop an instance."""

    instance: int


class CallToolParams(Payload, frozen=True, kw_only=True):
    """Run a tool: a function by its name, or a method of the toolbox *instance*."""

    name: str
    arguments: dict[str, JSON] = {}
    instance: int | None = None
    tool_call_id: str | None = None
    cwd: str | None = None
    depth: int = 0


class CallToolResult(Payload, frozen=True, kw_only=True):
    """What the tool gave. A tool that raised sets *exception*: ``Type: message``; that is for the model, no error.

    *cancelled* and *paused* carry the two exceptions with which a tool ends or holds a chain.
    """

    output: str = ""
    attachments: tuple[Attachment, ...] = ()
    exception: str | None = None
    cancelled: str | None = None
    paused: str | None = None
