"""What the options of ``llm chat`` ask for, put together to a chat that can begin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from innkeeper.conversation.applied import Applied
from innkeeper.errors import UsageError
from innkeeper.storage.model_options import model_options

from .attachment_options import attached
from .chat_session import Beginning, ChatSession, no_stdin
from .conversation_options import opened, stored, tools_to_go_on_with, wants_log
from .fragment_options import resolved
from .model_choice import named_model, opened_model
from .option_values import refuse_unknown
from .run import Run
from .schema_options import chosen_schema
from .stdin import Stdin
from .tool_options import ToolChoice

if TYPE_CHECKING:
    from collections.abc import Callable

    from innkeeper.conversation.templates import FoundTemplate
    from innkeeper.remote.catalogue import Found


@dataclass(frozen=True, kw_only=True)
class ChatRequest:
    """The options, by the names that the command gives them."""

    run: Run
    system: str | None = None
    model_id: str | None = None
    queries: tuple[str, ...] = ()
    database: str | None = None
    no_log: bool = False
    log: bool = False
    continues: bool = False
    conversation_id: str | None = None
    fragments: tuple[str, ...] = ()
    system_fragments: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    attachment_types: tuple[tuple[str, str], ...] = ()
    schema: str | None = None
    schema_multi: str | None = None
    templates: tuple[str, ...] = ()
    params: tuple[tuple[str, str], ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    no_stream: bool = False
    hide_reasoning: bool = False
    key: str | None = None
    tools: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    tools_debug: bool = False
    tools_approve: bool = False
    chain_limit: int = 5
    find: Callable[[str | None], Found] | None = None
    """How a model is found by its name, where it is none that is installed."""

    def session(self) -> ChatSession:
        """Return the chat. Raises UsageError and whatever reading what the options name does."""
        is_logged = wants_log(self.run, log=self.log, no_log=self.no_log)
        database = self.database or self.run.home.logs_file
        before = stored(
            self.run, continues=self.continues, conversation_id=self.conversation_id, database=self.database
        )
        templates, applied = self._templates()
        model = opened_model(self.run, self._model(applied.model or (before.model if before else None)))
        if not model.info.supports_conversation:
            raise UsageError(f"{model} does not support conversations", hint=f"One question: llm -m {model.model_id}")
        refuse_unknown(self.run, model.found, dict(self.options))
        choice = ToolChoice(
            tools=self.tools or (() if applied.tools else tools_to_go_on_with(model, before)),
            functions=self.functions,
            tools_debug=self.tools_debug,
            tools_approve=self.tools_approve,
            chain_limit=self.chain_limit,
        )
        kept = model_options(self.run.home, model.model_id)
        return ChatSession(
            self.run,
            opened(model, before),
            database=database,
            is_logged=is_logged,
            beginning=self._beginning(applied, database),
            templates=templates,
            params=dict(self.params),
            tools=choice.offered(self.run, model.found, more=applied.tools, more_functions=applied.functions),
            how_tools=choice.how(self.run),
            asked={
                "schema": chosen_schema(self.run, self.schema, self.schema_multi, self.database) or applied.schema,
                "options": {**kept, **applied.options, **dict(self.options)},
                "hide_reasoning": self.hide_reasoning,
            },
            kept_options=kept.keys() - dict(self.options).keys(),
            stream=not self.no_stream,
            key=self.key,
        )

    def _model(self, otherwise: str | None) -> Found:
        if self.find is not None:
            return self.find(self.model_id or otherwise)
        return named_model(self.run, self.model_id, self.queries) or self.run.host.find_model(otherwise)

    def _templates(self) -> tuple[list[FoundTemplate], Applied]:
        """Return the templates, and what they add. Prompt and system prompt they make anew with each turn."""
        if not self.templates:
            return [], Applied(None, self.system)
        from innkeeper.conversation.applied_templates import apply_templates

        from .template_options import found_templates

        found = found_templates(self.run, self.templates)
        params: dict[str, Any] = dict(self.params)
        return found, apply_templates(
            self.run.host, found, prompt=None, system=self.system, params=params, stdin=no_stdin
        )

    def _beginning(self, applied: Applied, database: str) -> Beginning:
        from innkeeper.conversation.wanted import by_person

        own_files = attached(self.run, self.attachments, self.attachment_types, NoStdin())
        texts, system_texts, files = resolved(
            self.run,
            [*applied.fragments, *by_person(self.fragments)],
            [*applied.system_fragments, *by_person(self.system_fragments)],
            stdin=lambda: no_stdin().decode(),
            database=database,
        )
        return Beginning(
            system=self.system,
            fragments=texts,
            system_fragments=system_texts,
            attachments=[*applied.attachments, *applied.typed_attachments, *own_files, *files],
        )


class NoStdin(Stdin):
    """The stdin of a chat, where the person speaks: nothing is taken from it."""

    def take(self) -> bytes:
        return no_stdin()
