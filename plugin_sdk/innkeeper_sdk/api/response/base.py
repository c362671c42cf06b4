"""What sync and async responses share: the answer as it is collected, and what the model says about it."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from typing import Any

from innkeeper_sdk.api.errors import ConversationNotSupported
from innkeeper_sdk.api.identifiers import new_id
from innkeeper_sdk.api.parts import Message, StreamEvent
from innkeeper_sdk.api.prompt import Prompt
from innkeeper_sdk.api.tools.calls import ToolCall, with_id
from innkeeper_sdk.api.usage import Usage, token_usage_string

from .assembly import PartIndexes, assemble


class ResponseBase:
    """A model's answer.

    Nothing is asked of the model until the answer is read. Models use ``add_tool_call``, ``set_usage``,
    ``set_resolved_model`` and ``response_json``.

    Attributes:
        response_json: the provider's own answer, as JSON values.
        resolved_model: the exact model that answered, where an alias was asked.
        attachments: files of the prompt, for a response read back from storage.
    """

    def __init__(  # noqa: PLR0917  # the positions plugins know
        self,
        prompt: Prompt,
        model: Any,
        stream: bool,
        conversation: Any = None,
        key: str | None = None,
        before_call: Callable[..., Any] | None = None,
        after_call: Callable[..., Any] | None = None,
    ) -> None:
        self.id = new_id()
        self.prompt = prompt
        self.model: Any = model
        self.stream = stream
        self.conversation: Any = conversation
        self.before_call = before_call
        self.after_call = after_call
        self.response_json: Any = None
        self.resolved_model: str | None = None
        self.attachments: list[Any] = []
        self.input_tokens: int | None = None
        self.output_tokens: int | None = None
        self.token_details: dict[str, Any] | None = None
        self.done_callbacks: list[Any] = []
        self._key = key
        self._prompt_json: Any = None
        self._chunks: list[str] = []
        self._stream_events: list[StreamEvent] = []
        self._part_indexes = PartIndexes()
        self._tool_calls: list[ToolCall] = []
        self._loaded_messages: list[Message] | None = None
        self._done = False
        self._live: Any = None
        self._start: float | None = None
        self._end: float | None = None
        self._start_utcnow: datetime.datetime | None = None
        self._check_support()

    def _check_support(self) -> None:
        """Refuse, before anything is sent, what the model says it cannot do."""
        model, prompt = self.model, self.prompt
        if prompt.schema and not model.supports_schema:
            raise ValueError(f"{model} does not support schemas")
        if not model.supports_conversation and any(
            message.role in ("assistant", "tool") for message in prompt.messages
        ):
            raise ConversationNotSupported(f"{model} does not support conversations")
        if not prompt.tools:
            return
        from innkeeper_sdk.api.tools import partition_tools

        ours, _ = partition_tools(model, prompt.tools)
        if ours and not model.supports_tools:
            raise ValueError(f"{model} does not support tools")

    def add_tool_call(self, tool_call: ToolCall) -> None:
        """Say that the model wants a tool run. A call without an id is given one."""
        self._tool_calls.append(with_id(tool_call))

    def set_usage(
        self,
        *,
        input: int | None = None,  # noqa: A002  # the name plugins know
        output: int | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        """Say how many tokens the answer cost."""
        self.input_tokens, self.output_tokens, self.token_details = input, output, details

    def set_resolved_model(self, model_id: str) -> None:
        """Say which model really answered."""
        self.resolved_model = model_id

    def token_usage(self) -> str:
        """Return the usage in one line."""
        return token_usage_string(self.input_tokens, self.output_tokens, self.token_details)

    def _usage(self) -> Usage:
        return Usage(self.input_tokens, self.output_tokens, self.token_details)

    def _text(self) -> str:
        return "".join(self._chunks)

    def _milliseconds(self) -> int:
        return int(((self._end or 0) - (self._start or 0)) * 1000)

    def _started_at(self) -> str:
        return self._start_utcnow.isoformat() if self._start_utcnow else ""

    def _begin(self) -> None:
        """Note the time, once."""
        if self._start is None:
            self._start = time.monotonic()
            self._start_utcnow = datetime.datetime.now(datetime.timezone.utc)

    def _end_now(self) -> None:
        """Note that the answer is complete, and enter it in its conversation."""
        if self.conversation:
            self.conversation._record_response(self)
        self._end = time.monotonic()
        self._done = True
        self._live = None

    def _process_chunk(self, chunk: str | StreamEvent) -> str | None:
        """Collect one thing that ``execute`` yielded. Returns its text, or None where it is no text for the reader."""
        event = chunk if isinstance(chunk, StreamEvent) else StreamEvent("text", chunk)
        self._part_indexes.place(event)
        self._stream_events.append(event)
        if event.type != "text":
            return None
        self._chunks.append(event.chunk)
        return event.chunk

    def _messages_now(self) -> list[Message]:
        """Return the answer as messages, as far as it has come."""
        if self._loaded_messages is not None:
            return list(self._loaded_messages)
        return [Message("assistant", parts) for parts in assemble(self._stream_events, self._chunks, self._tool_calls)]
