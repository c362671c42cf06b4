"""What the options of ``llm chat`` ask for, put together to a chat that can begin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from innkeeper.conversation.applied import Applied
from innkeeper.errors import UsageError
from innkeeper.storage.model_options import model_options

from .chat_session import Beginning, ChatSession, no_stdin
from .conversation_options import opened, stored, tools_to_go_on_with, wants_log
from .fragment_options import resolved
from .model_choice import named_model, opened_model
from .run import Run
from .tool_options import ToolChoice

if TYPE_CHECKING:
    from innkeeper.conversation.templates import FoundTemplate


@dataclass(frozen=True, kw_only=True)
class ChatRequest:
    """The options, by the names that the command gives them."""

    run: Run
    system: str | None
    model_id: str | None
    queries: tuple[str, ...]
    database: str | None
    no_log: bool
    log: bool
    continues: bool
    conversation_id: str | None
    fragments: tuple[str, ...]
    system_fragments: tuple[str, ...]
    templates: tuple[str, ...]
    params: tuple[tuple[str, str], ...]
    options: tuple[tuple[str, str], ...]
    no_stream: bool
    hide_reasoning: bool
    key: str | None
    tools: tuple[str, ...]
    functions: tuple[str, ...]
    tools_debug: bool
    tools_approve: bool
    chain_limit: int

    def session(self) -> ChatSession:
        """Return the chat. Raises UsageError and whatever reading what the options name does."""
        is_logged = wants_log(self.run, log=self.log, no_log=self.no_log)
        database = self.database or self.run.home.logs_file
        before = stored(
            self.run, continues=self.continues, conversation_id=self.conversation_id, database=self.database
        )
        templates, applied = self._templates()
        found = named_model(self.run, self.model_id, self.queries)
        model = opened_model(
            self.run, found or self.run.host.find_model(applied.model or (before.model if before else None))
        )
        if not model.info.supports_conversation:
            raise UsageError(f"{model} does not support conversations", hint=f"One question: llm -m {model.model_id}")
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
                "schema": applied.schema,
                "options": {**kept, **applied.options, **dict(self.options)},
                "hide_reasoning": self.hide_reasoning,
            },
            kept_options=kept.keys() - dict(self.options).keys(),
            stream=not self.no_stream,
            key=self.key,
        )

    def _templates(self) -> tuple[list[FoundTemplate], Applied]:
        """Return the templates, and what they add. The prompt they make anew with each turn."""
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

        texts, system_texts, files = resolved(
            self.run,
            [*applied.fragments, *by_person(self.fragments)],
            [*applied.system_fragments, *by_person(self.system_fragments)],
            stdin=lambda: no_stdin().decode(),
            database=database,
        )
        return Beginning(
            system=applied.system,
            fragments=texts,
            system_fragments=system_texts,
            attachments=[*applied.attachments, *applied.typed_attachments, *files],
        )
