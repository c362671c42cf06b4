"""What one turn asks, as the wire carries it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from innkeeper_protocol.payloads import content, models
from innkeeper_sdk.api.attachments import Attachment
from innkeeper_sdk.api.message_chain import joined_prompt, joined_system

from .attachments import as_attachment, attachments_out


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
    hide_reasoning: bool = False,
    **more_options: Any,
) -> models.Prompt:
    """Return the payload of one turn.

    *attachments* are Attachment objects or paths. *schema* is a JSON schema, or a pydantic model class. Options of the
    model come as *options* or as keywords. Raises UsageError for a file that cannot be read, TypeError for an option
    that is given twice.
    """
    twice = sorted({*(options or ())} & {*more_options})
    if twice:
        raise TypeError(f"options given twice, in options= and as keyword arguments: {', '.join(twice)}")
    whole = joined_prompt(fragments, text)
    return models.Prompt(
        text=None if text is None and not whole else whole,
        system=joined_system(system, system_fragments) or None,
        fragments=tuple(map(str, fragments)),
        system_fragments=tuple(map(str, system_fragments)),
        attachments=attachments_out(map(as_attachment, attachments)),
        tools=tuple(tools),
        tool_results=tuple(tool_results),
        schema=schema.model_json_schema() if hasattr(schema, "model_json_schema") else schema,
        options={**(options or {}), **more_options},
        hide_reasoning=hide_reasoning,
    )
