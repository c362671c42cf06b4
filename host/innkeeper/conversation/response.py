"""One exchange with a model: what was asked, and the answer as it comes and afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from innkeeper_protocol.payloads import models as wire
from innkeeper_sdk.api.identifiers import new_id
from innkeeper_sdk.api.usage import Usage, token_usage_string

if TYPE_CHECKING:
    from innkeeper.process.session import OpenCall

    from .conversation import Conversation
    from .model import Model


class Response:
    """An answer. Nothing is asked of the model until it is read; it is read once, and then kept.

    Iterate it for text as it comes. Attributes: *prompt*, the payload that is sent; *messages*, *tool_calls*,
    *response_json* and *resolved_model*, once it is complete.
    """

    def __init__(
        self,
        model: Model,
        prompt: wire.Prompt,
        *,
        conversation: Conversation,
        stream: bool = True,
        key: str | None = None,
    ) -> None:
        self.id = new_id()
        self.model = model
        self.prompt = prompt
        self.conversation = conversation
        self.stream = stream
        self.key = key
        self.started_at: float | None = None
        """Seconds since the epoch."""
        self.duration_s = 0.0
        self._events: list[str | wire.ModelEvent] = []
        self._result: wire.PromptResult | None = None
        self._source: Iterator[str | wire.ModelEvent] | None = None
        self._answer: OpenCall[wire.PromptResult] | None = None
        self.on_done: list[Callable[[Response], None]] = []

    def events(self) -> Iterator[str | wire.ModelEvent]:
        """Yield everything the model streams, from the beginning: plain text as str, all else as events.

        Raises a PluginError. An answer that broke off is asked again by reading it again.
        """
        position = 0
        while True:
            while position < len(self._events):
                position += 1
                yield self._events[position - 1]
            if not self._read_one():
                return

    def __iter__(self) -> Iterator[str]:
        for event in self.events():
            if isinstance(event, str):
                yield event
            elif event.type == "text":
                yield event.chunk

    def text(self) -> str:
        """Return the whole text."""
        return "".join(self)

    def __str__(self) -> str:
        return self.text()

    @property
    def is_done(self) -> bool:
        """Whether the answer is complete."""
        return self._result is not None

    def result(self) -> wire.PromptResult:
        """Return all that is known at the end, reading the answer first."""
        while self._result is None:
            self._read_one()
        return self._result

    def messages(self) -> tuple[Any, ...]:
        """Return the answer as messages; nearly always one."""
        return self.result().messages

    def tool_calls(self) -> tuple[Any, ...]:
        """Return the tool calls that the model asked for."""
        return self.result().tool_calls

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

    def exchange(self) -> wire.Exchange:
        """Return the turn as later turns are told of it."""
        result = self.result()
        return wire.Exchange(
            prompt=self.prompt,
            messages=result.messages,
            text=self.text(),
            tool_calls=result.tool_calls,
            response_json=result.response_json,
            model_id=self.model.model_id,
            id=self.id,
        )

    def cancel(self) -> None:
        """Give up on an answer that is being read, by any thread: its reader gets Interrupted."""
        answer = self._answer
        if answer is not None:
            answer.cancel()

    def _read_one(self) -> bool:
        """Take one event more. False: there is none, and the answer is complete."""
        if self._result is not None:
            return False
        if self._source is None:
            self._events.clear()
            self._source = self._ask()
        try:
            self._events.append(next(self._source))
        except StopIteration:
            self._source = None
            return False
        except BaseException:
            self._source = None
            raise
        return True

    def _ask(self) -> Iterator[str | wire.ModelEvent]:
        self.started_at = time.time()
        began = time.monotonic()
        with self.model.ask(self) as answer:
            self._answer = answer
            yield from answer
            result = answer.result()
        self._answer = None
        self.duration_s = time.monotonic() - began
        self._result = result
        self.conversation.responses.append(self)
        for callback in self.on_done:
            callback(self)
