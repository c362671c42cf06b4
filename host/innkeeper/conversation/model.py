"""A model of a plugin, as an object of this process: the way in for programs, and for the command line."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from innkeeper_protocol import methods
from innkeeper_protocol.payloads import models as wire
from innkeeper_protocol.peer import Peer

from innkeeper.process.open_call import OpenCall
from innkeeper.remote.blobs import sent_ahead, taken
from innkeeper.remote.catalogue import Found
from innkeeper.remote.host import Host

from .conversation import Conversation
from .response import Response

if TYPE_CHECKING:
    from .chain import Chain


class Model:
    """One model. *use_async* picks the async variant inside its plugin, for a model that has both."""

    def __init__(self, host: Host, found: Found, *, use_async: bool = False) -> None:
        self.host = host
        self.plugin = found.plugin.name
        self.model_id = found.model_id
        self.aliases: tuple[str, ...] = tuple(found.entry.get("aliases", ()))
        self.use_async = use_async or not found.entry.get("sync", True)
        self.found = found

    @cached_property
    def info(self) -> wire.ModelInfo:
        """What its plugin said of it: what it takes and can do."""
        from innkeeper.remote.manifests import model_info

        return model_info(self.host.home, self.found)

    def prompt(self, text: str | None = None, **asked: Any) -> Response:
        """Ask one question: *text*, with what `Conversation.prompt` takes: ``system``, ``attachments``, ``schema``,
        options of the model by their names, and more. Nothing is sent before the answer is read.
        """
        return self.conversation().prompt(text, **asked)

    def chain(self, text: str | None = None, **asked: Any) -> Chain:
        """Ask one question, and run the tools that the model asks for until it asks for no more.

        *asked* is what `Conversation.chain` takes, *tools* above all. Nothing is sent before it is read.
        """
        return self.conversation().chain(text, **asked)

    def conversation(self, *, id: str | None = None, name: str | None = None) -> Conversation:  # noqa: A002
        """Begin a conversation, or go on with the one that has *id*."""
        return Conversation(self, id=id, name=name)

    def __str__(self) -> str:
        return str(self.found.entry.get("label") or self.model_id)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.model_id!r} of plugin {self.plugin!r}>"

    def ask(
        self, prompt: wire.Prompt, conversation: wire.Conversation, *, stream: bool = True, key: str | None = None
    ) -> OpenPrompt:
        """Send *prompt*; return the answer that streams back. Starts the plugin where it does not run."""
        session = self.host.session(self.found.plugin, models=self.found.models)
        if session.ending:
            session.settle()
            session = self.host.session(self.found.plugin, models=self.found.models)
        params = wire.PromptParams(
            model_id=self.model_id,
            prompt=prompt,
            conversation=conversation,
            stream=stream,
            use_async=self.use_async,
            key=self.host.key_named(key),
            cwd=self.host.cwd,
        )
        with session.translating(methods.MODELS_PROMPT):
            params = sent_ahead(params, session.peer)
        return OpenPrompt(session.stream(methods.MODELS_PROMPT, params), session.peer)


class OpenPrompt:
    """A prompt that was sent: *batches*, an iterator, are the events of the answer as they come, `result` its end."""

    def __init__(self, answer: OpenCall[wire.PromptResult], peer: Peer) -> None:
        self._answer = answer
        self._peer = peer
        self.batches: Iterator[list[str | wire.ModelEvent]] = answer.batches()

    def result(self) -> wire.PromptResult:
        """Wait for the end, and return what is known then."""
        result = self._answer.result()
        with self._answer.session.translating(methods.MODELS_PROMPT):
            return taken(result, self._peer)

    def cancel(self) -> None:
        """Give up on it, from any thread. Does not wait."""
        self._answer.cancel()
