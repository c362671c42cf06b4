"""What one turn asks: as a person or a program says it, and as the wire carries it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec
from innkeeper_protocol.payloads import content, models
from innkeeper_sdk.api.attachments import Attachment
from innkeeper_sdk.api.message_chain import joined_prompt, joined_system

from innkeeper.errors import UsageError

from .attachments import as_attachment, attachments_out

if TYPE_CHECKING:
    from innkeeper_sdk.api.parts import Message


class ToolboxUse(msgspec.Struct, frozen=True, kw_only=True):
    """The toolbox that a tool belongs to, and what it was made with; for the log."""

    name: str
    plugin: str | None = None
    arguments: dict[str, Any] = msgspec.field(default_factory=dict)


class Prompt(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """What one turn asks. Fragments may be plain texts, or Fragment objects that know where they came from.

    *chain* is everything the model is sent, this turn included, where that is not what was said in the conversation
    and then this turn. *toolboxes* are the uses of toolboxes by the name of the tool.
    """

    text: str | None = None
    system: str | None = None
    fragments: tuple[str, ...] = ()
    system_fragments: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    tools: tuple[models.ToolDefinition, ...] = ()
    tool_results: tuple[content.ToolResult, ...] = ()
    schema: dict[str, Any] | None = None
    options: dict[str, Any] = msgspec.field(default_factory=dict)
    chain: tuple[Message, ...] | None = None
    hide_reasoning: bool = False
    toolboxes: Mapping[str, ToolboxUse] = msgspec.field(default_factory=dict)

    @property
    def whole_text(self) -> str:
        """The fragments and then the text."""
        return joined_prompt(self.fragments, self.text)

    @property
    def whole_system(self) -> str:
        """The system fragments and then the system prompt."""
        return joined_system(self.system, self.system_fragments)

    def turn(self) -> list[Message]:
        """Return what this turn adds to what was said. The SDK derives the same where it is sent no chain."""
        from innkeeper_sdk.api.message_chain import tool_turn, turn

        from .messages import tool_result_in

        results = [tool_result_in(result) for result in self.tool_results]
        if results and not self.whole_text:
            return tool_turn(results)
        return turn(self.text, self.fragments, self.attachments, results)

    def chain_after(self, said: Sequence[Message]) -> list[Message]:
        """Return everything the model is sent where *said* was said before. The system prompt only ever comes first."""
        from innkeeper_sdk.api.message_chain import system_message

        if self.chain is not None:
            return list(self.chain)
        return [*(said or system_message(self.whole_system)), *self.turn()]

    @cached_property
    def payload(self) -> models.Prompt:
        """The turn as the wire carries it, with the bytes of its files. Raises UsageError for one that is gone."""
        text = self.whole_text
        return models.Prompt(
            text=None if self.text is None and not text else text,
            system=self.whole_system or None,
            fragments=tuple(map(str, self.fragments)),
            system_fragments=tuple(map(str, self.system_fragments)),
            attachments=attachments_out(self.attachments),
            tools=self.tools,
            tool_results=self.tool_results,
            schema=self.schema,
            options=self.options,
            messages=self._chain_payload(),
            hide_reasoning=self.hide_reasoning,
        )

    def _chain_payload(self) -> tuple[content.Message, ...]:
        if self.chain is None:
            return ()
        from .messages import messages_out

        return messages_out(self.chain)


def new_prompt(
    text: str | None = None,
    *,
    system: str | None = None,
    fragments: Sequence[str] = (),
    system_fragments: Sequence[str] = (),
    attachments: Sequence[Attachment | str] = (),
    schema: Any = None,
    tools: Sequence[models.ToolDefinition] = (),
    tool_results: Sequence[content.ToolResult] = (),
    options: Mapping[str, Any] | None = None,
    messages: Sequence[Message] | None = None,
    chain: Sequence[Message] | None = None,
    hide_reasoning: bool = False,
    toolboxes: Mapping[str, ToolboxUse] | None = None,
    **more_options: Any,
) -> Prompt:
    """Return what one turn asks.

    *attachments* are Attachment objects or paths. *schema* is a JSON schema, or a pydantic model class. *messages* are
    what was said before, in place of what the conversation knows; *chain* is that with this turn in it. Options of the
    model come as *options* or as keywords. Raises UsageError for a file that cannot be read and for what is no text,
    TypeError for an option that is given twice.
    """
    _require_text(text, system, *fragments, *system_fragments)
    twice = sorted({*(options or ())} & {*more_options})
    if twice:
        raise TypeError(f"options given twice, in options= and as keyword arguments: {', '.join(twice)}")
    prompt = Prompt(
        text=text,
        system=system,
        fragments=tuple(fragments),
        system_fragments=tuple(system_fragments),
        attachments=tuple(map(as_attachment, attachments)),
        tools=tuple(tools),
        tool_results=tuple(tool_results),
        schema=schema.model_json_schema() if hasattr(schema, "model_json_schema") else schema,
        options={**(options or {}), **more_options},
        chain=None if chain is None else tuple(chain),
        hide_reasoning=hide_reasoning,
        toolboxes=toolboxes or {},
    )
    if messages is None:
        return prompt
    return msgspec.structs.replace(prompt, chain=(*messages, *prompt.turn()))


def _require_text(*texts: str | None) -> None:
    """Raise UsageError for a text with bytes in it that are none: Python takes them from a command line as they are."""
    for text in texts:
        try:
            (text or "").encode()
        except UnicodeEncodeError as error:
            found = UsageError(
                "The prompt is not text.", why=f"It is not UTF-8: {error.reason} at position {error.start}."
            )
            found.exit_code = 1
            raise found from error
