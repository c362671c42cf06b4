"""What the options of ``llm prompt`` ask for, put together: templates, fragments, files, and what was said before."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from innkeeper.conversation.applied import Applied
from innkeeper.conversation.prompt import new_prompt
from innkeeper.errors import StorageError, UsageError
from innkeeper.storage.model_options import model_options

from .attachment_options import attached, typed_attachments
from .conversation_options import opened, stored, tools_to_go_on_with, wants_log
from .fragment_options import resolved
from .kept_options import kept_options_told
from .model_choice import named_model, opened_model
from .run import Run
from .schema_options import chosen_schema
from .stdin import Stdin
from .tool_options import ToolChoice, code_in

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from innkeeper_protocol.payloads.models import ModelEvent

    from innkeeper.conversation.chain import Chain
    from innkeeper.conversation.response import Response
    from innkeeper.remote.catalogue import Found
    from innkeeper.storage.logs_conversations import StoredConversation


class Request(msgspec.Struct, kw_only=True):
    """The options, by the names that the command gives them."""

    run: Run
    prompt: str | None = None
    system: str | None = None
    model_id: str | None = None
    queries: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    attachment_types: tuple[tuple[str, str], ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    show_options: bool = False
    schema: str | None = None
    schema_multi: str | None = None
    fragments: tuple[str, ...] = ()
    system_fragments: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    params: tuple[tuple[str, str], ...] = ()
    tools: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    tools_debug: bool = False
    tools_approve: bool = False
    chain_limit: int = 5
    database: str | None = None
    no_log: bool = False
    log: bool = False
    continues: bool = False
    conversation_id: str | None = None
    save: str | None = None
    no_stream: bool = False
    hide_reasoning: bool = False
    key: str | None = None
    use_async: bool = False
    usage: bool = False
    extract: bool = False
    extract_last: bool = False
    json_: bool = False
    find: Callable[[str | None], Found] | None = None
    """How a model is found by its name, where it is none that is installed."""
    stdin: Stdin = msgspec.field(default_factory=Stdin)

    @property
    def is_shown_whole(self) -> bool:
        """Whether the answer is shown once it is complete, and not as it comes."""
        return self.extract or self.extract_last or self.json_

    def extracted(self, text: str) -> str:
        """Return the block of code in *text* that is asked for; all of it where none is, or none is there."""
        if not self.extract and not self.extract_last:
            return text
        from innkeeper_sdk.api.text import extract_fenced_code_block

        return extract_fenced_code_block(text, self.extract_last) or text

    def asking(self) -> Asking:
        """Return the prompt, ready to be asked. Raises UsageError and whatever reading what it names does."""
        is_logged = wants_log(self.run, log=self.log, no_log=self.no_log)
        files, typed_files = self._files()
        schema = chosen_schema(self.run, self.schema, self.schema_multi, self.database)
        before = self._stored()
        applied = self._applied()
        files, typed_files = [*applied.attachments, *files], [*applied.typed_attachments, *typed_files]
        model = opened_model(self.run, self._model(applied.model, before), use_async=self.use_async)
        if not (files or typed_files or schema or applied.schema or applied.fragments or self.fragments):
            applied.prompt = self._typed(applied.prompt)
        texts, system_texts, more_files = self._fragments(applied)
        kept = model_options(self.run.home, model.model_id)
        options = {**kept, **applied.options, **dict(self.options)}
        asked = new_prompt(
            applied.prompt,
            system=applied.system,
            fragments=texts,
            system_fragments=system_texts,
            attachments=[*files, *typed_files, *more_files],
            schema=schema or applied.schema,
            options=options,
            hide_reasoning=self.hide_reasoning,
        )
        choice = ToolChoice(
            tools=self.tools or (() if applied.tools else tools_to_go_on_with(model, before)),
            functions=self.functions,
            tools_debug=self.tools_debug,
            tools_approve=self.tools_approve,
            chain_limit=self.chain_limit,
        )
        self.extract, self.extract_last = self._extracts(applied)
        stream = not (self.no_stream or self.is_shown_whole)
        conversation = opened(model, before)
        offered = choice.offered(self.run, model.found, more=applied.tools, more_functions=applied.functions)
        answer: Response | Chain
        if offered is None:
            from innkeeper.conversation.response import Response

            answer = Response(model, asked, conversation=conversation, stream=stream, key=self.key)
        else:
            from innkeeper.conversation.chain import Chain

            how = choice.how(self.run)
            answer = Chain(conversation, asked, offered, closes_tools=True, stream=stream, key=self.key, **how)
        database = self.database or self.run.home.logs_file
        return Asking(answer, database, is_logged=is_logged, kept_options=kept.keys() - dict(self.options).keys())

    def store_as_template(self) -> None:
        """Keep what is asked as a template, and ask nothing. Raises UsageError, StorageError."""
        from .template_saving import save_template

        others = {"--template": self.templates, "--continue": self.continues, "--cid": self.conversation_id}
        unfit = [name for name, value in others.items() if value]
        if unfit:
            raise UsageError(
                f"--save cannot be used with {', '.join(unfit)}.", hint="Copy a template's file: llm templates path"
            )
        files, typed_files = self._files()
        save_template(
            self.run,
            self.save or "",
            model=named_model(self.run, self.model_id, self.queries),
            prompt=self.prompt if self._stdin_is_fragment else self.stdin.before(self.prompt),
            system=self.system,
            params=self.params,
            options=self.options,
            extract=self.extract,
            extract_last=self.extract_last,
            schema=chosen_schema(self.run, self.schema, self.schema_multi, self.database),
            fragments=self.fragments,
            system_fragments=self.system_fragments,
            tools=self.tools,
            functions=[code_in(code) for code in self.functions],
            attachments=files,
            typed_attachments=typed_files,
        )

    def tell_options(self) -> None:
        """Show which options the model has, and what else it takes; ask nothing."""
        import click

        from innkeeper.remote.manifests import model_info
        from innkeeper.storage.aliases import read_aliases

        from .model_details import ModelDetails
        from .models import Listed

        found = self._model(self._model_of_templates(), self._stored())
        info = model_info(self.run.home, found)
        click.echo(Listed(found, read_aliases(self.run.home), info).line(found.plugin.name))
        for line in ModelDetails().lines(info):
            click.echo(line)

    def _files(self) -> tuple[list[Any], list[Any]]:
        return (
            attached(self.run, self.attachments, (), self.stdin),
            typed_attachments(self.run, self.attachment_types, self.stdin),
        )

    def _stored(self) -> StoredConversation | None:
        return stored(self.run, continues=self.continues, conversation_id=self.conversation_id, database=self.database)

    def _model(self, of_template: str | None, before: StoredConversation | None) -> Found:
        """Return the model that the options name, else the templates, else the one that was asked before."""
        if self.find is not None:
            return self.find(self.model_id or of_template)
        found = named_model(self.run, self.model_id, self.queries)
        return found or self.run.host.find_model(of_template or (before.model if before is not None else None))

    def _model_of_templates(self) -> str | None:
        if not self.templates:
            return None
        from .template_options import found_templates

        found = found_templates(self.run, self.templates)
        return next((one.template.model for one in found if one.template.model), None)

    @property
    def _stdin_is_fragment(self) -> bool:
        return "-" in (*self.fragments, *self.system_fragments)

    def _applied(self) -> Applied:
        """Return the prompt that the templates make, with what was piped in where they say ``$input``, or before it."""
        if not self.templates:
            return Applied(self._piped_before(self.prompt), self.system)
        from innkeeper.conversation.applied_templates import apply_templates, needs_input

        from .template_options import found_templates

        found = found_templates(self.run, self.templates)
        takes_input = needs_input(found)
        typed = self.prompt
        if takes_input:
            typed = self._typed(self._piped_before(typed))
        params: dict[str, Any] = dict(self.params)
        applied = apply_templates(
            self.run.host, found, prompt=typed, system=self.system, params=params, stdin=self.stdin.take
        )
        applied.prompt = self._piped_before(applied.prompt)
        return applied

    def _piped_before(self, text: str | None) -> str | None:
        return text if self._stdin_is_fragment else self.stdin.before(text)

    def _typed(self, text: str | None) -> str | None:
        """Return *text*; where there is none, and a terminal, what the person types until Ctrl-D."""
        return self.stdin.take_text() if text is None and self.stdin.is_terminal else text

    def _fragments(self, applied: Applied) -> tuple[list[Any], list[Any], list[Any]]:
        if not (self.fragments or self.system_fragments or applied.fragments or applied.system_fragments):
            return [], [], []
        from innkeeper.conversation.wanted import by_person

        return resolved(
            self.run,
            [*applied.fragments, *by_person(self.fragments)],
            [*applied.system_fragments, *by_person(self.system_fragments)],
            stdin=self.stdin.take_text,
            database=self.database,
        )

    def _extracts(self, applied: Applied) -> tuple[bool, bool]:
        if self.extract or self.extract_last:
            return self.extract, self.extract_last
        return applied.extract, applied.extract_last


class Asking:
    """A prompt on its way: the answer, or the chain of answers, and where it is logged."""

    def __init__(
        self, answer: Response | Chain, database: str, *, is_logged: bool, kept_options: Collection[str]
    ) -> None:
        self._answer = answer
        self._kept_options = kept_options
        self._database = database
        self._is_logged = is_logged

    @property
    def responses(self) -> list[Response]:
        """The answers that are complete."""
        from innkeeper.conversation.response import Response

        if isinstance(self._answer, Response):
            return [self._answer] if self._answer.is_done else []
        return self._answer.completed

    def events(self) -> Iterable[str | ModelEvent]:
        """Yield what the model says, as it comes."""
        from .tool_options import pauses_told

        with pauses_told(), kept_options_told(self._answer.conversation.model.model_id, self._kept_options):
            yield from self._answer.events()

    def whole_text(self) -> str:
        """Return what the model says, once it is complete."""
        return "".join(
            event if isinstance(event, str) else event.chunk
            for event in self.events()
            if isinstance(event, str) or event.type == "text"
        )

    def log(self, *, after_error: bool = False) -> None:
        """Log what is complete, if it is to be logged. Raises StorageError, but not *after_error*: that counts more."""
        if not self._is_logged or not self.responses:
            return
        from innkeeper.conversation.log import log_responses

        with suppress(*([StorageError] if after_error else [])):
            log_responses(self.responses, self._database)

    def as_json(self) -> str:
        """Return the answers as ``llm logs --json`` shows them."""
        from innkeeper.conversation.log import log_response
        from innkeeper.storage.logs_database import open_logs, open_scratch_logs
        from innkeeper.storage.logs_entries import Filter, find_entries

        from .logs_json import as_json

        wanted = Filter(ids=[response.id for response in self.responses])
        if self._is_logged:
            with open_logs(self._database) as db:
                entries = find_entries(db, wanted)
        else:
            with open_scratch_logs() as db:
                for response in self.responses:
                    log_response(db, response)
                entries = find_entries(db, wanted)
        return as_json(entries[::-1])
