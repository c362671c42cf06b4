"""Tools: functions, and toolboxes with the instances that calls are made on."""

from __future__ import annotations

import contextvars
import inspect
import itertools
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar, get_type_hints

from innkeeper_protocol.errors import CallCancelled, CallFailed, ErrorCode
from innkeeper_protocol.payloads.models import ToolDefinition
from innkeeper_protocol.payloads.tools import (
    CallToolParams,
    CallToolResult,
    OpenToolboxParams,
    OpenToolboxResult,
    ToolboxInfo,
    ToolInfo,
)

from innkeeper_sdk.api.tools import Tool, Toolbox, ToolCall, ToolOutput
from innkeeper_sdk.api.tools.calls import format_exception
from innkeeper_sdk.api.tools.running import returned_result
from innkeeper_sdk.api.tools.tool import call_arguments
from innkeeper_sdk.api_in_use import api
from innkeeper_sdk.failures import log_exception
from innkeeper_sdk.registry import Registry

from .content import Outgoing, TakeBlob, attachment_in, attachment_out, remote_exception

if TYPE_CHECKING:
    from innkeeper_sdk.event_loop import Cancellable, EventLoop

T = TypeVar("T")

CLOSING_S = 0.5
"""What the instances that are still open get to end when the process leaves; the host's own grace time is 2 s."""

MAKE_TOOLS = ("tools", "prepare", "prepare_async")
"""Methods of a toolbox that a class overrides whose instances offer tools of their own."""


@dataclass
class OpenToolbox:
    """One instance of a toolbox.

    All its code runs on one thread of its own: what it keeps between calls (a sqlite3 connection, a JavaScript engine)
    often may be used by no other thread than the one that made it.
    """

    thread: ThreadPoolExecutor
    toolbox: Toolbox | None = None
    tools: dict[str, Tool] = field(default_factory=dict)

    def run(self, function: Callable[[], T]) -> T:
        """Run *function* on the instance's thread, as part of the call that is being served, and wait for it."""
        return self.thread.submit(contextvars.copy_context().run, function).result()

    def read_tools(self) -> None:
        """Ask the instance which tools it offers by now."""
        assert self.toolbox is not None
        self.tools = {tool.name: tool for tool in self.toolbox.tools()}

    def close(self) -> Future[None]:
        """Let go of the instance, on its thread, and end that; its calls under way come first. Does not wait."""
        closing = self.thread.submit(self._forget)
        self.thread.shutdown(wait=False)
        return closing

    def _forget(self) -> None:
        self.toolbox = None
        self.tools = {}


class Toolboxes:
    """The open toolbox instances of this process, by number."""

    def __init__(self, registry: Registry, loop: Callable[[], EventLoop]) -> None:
        self._registry = registry
        self._loop = loop
        self._open: dict[int, OpenToolbox] = {}
        self._numbers = itertools.count(1)

    def open(self, params: OpenToolboxParams) -> OpenToolboxResult:
        """Make an instance and prepare it. Raises what its constructor raises."""
        found = self._registry.tools().get(params.name)
        if not is_toolbox(found):
            raise self._registry.missing(f"no toolbox '{params.name}'")
        opened = OpenToolbox(ThreadPoolExecutor(1, thread_name_prefix=f"innkeeper-{params.name}"))
        try:
            opened.run(lambda: self._prepare(opened, found, params))
        except BaseException:
            opened.close()
            raise
        number = next(self._numbers)
        self._open[number] = opened
        return OpenToolboxResult(instance=number, tools=tuple(map(definition, opened.tools.values())))

    def _prepare(self, opened: OpenToolbox, found: type[Toolbox], params: OpenToolboxParams) -> None:
        toolbox = opened.toolbox = found(*params.positional, **params.arguments)
        # One of the two, as in `llm`, where a sync chain calls the first and an async one the second: a toolbox that
        # has both adds the same tools in each.
        base, own = api().Toolbox, type(toolbox)
        if own.prepare is base.prepare and own.prepare_async is not base.prepare_async:
            self._loop().run(toolbox.prepare_async())
        else:
            toolbox.prepare()
        opened.read_tools()

    def close(self, number: int) -> None:
        """Forget an instance. Raises CallFailed for a number that is not open."""
        self._get(number)
        self._open.pop(number).close()

    def close_all(self) -> None:
        """Let go of all instances, and wait CLOSING_S for what they do at their end."""
        wait([opened.close() for opened in self._open.values()], CLOSING_S)
        self._open.clear()

    def call(self, params: CallToolParams, call: Cancellable, outgoing: Outgoing) -> CallToolResult:
        """Run a tool. What it raises is part of the result."""
        tool_call = api().ToolCall(name=params.name, arguments=dict(params.arguments), tool_call_id=params.tool_call_id)
        if params.instance is None:
            tool = self._registry.tools().get(params.name)
            if not isinstance(tool, api().Tool):
                raise self._registry.missing(f"no tool '{params.name}'")
            return self._run(tool, tool_call, call, outgoing)
        opened = self._get(params.instance)
        return opened.run(lambda: self._run(self._tool_of(opened, params.name), tool_call, call, outgoing))

    def _get(self, number: int) -> OpenToolbox:
        try:
            return self._open[number]
        except KeyError:
            raise CallFailed(ErrorCode.NOT_FOUND, f"toolbox instance {number} is not open") from None

    @staticmethod
    def _tool_of(opened: OpenToolbox, name: str) -> Tool:
        if name not in opened.tools:
            opened.read_tools()
        if name not in opened.tools:
            raise CallFailed(ErrorCode.NOT_FOUND, f"no tool '{name}' in {type(opened.toolbox).__name__}")
        return opened.tools[name]

    def _run(self, tool: Tool, tool_call: ToolCall, call: Cancellable, outgoing: Outgoing) -> CallToolResult:
        if tool.implementation is None:
            raise CallFailed(ErrorCode.UNSUPPORTED, f"tool '{tool.name}' has no implementation")
        known = api()
        try:
            returned = tool.implementation(**call_arguments(tool, tool_call))
            if inspect.isawaitable(returned):
                returned = self._loop().run(returned, call)
            if isinstance(returned, known.ToolOutput):
                returned = ToolOutput(returned.output, list(returned.attachments))
            result = returned_result(tool_call, tool, returned)
            attachments = tuple(attachment_out(one, outgoing) for one in result.attachments)
            return CallToolResult(output=result.output, attachments=attachments)
        except CallCancelled:
            raise
        except known.CancelToolCall as error:
            return CallToolResult(output=f"Cancelled: {error}", exception=format_exception(error), cancelled=str(error))
        except known.PauseChain as error:
            return CallToolResult(exception=format_exception(error), paused=str(error))
        except (Exception, SystemExit) as error:  # noqa: BLE001  # what a tool raises goes back to the model
            log_exception(error)
            return CallToolResult(output=f"Error: {error}", exception=format_exception(error))


def output_in(result: CallToolResult, take_blob: TakeBlob) -> ToolOutput:
    """Build what a tool of another plugin returned, or raise what it raised, by name and text."""
    if result.cancelled is not None:
        raise api().CancelToolCall(result.cancelled)
    if result.paused is not None:
        raise api().PauseChain(result.paused)
    if result.exception is not None:
        raise remote_exception(result.exception)
    attachments = [attachment_in(attachment, take_blob) for attachment in result.attachments]
    made: ToolOutput = api().ToolOutput(output=result.output, attachments=attachments)
    return made


def definition(tool: Tool) -> ToolDefinition:
    """Describe a tool as a model sees it."""
    return ToolDefinition(
        name=tool.name, description=tool.description, input_schema=tool.input_schema, plugin=tool.plugin
    )


def is_toolbox(registered: Any) -> TypeGuard[type[Toolbox]]:
    """Tell whether what was registered is a class of tools; otherwise it is a Tool."""
    return inspect.isclass(registered)


def tool_info(name: str, tool: Tool) -> ToolInfo:
    """Describe a registered function."""
    return ToolInfo(
        name=name,
        description=tool.description,
        input_schema=tool.input_schema,
        implementation_is_async=inspect.iscoroutinefunction(tool.implementation),
    )


def toolbox_info(name: str, toolbox: type[Toolbox]) -> ToolboxInfo:
    """Describe a registered toolbox class by its constructor and its methods."""
    return ToolboxInfo(
        name=name,
        description=inspect.getdoc(toolbox),
        arguments_schema=constructor_schema(toolbox),
        tools=tuple(tool_info(tool.name, tool) for tool in toolbox.method_tools()),
        dynamic=any(getattr(toolbox, name) is not getattr(api().Toolbox, name) for name in MAKE_TOOLS),
    )


def constructor_schema(toolbox: type[Toolbox]) -> dict[str, Any]:
    """Return the JSON schema of a toolbox's constructor arguments; ``*args`` and ``**kwargs`` have none."""
    constructor = inspect.unwrap(toolbox.__init__)
    catch_all = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    _self, *parameters = inspect.signature(constructor).parameters.values()
    named = [parameter for parameter in parameters if parameter.kind not in catch_all]
    if not named:
        return {"type": "object", "properties": {}}

    def stand_in() -> None:
        """Have the signature of the constructor, for the one place that makes schemas of signatures."""

    stand_in.__signature__ = inspect.Signature(named)  # type: ignore[attr-defined]
    stand_in.__annotations__ = get_type_hints(constructor)
    return Tool.function(stand_in, name=toolbox.__name__).input_schema
