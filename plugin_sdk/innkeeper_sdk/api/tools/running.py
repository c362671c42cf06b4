"""Running tools in a sync chain: one after the other, in the order the model asked for them."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable
from typing import Any

from .calls import CancelToolCall, PauseChain, ToolCall, ToolOutput, ToolResult
from .tool import Tool, call_arguments, instance_of
from .toolbox import Toolbox, wrap_tools

Callback = Callable[..., Any]


def run_tool_calls(
    calls: Iterable[ToolCall], tools: Iterable[Any], before_call: Callback | None, after_call: Callback | None
) -> list[ToolResult]:
    """Run *calls* and return their results, in order.

    Raises PauseChain, with the results so far, where a tool raised it: the calls after it are not made. Raises
    ValueError for a tool without an implementation.
    """
    by_name = tools_by_name(tools)
    for toolbox in unprepared(by_name.values(), "_prepared"):
        toolbox.prepare()
        toolbox._prepared = True
    results: list[ToolResult] = []
    for call in calls:
        try:
            results.append(_run(call, by_name.get(call.name), before_call, after_call))
        except PauseChain as pause:
            pause.tool_call, pause.tool_results = call, results
            raise
    return results


def _run(call: ToolCall, tool: Tool | None, before_call: Callback | None, after_call: Callback | None) -> ToolResult:
    if before_call:
        try:
            _refuse_awaitable(before_call(tool, call), "before_call")
        except CancelToolCall as cancelled:
            return cancelled_result(call, cancelled)
    if tool is None:
        return missing_result(call, "does not exist")
    if tool.implementation is None:
        raise ValueError(f"No implementation available for tool: {call.name}")
    try:
        returned = tool.implementation(**call_arguments(tool, call))
        if inspect.iscoroutine(returned):
            import asyncio

            returned = asyncio.run(returned)
        result = returned_result(call, tool, returned)
    except PauseChain:
        raise
    except Exception as error:  # noqa: BLE001  # what a tool raises goes to the model
        result = raised_result(call, tool, error)
    if after_call:
        _refuse_awaitable(after_call(tool, call, result), "after_call")
    return result


def _refuse_awaitable(outcome: Any, name: str) -> None:
    if inspect.isawaitable(outcome):
        close = getattr(outcome, "close", None)
        if close:
            close()
        raise TypeError(f"{name} is async, and this chain is not: use a sync callback or an async model")


def tools_by_name(tools: Iterable[Any]) -> dict[str, Tool]:
    """Return those of *tools* that we can run, by name; of two with one name, the later."""
    return {tool.name: tool for tool in wrap_tools(tools) if isinstance(tool, Tool)}


def unprepared(tools: Iterable[Tool], flag: str) -> list[Toolbox]:
    """Return the toolboxes behind *tools* on which *flag* is not set yet, each once."""
    owners = (instance_of(tool.implementation) for tool in tools)
    found = {id(owner): owner for owner in owners if isinstance(owner, Toolbox) and not getattr(owner, flag)}
    return list(found.values())


def cancelled_result(call: ToolCall, cancelled: CancelToolCall) -> ToolResult:
    """Return what the model is told of a call that was not made."""
    return ToolResult(call.name, f"Cancelled: {cancelled}", tool_call_id=call.tool_call_id, exception=cancelled)


def missing_result(call: ToolCall, why: str) -> ToolResult:
    """Return what the model is told when it asks for a tool that cannot be run."""
    text = f'tool "{call.name}" {why}'
    return ToolResult(call.name, f"Error: {text}", tool_call_id=call.tool_call_id, exception=KeyError(text))


def raised_result(call: ToolCall, tool: Tool, error: Exception) -> ToolResult:
    """Return what the model is told when a tool raised."""
    return ToolResult(
        call.name,
        f"Error: {error}",
        tool_call_id=call.tool_call_id,
        instance=instance_of(tool.implementation),
        exception=error,
    )


def returned_result(call: ToolCall, tool: Tool, returned: Any) -> ToolResult:
    """Return what the model is told when a tool returned: text as it is, anything else as JSON."""
    attachments: list[Any] = []
    if isinstance(returned, ToolOutput):
        returned, attachments = returned.output, list(returned.attachments)
    output = returned if isinstance(returned, str) else json.dumps(returned, default=repr)
    return ToolResult(call.name, output, attachments, call.tool_call_id, instance_of(tool.implementation))
