"""A chat: reads what the person says, puts it to the model, shows the answer, logs it, until they leave."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

from innkeeper.conversation.prompt import new_prompt
from innkeeper.conversation.response import Response
from innkeeper.errors import InnkeeperError, UsageError

from .answer import Answer
from .chat_input import EDIT, END, FRAGMENT, LEAVING, MULTI, Composer, Said
from .errors import show
from .fragment_options import resolved
from .kept_options import kept_options_told
from .run import Run
from .tool_options import pauses_told

if TYPE_CHECKING:
    from collections.abc import Collection

    from innkeeper_sdk.api.attachments import Attachment
    from innkeeper_sdk.api.fragments import Fragment

    from innkeeper.conversation.chain import Chain
    from innkeeper.conversation.chain_tools import Tools
    from innkeeper.conversation.conversation import Conversation
    from innkeeper.conversation.templates import FoundTemplate


@dataclass(frozen=True)
class Beginning:
    """What goes with the first thing that is said, and is not said again.

    But for the system prompt of a template, which comes with every turn, as the rest of what the template makes of one:
    there are models that only look at that of the turn. The *system_fragments* are the start of it.
    """

    system: str | None = None
    fragments: list[Fragment] = field(default_factory=list)
    system_fragments: list[Fragment] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)


class ChatSession:
    """A chat in *conversation*; a ``with`` block opens its *tools*, which keep their state until the end.

    *asked* goes with everything that is said, *how_tools* with every chain of tool calls. *kept_options* are those in
    it that the person did not type.
    """

    def __init__(
        self,
        run: Run,
        conversation: Conversation,
        *,
        database: str,
        is_logged: bool,
        beginning: Beginning,
        templates: list[FoundTemplate],
        params: dict[str, str],
        tools: Tools | None,
        how_tools: dict[str, Any],
        asked: dict[str, Any],
        kept_options: Collection[str],
        stream: bool,
        key: str | None,
    ) -> None:
        self._run = run
        self._conversation = conversation
        self._database = database
        self._is_logged = is_logged
        self._beginning = beginning
        self._templates = templates
        self._params = params
        self._tools = tools
        self._how_tools = how_tools
        self._asked = asked
        self._kept_options = kept_options
        self._stream = stream
        self._key = key
        self._composer = Composer(self._load_fragments, _edit)

    def __enter__(self) -> ChatSession:
        """Open the tools. Raises UnknownTool, PluginError and the like."""
        if self._tools is not None:
            self._tools.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._tools is not None:
            self._tools.close()

    def greet(self) -> None:
        """Say with whom one speaks, and how; make ready to listen."""
        self._run.progress.clear()
        click.echo(f"Chatting with {self._conversation.model.model_id}")
        click.echo(f"Type '{LEAVING[0]}' or '{LEAVING[1]}' to exit")
        click.echo(f"Type '{MULTI}' to enter multiple lines, then '{END}' to finish")
        click.echo(f"Type '{EDIT}' to write in your editor")
        click.echo(f"Type '{FRAGMENT} NAME ...' to add fragments")
        with suppress(ImportError):
            import readline  # noqa: F401  # gives `input` a line that can be edited, and the ones before it
        reconfigure = getattr(sys.stdin, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="surrogateescape")  # what is no text is told of where it is asked

    def turn(self) -> bool:
        """Let the person say something, and have it answered. False: they left.

        What goes wrong with one turn is told, and the chat goes on; but not where a program speaks.
        """
        try:
            said = self._listen()
            if said is None or said.is_leaving:
                return False
            self._answer(said)
        except InnkeeperError as error:
            if not sys.stdin.isatty():
                raise
            self._composer.forget()
            self._run.progress.clear()
            show(error, as_json=False)
        return True

    def _listen(self) -> Said | None:
        """Return what the person says; None where they say no more."""
        while True:
            try:
                line = input("" if self._composer.is_open else "> ")
            except EOFError:
                click.echo()
                return None
            said = self._composer.take(line)
            if said is not None:
                return said

    def _answer(self, said: Said) -> None:
        answer = self._ask(said)
        shown = Answer(self._run, hide_reasoning=self._asked["hide_reasoning"])
        try:
            with pauses_told(), kept_options_told(self._conversation.model.model_id, self._kept_options):
                shown.show(answer.events())
        except KeyboardInterrupt:
            answer.cancel()
            self._run.progress.clear()
            click.echo("\nStopped; the model will not know that you asked.", err=True)
        finally:
            self._log(answer)

    def _ask(self, said: Said) -> Response | Chain:
        conversation = self._conversation
        first = Beginning() if conversation.responses else self._beginning
        text, system = self._templated(said.text)
        prompt = new_prompt(
            text,
            system=first.system or system,
            system_fragments=self._beginning.system_fragments if system else first.system_fragments,
            fragments=[*first.fragments, *said.fragments],
            attachments=[*first.attachments, *said.attachments],
            **self._asked,
        )
        if self._tools is None:
            return Response(conversation.model, prompt, conversation=conversation, stream=self._stream, key=self._key)
        from innkeeper.conversation.chain import Chain

        return Chain(conversation, prompt, self._tools, stream=self._stream, key=self._key, **self._how_tools)

    def _templated(self, text: str) -> tuple[str, str | None]:
        """Return what templates make of *text*, and their system prompt, unless the person gave one."""
        system = None
        for one in self._templates:
            from innkeeper.conversation.applied_templates import fill_in

            params = {**(one.template.defaults or {}), **self._params}
            made, system = fill_in(one.template, text, system, params)
            text = made or ""
        return text, None if self._beginning.system else system

    def _log(self, answer: Response | Chain) -> None:
        if not self._is_logged:
            return
        from innkeeper.conversation.log import log_responses

        if isinstance(answer, Response):
            log_responses([answer] if answer.is_done else [], self._database)
        else:
            log_responses(answer.completed, self._database)

    def _load_fragments(self, names: list[str]) -> tuple[list[Fragment], list[Attachment]]:
        from innkeeper.conversation.wanted import by_person

        wanted = by_person(names)
        texts, _, files = resolved(self._run, wanted, [], stdin=lambda: no_stdin().decode(), database=self._database)
        return texts, files


def _edit() -> str | None:
    written = click.edit()
    if written is None:
        click.echo("Editor closed without saving.", err=True)
    return written


def no_stdin() -> bytes:
    """Refuse what is to come from stdin."""
    raise UsageError("Stdin is where you speak: it cannot be a fragment or an attachment as well.")
