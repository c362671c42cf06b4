"""Language models: what authors subclass.

    class Shout(llm.Model):
        model_id = "shout"

        def execute(self, prompt, stream, response, conversation):
            yield prompt.prompt.upper()

A model with a key subclasses KeyModel, and its ``execute`` takes ``key``; the async twins are async generators.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from .chain import AsyncChainResponse, ChainResponse
from .conversation import AsyncConversation, Conversation
from .keys import HasKey
from .message_chain import turn
from .no_options import NoOptions
from .parts import Message, StreamEvent
from .prompt import Prompt, merged_options
from .response import AsyncResponse, Response
from .values import Value, value

if TYPE_CHECKING:
    from .tools import ServerSideTool, ToolResult

R = TypeVar("R")
C = TypeVar("C")
V = TypeVar("V")


class ModelBase(ABC, HasKey, Generic[R, C, V]):
    """What all four kinds of models share. Authors set these as class attributes, or in ``__init__``.

    *can_stream*: ``execute`` can yield an answer in pieces. *attachment_types*: the MIME types it takes.
    *supports_schema*: it can be held to ``prompt.schema``. *supports_tools*: it can ask for tools.
    *supports_conversation*: it can be sent earlier turns.
    """

    model_id: str
    can_stream: bool = False
    attachment_types: Iterable[str] = frozenset()
    supports_schema: bool = False
    supports_tools: bool = False
    supports_conversation: bool = True
    passes_key: ClassVar[bool] = False

    Options: Any = NoOptions

    _response_class: ClassVar[Any]
    _conversation_class: ClassVar[Any]
    _kind: ClassVar[str] = ""

    def _no_options_given(self) -> Any:
        """Return the options of a prompt that sets none."""
        return self.Options()

    @property
    def supported_server_side_tools(self) -> tuple[type[ServerSideTool], ...]:
        """The provider's tools that this model can be given."""
        return ()

    def prompt(
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
        options: dict[str, Any] | None = None,
        hide_reasoning: bool = False,
        key: str | None = None,
        **kwargs: Any,
    ) -> R:
        """Ask the model something. Nothing is sent before the response is read.

        *messages* are what was said before; this turn is added to them. Options come as *options* or as keywords.
        Raises ValueError for attachments, a schema, tools or options that the model does not take.
        """
        merged = merged_options(options, kwargs)
        self._validate_attachments(attachments)
        if messages is not None:
            messages = [*messages, *turn(prompt, fragments, attachments, tool_results)]
        built = Prompt(
            prompt,
            self,
            fragments=fragments,
            attachments=attachments,
            system=system,
            schema=schema,
            tools=tools,
            tool_results=tool_results,
            system_fragments=system_fragments,
            messages=messages,
            options=self.Options(**merged),
            hide_reasoning=hide_reasoning,
        )
        response: R = self._response_class(built, self, stream, key=key)
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
        """Ask the model something and run the tools it asks for, until it asks for no more."""
        chain: C = self._conversation_class(model=self).chain(
            prompt,
            fragments=fragments,
            attachments=attachments,
            system=system,
            system_fragments=system_fragments,
            messages=messages,
            stream=stream,
            schema=schema,
            tools=tools,
            tool_results=tool_results,
            chain_limit=chain_limit,
            before_call=before_call,
            after_call=after_call,
            key=key,
            options=options,
            hide_reasoning=hide_reasoning,
        )
        return chain

    def conversation(
        self,
        tools: Sequence[Any] | None = None,
        before_call: Callable[..., Any] | None = None,
        after_call: Callable[..., Any] | None = None,
        chain_limit: int | None = None,
    ) -> V:
        """Begin a conversation."""
        conversation: V = self._conversation_class(
            model=self, tools=tools, before_call=before_call, after_call=after_call, chain_limit=chain_limit
        )
        return conversation

    def _validate_attachments(self, attachments: Sequence[Any] | None = None) -> None:
        """Raise ValueError for a file of a type that the model does not take."""
        if attachments and not self.attachment_types:
            raise ValueError("This model does not support attachments")
        for attachment in attachments or ():
            found = attachment.resolve_type()
            if found not in self.attachment_types:
                raise ValueError(
                    f"This model does not support attachments of type '{found}', "
                    f"only {', '.join(self.attachment_types)}"
                )

    def __str__(self) -> str:
        return f"{type(self).__name__}{self._kind}: {self.model_id}"

    def __repr__(self) -> str:
        return f"<{self}>"


class SyncModelBase(ModelBase[Response, ChainResponse, Conversation]):
    """What the two kinds of sync models share."""

    _response_class = Response
    _conversation_class = Conversation


class AsyncModelBase(ModelBase[AsyncResponse, AsyncChainResponse, AsyncConversation]):
    """What the two kinds of async models share."""

    _response_class = AsyncResponse
    _conversation_class = AsyncConversation
    _kind = " (async)"


class Model(SyncModelBase):
    """A sync model."""

    @abstractmethod
    def execute(
        self, prompt: Prompt, stream: bool, response: Response, conversation: Conversation | None
    ) -> Iterable[str | StreamEvent]:
        """Answer *prompt*: yield the answer's text, or StreamEvents, or return a list of them.

        *stream*: the person wants it in pieces. *conversation* has the turns before this one.
        """


class KeyModel(SyncModelBase):
    """A sync model that needs a key."""

    passes_key = True

    @abstractmethod
    def execute(
        self, prompt: Prompt, stream: bool, response: Response, conversation: Conversation | None, key: str | None
    ) -> Iterable[str | StreamEvent]:
        """Answer *prompt*, as ``Model.execute`` does, using *key*."""


class AsyncModel(AsyncModelBase):
    """An async model."""

    @abstractmethod
    def execute(
        self, prompt: Prompt, stream: bool, response: AsyncResponse, conversation: AsyncConversation | None
    ) -> AsyncIterator[str | StreamEvent]:
        """Answer *prompt*: an async generator of the answer's text, or of StreamEvents."""


class AsyncKeyModel(AsyncModelBase):
    """An async model that needs a key."""

    passes_key = True

    @abstractmethod
    def execute(
        self,
        prompt: Prompt,
        stream: bool,
        response: AsyncResponse,
        conversation: AsyncConversation | None,
        key: str | None,
    ) -> AsyncIterator[str | StreamEvent]:
        """Answer *prompt*, as ``AsyncModel.execute`` does, using *key*."""


@value
class ModelWithAliases(Value):
    """A model, its async twin, and its other names. One of the two may be None."""

    model: Any
    async_model: Any
    aliases: list[str]

    def matches(self, query: str) -> bool:
        """Tell whether *query* stands in one of its names, in any case."""
        names = list(self.aliases)
        if self.model:
            names.append(str(self.model))
        if self.async_model:
            names.append(str(self.async_model.model_id))
        return any(query.lower() in name.lower() for name in names)
