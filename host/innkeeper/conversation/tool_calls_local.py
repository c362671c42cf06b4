"""Tools that are functions of the program itself, which uses Innkeeper as a library: they run in its own process.

They are the program's code, as trusted as the rest of it. What a plugin brings never runs here.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import inspect
import threading
from collections.abc import Awaitable
from typing import Any, NamedTuple, Protocol

from innkeeper_protocol.payloads import content as wire
from innkeeper_protocol.payloads.models import ToolDefinition
from innkeeper_protocol.payloads.tools import CallToolResult
from innkeeper_sdk.api.tools import CancelToolCall, PauseChain, Tool, ToolCall
from innkeeper_sdk.api.tools.calls import format_exception
from innkeeper_sdk.api.tools.running import returned_result
from innkeeper_sdk.api.tools.tool import call_arguments

from innkeeper.errors import Interrupted

from .attachments import as_attachment, attachments_out


class Awaiting(Protocol):
    """Waits for what the program's async functions give, in a thread that has no event loop."""

    def outcome(self, awaitable: Awaitable[Any]) -> Any:
        """Return what *awaitable* gives, or raise what it raises."""

    def cancel(self) -> None:
        """Give up on all that is awaited."""


class OnOwnLoop:
    """For programs without an event loop: each gets one of its own."""

    def outcome(self, awaitable: Awaitable[Any]) -> Any:
        return asyncio.run(_waiting_for(awaitable))

    def cancel(self) -> None:
        """Do nothing: it runs in the thread that waits for it, so an interrupt reaches it."""


class OnLoop:
    """For programs with an event loop, whose async functions run on it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lock = threading.Lock()
        self._awaited: set[concurrent.futures.Future[Any]] = set()

    def outcome(self, awaitable: Awaitable[Any]) -> Any:
        with self._lock:  # or a cancel might come between the two, and find nothing to give up
            future = asyncio.run_coroutine_threadsafe(_waiting_for(awaitable), self._loop)
            self._awaited.add(future)
        try:
            return future.result()
        except concurrent.futures.CancelledError:
            raise Interrupted("The function was cancelled.") from None
        finally:
            with self._lock:
                self._awaited.discard(future)

    def cancel(self) -> None:
        with self._lock:
            awaited = list(self._awaited)
        for future in awaited:
            future.cancel()


async def _waiting_for(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


class LocalTool(NamedTuple):
    """A function of the program, as a model may call it."""

    tool: Tool

    @property
    def definition(self) -> ToolDefinition:
        tool = self.tool
        return ToolDefinition(name=tool.name, description=tool.description, input_schema=tool.input_schema)

    def call(self, call: wire.ToolCall, awaiting: Awaiting) -> CallToolResult:
        """Run the function, in this thread. What it raises is part of the result, but PauseChain and interrupts."""
        asked = ToolCall(call.name, dict(call.arguments), call.tool_call_id)
        if self.tool.implementation is None:
            error = ValueError(f'tool "{call.name}" has no implementation')
            return CallToolResult(output=f"Error: {error}", exception=format_exception(error))
        try:
            returned = self.tool.implementation(**call_arguments(self.tool, asked))
            if inspect.isawaitable(returned):
                returned = awaiting.outcome(returned)
            result = returned_result(asked, self.tool, returned)
            return CallToolResult(
                output=result.output, attachments=attachments_out(map(as_attachment, result.attachments))
            )
        except (PauseChain, Interrupted):
            raise
        except CancelToolCall as error:
            return CallToolResult(output=f"Cancelled: {error}", exception=format_exception(error), cancelled=str(error))
        except Exception as error:  # noqa: BLE001  # what a tool raises goes to the model
            return CallToolResult(output=f"Error: {error}", exception=format_exception(error))
