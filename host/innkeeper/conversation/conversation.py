"""Turns with one model that know of one another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec
from innkeeper_protocol.payloads import models as wire
from innkeeper_sdk.api.identifiers import new_id

from .prompt import new_prompt
from .response import Response

if TYPE_CHECKING:
    from innkeeper_sdk.api.parts import Message

    from .chain import Chain
    from .chain_tools import Tools
    from .model import Model
    from .tool_calls import AfterCall, BeforeCall


class Earlier(msgspec.Struct, frozen=True):
    """Turns read back from storage: one by one, and as all the messages that were said in them."""

    exchanges: tuple[wire.Exchange, ...] = ()
    messages: tuple[Message, ...] = ()


class Conversation:
    """*responses* are the complete ones of this process, oldest first; *earlier* are turns read from storage.

    Several may go on with one model at once.
    """

    def __init__(
        self,
        model: Model,
        *,
        id: str | None = None,  # noqa: A002  # what people call it
        name: str | None = None,
        earlier: Earlier | None = None,
    ) -> None:
        self.model = model
        self.id = id or new_id()
        self.name = name
        self.earlier = earlier or Earlier()
        self.responses: list[Response] = []

    def prompt(
        self,
        text: str | None = None,
        *,
        stream: bool = True,
        key: str | None = None,
        tools: Tools | Iterable[Any] = (),
        **asked: Any,
    ) -> Response:
        """Ask the next question. Nothing is sent yet.

        *asked* may hold ``system``; ``fragments`` and ``system_fragments``, texts that go before; ``attachments``, as
        Attachment objects or paths; ``schema``, a JSON schema or a pydantic class, for an answer that fits it;
        ``messages`` that were said before, in place of what the conversation knows; ``hide_reasoning``. Every other
        name is that of an option of the model; ``options`` is a mapping of some. Raises UsageError for a file that
        cannot be read and for what is no text, TypeError for an option that is given twice.

        *tools* are what the model may ask for, as `Tools` takes them; running it is the caller's business, for which
        `Response.execute_tool_calls` is there.
        """
        offered, is_own = self._tools(tools)
        return Response(
            self.model,
            new_prompt(text, **asked),
            conversation=self,
            stream=stream,
            key=key,
            tools=offered,
            closes_tools=is_own,
        )

    def chain(
        self,
        text: str | None = None,
        *,
        stream: bool = True,
        key: str | None = None,
        tools: Tools | Iterable[Any] = (),
        chain_limit: int | None = None,
        before_call: BeforeCall | None = None,
        after_call: AfterCall | None = None,
        **asked: Any,
    ) -> Chain:
        """Ask the next question, and run the tools that the model asks for until it asks for no more.

        *tools* are functions, Tool and Toolbox objects, names of tools of plugins. At most *chain_limit* responses
        follow one another, or it raises ChainLimitReached; None and 0 are any number. *before_call* and *after_call*
        are told of each call of a tool. *asked* is what `prompt` takes. Without anything new to say, a chain that was
        paused goes on. Nothing is sent yet.
        """
        from .chain import Chain
        from .chain_tools import Tools

        offered, is_own = self._tools(tools)
        return Chain(
            self,
            new_prompt(text, **asked),
            offered or Tools(self.model.host),
            closes_tools=is_own,
            chain_limit=chain_limit,
            before_call=before_call,
            after_call=after_call,
            stream=stream,
            key=key,
        )

    def _tools(self, given: Tools | Iterable[Any]) -> tuple[Tools | None, bool]:
        """Return the tools that were *given*, and whether they are to be closed by who uses them."""
        if not given:
            return None, False
        from .chain_tools import Tools

        if isinstance(given, Tools):
            return given, False
        return Tools(self.model.host, given, model=self.model.found), True

    def so_far(self) -> Before:
        """Return what was said up to now, for the next turn."""
        return Before(self, tuple(self.responses))


class Before(msgspec.Struct, frozen=True):
    """What was said before a turn."""

    conversation: Conversation
    responses: tuple[Response, ...]

    def payload(self) -> wire.Conversation:
        """Return it turn by turn, as the wire carries it."""
        conversation = self.conversation
        exchanges = (*conversation.earlier.exchanges, *(response.exchange() for response in self.responses))
        return wire.Conversation(id=conversation.id, name=conversation.name, exchanges=exchanges)

    def messages(self) -> list[Message]:
        """Return it as messages. What the last turn was sent holds all that was said before it."""
        if self.responses:
            return [*self.responses[-1].sent(), *self.responses[-1].messages()]
        return list(self.conversation.earlier.messages)
