"""Conversations: turns that know of one another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from .chain import AsyncChainResponse, ChainResponse
from .identifiers import new_id
from .message_chain import joined_system, system_message, turn
from .parts import Message
from .prompt import Prompt, merged_options
from .response import AsyncResponse, Response
from .tools.calls import ToolResult
from .values import Value, field, value

R = TypeVar("R")
C = TypeVar("C")


@value
class ConversationBase(Value, Generic[R, C]):
    """What sync and async conversations share: everything but the class of their responses.

    *responses* are the complete ones, oldest first. *loaded_messages* is a history read from storage, which counts
    until the first response of this process.
    """

    model: Any
    id: str = field(default_factory=new_id)
    name: str | None = None
    responses: list[Any] = field(default_factory=list)
    tools: list[Any] | None = None
    chain_limit: int | None = None
    loaded_messages: list[Message] | None = None
    loaded_tools: list[str] | None = None
    before_call: Callable[..., Any] | None = None
    after_call: Callable[..., Any] | None = None

    _response_class: ClassVar[Any]
    _chain_class: ClassVar[Any]

    def prompt(
        self,
        prompt: str | None = None,
        *,
        fragments: Sequence[str] | None = None,
        attachments: Sequence[Any] | None = None,
        system: str | None = None,
        schema: Any = None,
        tools: Sequence[Any] | None = None,
        tool_results: Sequence[ToolResult] | None = None,
        system_fragments: Sequence[str] | None = None,
        messages: Sequence[Message] | None = None,
        stream: bool = True,
        key: str | None = None,
        options: dict[str, Any] | None = None,
        hide_reasoning: bool = False,
        **kwargs: Any,
    ) -> R:
        """Ask the next question. The model is sent everything said before; *messages* take its place where given.

        Options come as *options* or as keywords.
        """
        built = self._build_prompt(
            prompt,
            fragments=fragments,
            attachments=attachments,
            system=system,
            schema=schema,
            tools=tools,
            tool_results=tool_results,
            system_fragments=system_fragments,
            messages=messages,
            options=merged_options(options, kwargs),
            hide_reasoning=hide_reasoning,
        )
        response: R = self._response_class(
            built,
            self.model,
            stream,
            conversation=self,
            key=key,
            before_call=self.before_call,
            after_call=self.after_call,
        )
        return response

    def chain(
        self,
        prompt: str | None = None,
        *,
        fragments: Sequence[str] | None = None,
        attachments: Sequence[Any] | None = None,
        system: str | None = None,
        system_fragments: Sequence[str] | None = None,
        messages: Sequence[Message] | None = None,
        stream: bool = True,
        schema: Any = None,
        tools: Sequence[Any] | None = None,
        tool_results: Sequence[ToolResult] | None = None,
        chain_limit: int | None = None,
        before_call: Callable[..., Any] | None = None,
        after_call: Callable[..., Any] | None = None,
        key: str | None = None,
        options: dict[str, Any] | None = None,
        hide_reasoning: bool = False,
    ) -> C:
        """Ask the next question and run the tools the model asks for, until it asks for no more."""
        built = self._build_prompt(
            prompt,
            fragments=fragments,
            attachments=attachments,
            system=system,
            schema=schema,
            tools=tools,
            tool_results=tool_results,
            system_fragments=system_fragments,
            messages=messages,
            options=options or {},
            hide_reasoning=hide_reasoning,
        )
        chain: C = self._chain_class(
            built,
            model=self.model,
            stream=stream,
            conversation=self,
            key=key,
            before_call=before_call or self.before_call,
            after_call=after_call or self.after_call,
            chain_limit=self.chain_limit if chain_limit is None else chain_limit,
        )
        return chain

    def _build_prompt(
        self,
        prompt: str | None,
        *,
        messages: Sequence[Message] | None,
        tools: Sequence[Any] | None,
        options: dict[str, Any],
        **asked: Any,
    ) -> Prompt:
        self.model._validate_attachments(asked["attachments"])
        before = (
            list(messages) if messages is not None else self._said_so_far(asked["system"], asked["system_fragments"])
        )
        own_turn = turn(prompt, asked["fragments"], asked["attachments"], asked["tool_results"])
        return Prompt(
            prompt,
            self.model,
            messages=[*before, *own_turn],
            tools=tools or self.tools,
            options=self.model.Options(**options),
            **asked,
        )

    def _said_so_far(self, system: str | None, system_fragments: Sequence[str] | None) -> list[Message]:
        if self.loaded_messages:
            return list(self.loaded_messages)
        if self.responses:
            last = self.responses[-1]
            return [*last.prompt.messages, *last._messages_now()]
        return system_message(joined_system(system, system_fragments))

    def _record_response(self, response: Any) -> None:
        """Enter a complete response."""
        self.responses.append(response)
        self.loaded_messages = None

    def __repr__(self) -> str:
        count = len(self.responses)
        return f"<{type(self).__name__}: {self.id} - {count} response{'' if count == 1 else 's'}"


class Conversation(ConversationBase[Response, ChainResponse]):
    """Turns with a sync model."""

    _response_class = Response
    _chain_class = ChainResponse

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Conversation:
        """Build one from a row of the conversations table."""
        from .catalogue import get_model

        return cls(model=get_model(row["model"]), id=row["id"], name=row["name"])


class AsyncConversation(ConversationBase[AsyncResponse, AsyncChainResponse]):
    """Turns with an async model."""

    _response_class = AsyncResponse
    _chain_class = AsyncChainResponse

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> AsyncConversation:
        """Build one from a row of the conversations table."""
        from .catalogue import get_async_model

        return cls(model=get_async_model(row["model"]), id=row["id"], name=row["name"])

    def to_sync_conversation(self) -> Conversation:
        """Return a sync conversation of the same name, without responses."""
        return Conversation(
            model=self.model, id=self.id, name=self.name, tools=self.tools, chain_limit=self.chain_limit
        )
