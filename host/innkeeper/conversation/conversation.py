"""Turns with one model that know of one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from innkeeper_protocol.payloads import models as wire
from innkeeper_sdk.api.identifiers import new_id

from .prompt import new_prompt
from .response import Response

if TYPE_CHECKING:
    from .model import Model


class Conversation:
    """*responses* are the complete ones of this process, oldest first; *earlier* are turns read from storage."""

    def __init__(self, model: Model, *, id: str | None = None, name: str | None = None) -> None:  # noqa: A002
        self.model = model
        self.id = id or new_id()
        self.name = name
        self.responses: list[Response] = []
        self.earlier: list[wire.Exchange] = []

    def prompt(
        self,
        text: str | None = None,
        *,
        stream: bool = True,
        key: str | None = None,
        **asked: Any,
    ) -> Response:
        """Ask the next question; what else may be given is that of `new_prompt`. Nothing is sent yet."""
        return Response(self.model, new_prompt(text, **asked), conversation=self, stream=stream, key=key)

    def payload(self) -> wire.Conversation:
        """Return the turns so far, for the next one."""
        exchanges = [*self.earlier, *(response.exchange() for response in self.responses)]
        return wire.Conversation(id=self.id, name=self.name, exchanges=tuple(exchanges))
