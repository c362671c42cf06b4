"""The tool calls of one response: run, those of different plugins at the same time, and their results for the model.

What goes wrong in a tool is the model's to deal with: its exception, a plugin that dies, a name that there is not. What
goes wrong in the host, an environment that cannot be made say, is the person's, and ends the chain.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from inspect import isawaitable
from typing import Any

from innkeeper_protocol.payloads import content as wire
from innkeeper_protocol.payloads.models import ToolDefinition
from innkeeper_sdk.api.tools import CancelToolCall, PauseChain, ToolCall
from innkeeper_sdk.api.tools.calls import format_exception

from innkeeper.errors import Interrupted, PluginError
from innkeeper.remote.tools import RemoteTool, RunningTool

from .chain_tools import Tools
from .messages import tool_result_in
from .tool_calls_local import Awaiting, OnOwnLoop

BeforeCall = Callable[[ToolDefinition | None, wire.ToolCall], Any]
"""Called before each tool with its definition, None for a name that there is not. By CancelToolCall it is not run."""

AfterCall = Callable[[ToolDefinition, wire.ToolCall, wire.ToolResult], Any]
"""Called after each tool that ran, in the order of the calls."""

_HERE = ""
"""The lane of the program's own functions, which run in the thread that asked."""


class ToolCalls:
    """*calls*, what a model asked for. They are run once.

    Calls to one plugin run one after the other, in order, and all of them do where *before_call* decides about each:
    what it decides may hang on what the call before gave.
    """

    def __init__(
        self,
        calls: Sequence[wire.ToolCall],
        tools: Tools,
        *,
        before_call: BeforeCall | None = None,
        after_call: AfterCall | None = None,
        awaiting: Awaiting | None = None,
    ) -> None:
        self._calls = calls
        self._tools = tools
        self._before_call = before_call
        self._after_call = after_call
        self._awaiting = awaiting or OnOwnLoop()
        self._lock = threading.Lock()
        self._running: set[RunningTool] = set()
        self._is_cancelled = False

    def run(self) -> tuple[wire.ToolResult, ...]:
        """Run all calls, and return their results in order.

        Raises PauseChain where a tool raised it, with the results of the calls that ran; Interrupted after `cancel`;
        the host's own errors, and what a callback raised.
        """
        lanes: dict[str, list[int]] = {}
        for number, call in enumerate(self._calls):
            tool = self._tools.find(call.name)
            lanes.setdefault(tool.lane if isinstance(tool, RemoteTool) else _HERE, []).append(number)
        if self._before_call is not None or len(lanes) < 2:
            return self._one_after_the_other()
        return self._side_by_side(lanes)

    def cancel(self) -> None:
        """Give up on what runs, from any thread. Does not wait."""
        with self._lock:
            self._is_cancelled = True
            running = list(self._running)
        for one in running:
            one.cancel()
        self._awaiting.cancel()

    def _one_after_the_other(self) -> tuple[wire.ToolResult, ...]:
        results: list[wire.ToolResult] = []
        for call in self._calls:
            refusal = self._refusal(call)
            if refusal is not None:
                results.append(refusal)
                continue
            try:
                result = self._result_of(call)
            except PauseChain as pause:
                raise _with_what_ran(pause, results) from None
            self._tell(call, result)
            results.append(result)
        return tuple(results)

    def _side_by_side(self, lanes: dict[str, list[int]]) -> tuple[wire.ToolResult, ...]:
        outcomes: list[Future[wire.ToolResult]] = [Future() for _ in self._calls]
        elsewhere = [numbers for lane, numbers in lanes.items() if lane != _HERE]
        with ThreadPoolExecutor(len(elsewhere), thread_name_prefix="innkeeper-tools") as pool:
            try:
                for numbers in elsewhere:
                    pool.submit(self._work, numbers, outcomes)
                self._work(lanes.get(_HERE, []), outcomes)
                return self._collected(outcomes)
            except BaseException:
                self.cancel()  # or the pool would wait for tools that nobody wants any more
                raise

    def _work(self, numbers: list[int], outcomes: list[Future[wire.ToolResult]]) -> None:
        """Run the calls of one lane. After one that paused, or failed, those behind it are not made."""
        for position, number in enumerate(numbers):
            try:
                outcomes[number].set_result(self._result_of(self._calls[number]))
            except BaseException as error:  # raised where the results are collected
                for later in numbers[position + 1 :]:
                    outcomes[later].cancel()
                outcomes[number].set_exception(error)
                if not isinstance(error, Exception):
                    raise  # an interrupt waits for nothing
                return

    def _collected(self, outcomes: list[Future[wire.ToolResult]]) -> tuple[wire.ToolResult, ...]:
        results: list[wire.ToolResult] = []
        paused: PauseChain | None = None
        for call, outcome in zip(self._calls, outcomes, strict=True):
            try:
                result = outcome.result()
            except PauseChain as pause:
                paused = paused or pause
            except CancelledError:
                continue  # of a lane that paused, or failed, before
            else:
                self._tell(call, result)
                results.append(result)
        if paused is not None:
            raise _with_what_ran(paused, results)
        return tuple(results)

    def _refusal(self, call: wire.ToolCall) -> wire.ToolResult | None:
        """Ask whether *call* may be made; return what the model is told where not."""
        if self._before_call is None:
            return None
        tool = self._tools.definition(call.name)
        try:
            self._finish(self._before_call(tool, call))
        except CancelToolCall as cancelled:
            return _result(call, f"Cancelled: {cancelled}", format_exception(cancelled))
        return None

    def _tell(self, call: wire.ToolCall, result: wire.ToolResult) -> None:
        tool = self._tools.definition(call.name)
        if self._after_call is not None and tool is not None:
            self._finish(self._after_call(tool, call, result))

    def _finish(self, outcome: Any) -> None:
        if isawaitable(outcome):
            self._awaiting.outcome(outcome)

    def _result_of(self, call: wire.ToolCall) -> wire.ToolResult:
        """Run one call. Raises PauseChain, Interrupted, and the host's own errors."""
        tool = self._tools.find(call.name)
        if tool is None:
            what = "does not exist" if self._tools.definition(call.name) is None else "has no implementation"
            error = KeyError(f'tool "{call.name}" {what}')
            return _result(call, f"Error: {error.args[0]}", format_exception(error))
        try:
            if isinstance(tool, RemoteTool):
                with self._started(tool, call) as running:
                    said = running.result()
            else:
                said = tool.call(call, self._awaiting)
            if said.paused is not None:
                raise PauseChain(said.paused)
        except PauseChain as pause:
            pause.tool_call = ToolCall(call.name, dict(call.arguments), call.tool_call_id)
            raise
        except PluginError as failure:
            if self._is_cancelled:  # it did not let go, and was ended
                raise Interrupted("The tool calls were cancelled.") from failure
            return _result(call, f"Error: {failure.message}", f"{type(failure).__name__}: {failure.message}")
        return _result(call, said.output, said.exception, said.attachments)

    @contextmanager
    def _started(self, tool: RemoteTool, call: wire.ToolCall) -> Iterator[RunningTool]:
        if self._is_cancelled:
            raise Interrupted("The tool calls were cancelled.")
        running = tool.start(call)
        with self._lock:
            self._running.add(running)
            is_late = self._is_cancelled
        if is_late:
            running.cancel()
        try:
            yield running
        finally:
            with self._lock:
                self._running.discard(running)


def _result(
    call: wire.ToolCall, output: str, exception: str | None, attachments: tuple[wire.Attachment, ...] = ()
) -> wire.ToolResult:
    return wire.ToolResult(
        name=call.name,
        output=output,
        tool_call_id=call.tool_call_id,
        attachments=attachments,
        exception=exception,
    )


def _with_what_ran(pause: PauseChain, results: Sequence[wire.ToolResult]) -> PauseChain:
    pause.tool_results = [tool_result_in(result) for result in results]
    return pause
