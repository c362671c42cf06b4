"""Running tools in an async chain: async ones at the same time, sync ones in between.

A pause or an error in one call never leaves another running unseen: all that was started is awaited first.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterable
from typing import Any

from .calls import CancelToolCall, PauseChain, ToolCall, ToolResult
from .running import (
    Callback,
    cancelled_result,
    missing_result,
    raised_result,
    returned_result,
    tools_by_name,
    unprepared,
)
from .tool import Tool, call_arguments


async def run_tool_calls(
    calls: Iterable[ToolCall], tools: Iterable[Any], before_call: Callback | None, after_call: Callback | None
) -> list[ToolResult]:
    """Run *calls* and return their results, in the order of the calls.

    Raises what a callback raised, or else PauseChain with the results of the other calls. A sync tool that pauses, or
    a callback that raises beside one, keeps later calls from being started.
    """
    by_name = tools_by_name(tools)
    for toolbox in unprepared(by_name.values(), "_async_prepared"):
        await toolbox.prepare_async()
        toolbox._async_prepared = True
    outcomes: list[ToolResult | BaseException | asyncio.Task[ToolResult]] = []
    for call in calls:
        tool = by_name.get(call.name)
        running = _run(call, tool, before_call, after_call)
        if tool is not None and inspect.iscoroutinefunction(tool.implementation):
            outcomes.append(asyncio.create_task(running))
            continue
        try:
            outcomes.append(await running)
        except Exception as error:  # noqa: BLE001  # raised below, when what runs beside it has ended
            outcomes.append(error)
            break
    tasks = [outcome for outcome in outcomes if isinstance(outcome, asyncio.Task)]
    ended = dict(zip(tasks, await asyncio.gather(*tasks, return_exceptions=True), strict=True))
    return _results_or_raise([ended[one] if isinstance(one, asyncio.Task) else one for one in outcomes])


def _results_or_raise(outcomes: list[ToolResult | BaseException]) -> list[ToolResult]:
    results = [outcome for outcome in outcomes if isinstance(outcome, ToolResult)]
    raised = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    for error in raised:
        if not isinstance(error, PauseChain):
            raise error
    for pause in raised:
        assert isinstance(pause, PauseChain)
        pause.tool_results = results
        raise pause
    return results


async def _run(
    call: ToolCall, tool: Tool | None, before_call: Callback | None, after_call: Callback | None
) -> ToolResult:
    if before_call:
        try:
            await _maybe(before_call(tool, call))
        except CancelToolCall as cancelled:
            return cancelled_result(call, cancelled)
    if tool is None or tool.implementation is None:
        return missing_result(call, "does not exist" if tool is None else "has no implementation")
    try:
        result = returned_result(call, tool, await _maybe(tool.implementation(**call_arguments(tool, call))))
    except PauseChain as pause:
        pause.tool_call = call
        raise
    except Exception as error:  # noqa: BLE001  # what a tool raises goes to the model
        result = raised_result(call, tool, error)
    if after_call:
        await _maybe(after_call(tool, call, result))
    return result


async def _maybe(outcome: Any) -> Any:
    """Await *outcome* where it is something to await."""
    return await outcome if inspect.isawaitable(outcome) else outcome
