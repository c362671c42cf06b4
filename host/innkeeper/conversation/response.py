"""One exchange with a model: what was asked, and the answer as it comes and afterwards."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from innkeeper_protocol.payloads import models as wire
from innkeeper_protocol.payloads.content import ToolCall, ToolResult
from innkeeper_sdk.api.identifiers import new_id
from innkeeper_sdk.api.usage import Usage, token_usage_string

from innkeeper.errors import Interrupted, PluginMisbehaved

if TYPE_CHECKING:
    from innkeeper_sdk.api.parts import Message

    from .chain_tools import Tools
    from .conversation import Before, Conversation
    from .model import Model, OpenPrompt
    from .prompt import Prompt
    from .tool_calls import AfterCall, BeforeCall, ToolCalls
    from .tool_calls_local import Awaiting


MOST_LETTERS = 64 * 1024 * 1024
"""The longest answer that is kept. Models' longest have some hundred thousand."""

EVENT_LETTERS = 64
"""What each event counts as beside its text: it takes about as much memory."""


class Response:
    """An answer. Nothing is asked of the model until it is read; it is asked once, and what it said is kept.

    Iterate it for text as it comes; a second reader, in any thread, gets all of it again from the start. A reader may
    stop half way and another go on later: meanwhile the model waits. An answer that nobody holds any more is given up.
    An answer that broke off stays so: what came of it can still be read, and then the same error is raised again.
    """

    def __init__(
        self,
        model: Model,
        prompt: Prompt,
        *,
        conversation: Conversation,
        stream: bool = True,
        key: str | None = None,
        tools: Tools | None = None,
        closes_tools: bool = False,
    ) -> None:
        self.id = new_id()
        self.model = model
        self.prompt = prompt
        self.conversation = conversation
        self.stream = stream
        self.key = key
        self.tools = tools
        """What the model may call. Opened when it is asked; *closes_tools*: and closed when nothing is left to run."""
        self._closes_tools = closes_tools
        self._running: ToolCalls | None = None
        self.started_at: float | None = None
        """Seconds since the epoch; None before it was asked."""
        self.duration_s = 0.0
        self.error: BaseException | None = None
        """Why it broke off, if it did."""
        self._reading = threading.Lock()
        self._events: list[str | wire.ModelEvent] = []
        self._before: Before | None = None
        self._sent: list[Message] | None = None
        self._result: wire.PromptResult | None = None
        self._messages: list[Message] | None = None
        self._answer: OpenPrompt | None = None
        self._abandoned: weakref.finalize[..., Response]
        self._began = 0.0
        self._letters = 0
        self._is_cancelled = False
        self._callbacks: list[Callable[[Response], object]] = []

    # As it comes

    def events(self) -> Iterator[str | wire.ModelEvent]:
        """Yield everything the model streams, from the beginning: plain text as str, all else as events.

        Raises PluginError, UsageError for a file that is gone, Interrupted after `cancel`.
        """
        position = 0
        while self.wait_for_more(position):
            for event in self.events_from(position):
                position += 1
                yield event

    def __iter__(self) -> Iterator[str]:
        for event in self.events():
            if isinstance(event, str):
                yield event
            elif event.type == "text":
                yield event.chunk

    def wait_for_more(self, position: int) -> bool:
        """Wait until there are more than *position* events; False: there are no more, and the answer is complete.

        The same as `events`, for a reader that keeps its own place.
        """
        with self._reading:
            while len(self._events) <= position:
                if self._result is not None:
                    return False
                if self.error is not None:
                    raise self.error.with_traceback(None)
                try:
                    if not self._advance():
                        break
                except BaseException as error:
                    self._break_off(error)
                    raise
            else:
                return True
        for callback in self._callbacks:
            callback(self)
        return False

    def events_from(self, position: int) -> list[str | wire.ModelEvent]:
        """Return the events that came after the first *position*."""
        return self._events[position:]

    def cancel(self) -> None:
        """Give up on it, from any thread: whoever reads it, or runs its tool calls, gets Interrupted. What is complete
        stays so.
        """
        self._is_cancelled = True
        answer, running = self._answer, self._running
        if answer is not None:
            answer.cancel()
        if running is not None:
            running.cancel()

    def on_done(self, callback: Callable[[Response], object]) -> None:
        """Have *callback* called with this response once it is complete, by its reader; at once where it is."""
        with self._reading:
            is_done = self.is_done
            if not is_done:
                self._callbacks.append(callback)
        if is_done:
            callback(self)

    # As a whole

    @property
    def is_done(self) -> bool:
        """Whether the answer is complete."""
        return self._result is not None

    @property
    def text_so_far(self) -> str:
        """The text that came, be it complete or not."""
        return "".join(event if isinstance(event, str) else event.chunk for event in self._events if _is_text(event))

    def text(self) -> str:
        """Return the whole text."""
        self.result()
        return self.text_so_far

    def __str__(self) -> str:
        return self.text()

    def result(self) -> wire.PromptResult:
        """Return all that is known at the end, reading the answer first."""
        while self._result is None:
            self.wait_for_more(len(self._events))
        return self._result

    def messages(self) -> list[Message]:
        """Return the answer as messages; nearly always one."""
        result = self.result()
        if self._messages is None:
            from .messages import messages_in

            self._messages = messages_in(result.messages) or self._assembled(result)
        return self._messages

    def _assembled(self, result: wire.PromptResult) -> list[Message]:
        from .assembly import assembled

        return assembled(self._events, result.tool_calls)

    def tool_calls(self) -> tuple[ToolCall, ...]:
        """Return the tool calls that the model asked for."""
        return self.result().tool_calls

    def execute_tool_calls(
        self,
        *,
        before_call: BeforeCall | None = None,
        after_call: AfterCall | None = None,
        awaiting: Awaiting | None = None,
    ) -> tuple[ToolResult, ...]:
        """Run the tool calls that the model asked for; return what came of them: *tool_results* for the next prompt.

        Raises as `ToolCalls.run`.
        """
        from .chain_tools import Tools
        from .tool_calls import ToolCalls

        calls = self.tool_calls()
        tools = self.tools or Tools(self.model.host)
        try:
            self._running = ToolCalls(
                calls, tools.open(), before_call=before_call, after_call=after_call, awaiting=awaiting
            )
            return self._running.run()
        finally:
            self._running = None
            self._let_go_of_tools()

    def usage(self) -> Usage:
        """Return what the answer cost, as far as the model says."""
        usage = self.result().usage
        return Usage() if usage is None else Usage(usage.input, usage.output, usage.details)

    def token_usage(self) -> str:
        """Return the usage in one line."""
        usage = self.usage()
        return token_usage_string(usage.input, usage.output, usage.details)

    def json(self) -> Any:
        """Return the provider's own answer, as JSON values, or None."""
        return self.result().response_json

    def sent(self) -> list[Message]:
        """Return everything the model was sent: what was said before, and the prompt."""
        self.result()
        if self._sent is None:
            assert self._before is not None
            self._sent = self.prompt.chain_after(self._before.messages())
        return self._sent

    def log(self, database: str | None = None) -> None:
        """Store it in the log, reading the answer first; in that of the home unless *database* is another's path.

        Programs say so themselves: nothing that they ask is logged otherwise. Raises StorageError.
        """
        from .log import log_responses

        self.result()
        log_responses([self], database)

    def exchange(self) -> wire.Exchange:
        """Return the turn as later turns are told of it."""
        result = self.result()
        return wire.Exchange(
            prompt=self.prompt.payload,
            messages=result.messages,
            text="" if result.messages else self.text_so_far,
            tool_calls=result.tool_calls,
            response_json=result.response_json,
            model_id=self.model.model_id,
            id=self.id,
        )

    def __repr__(self) -> str:
        state = "complete" if self.is_done else "broken off" if self.error else "open" if self._answer else "not asked"
        return f"<Response {self.id} of {self.model.model_id!r}, {state}>"

    def _advance(self) -> bool:
        """Take what came next, asking first where nothing was asked yet. False: that was all."""
        if self._answer is None:
            self._ask()
        assert self._answer is not None
        batch = next(self._answer.batches, None)
        if batch is not None:
            self._keep(batch)
            return True
        self._result = self._answer.result()
        if not self._result.tool_calls:
            self._let_go_of_tools()
        self._abandoned.detach()
        self.duration_s = time.monotonic() - self._began
        self.conversation.responses.append(self)
        return False

    def _ask(self) -> None:
        if self._is_cancelled:
            raise Interrupted("This prompt was cancelled before it was sent.")
        if self.tools is not None:
            self.prompt = self.tools.open().offered_in(self.prompt)
        self.started_at, self._began = time.time(), time.monotonic()
        self._before = self.conversation.so_far()
        answer = self.model.ask(self.prompt.payload, self._before.payload(), stream=self.stream, key=self.key)
        self._answer = answer
        self._abandoned = weakref.finalize(self, _cancel_apart, answer)
        self._abandoned.atexit = False
        if self._is_cancelled:
            answer.cancel()

    def _keep(self, batch: list[str | wire.ModelEvent]) -> None:
        self._letters += sum(len(event) if isinstance(event, str) else len(event.chunk) for event in batch)
        self._letters += EVENT_LETTERS * len(batch)
        if self._letters > MOST_LETTERS:
            raise PluginMisbehaved(
                self.model.plugin,
                f"Plugin '{self.model.plugin}' answers without end, and was told to stop.",
                why=f"Its answer has more than {MOST_LETTERS // 1024**2} million letters.",
            )
        self._events += batch

    def _break_off(self, error: BaseException) -> None:
        """Remember why there is no more, and tell the model that nobody reads on."""
        self.duration_s = time.monotonic() - self._began if self._began else 0.0
        self.error = error if isinstance(error, Exception) else Interrupted("This answer was interrupted.")
        if self._answer is not None:
            self._answer.cancel()
            self._abandoned.detach()
        self._let_go_of_tools()

    def _let_go_of_tools(self) -> None:
        if self.tools is not None and self._closes_tools:
            self.tools.close()


def _cancel_apart(answer: OpenPrompt) -> None:
    """Give up on *answer* in a thread of its own: whoever collects garbage may hold the very lock that this needs."""
    with suppress(RuntimeError):  # the interpreter is ending, and so are its plugins
        threading.Thread(target=answer.cancel, daemon=True).start()


def _is_text(event: str | wire.ModelEvent) -> bool:
    return isinstance(event, str) or event.type == "text"
