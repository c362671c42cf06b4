"""Complete answers on their way into the log. No key goes there, though a provider's answer repeat it."""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from innkeeper_sdk.api.parts import Message, Part

from innkeeper.errors import StorageError
from innkeeper.masking import Mask
from innkeeper.storage.keys import stored_keys
from innkeeper.storage.logs_database import open_logs
from innkeeper.storage.logs_turns import GivenFragment, GivenTool, Turn, log_turn

from .option_values import effective

if TYPE_CHECKING:
    from innkeeper_protocol.payloads.models import ToolDefinition

    from .prompt import ToolboxUse
    from .response import Response


def log_responses(responses: Sequence[Response], path: str | None = None) -> None:
    """Store complete *responses*, in the log database of their home unless *path* is another. Raises StorageError."""
    if responses:
        with open_logs(path or responses[0].model.host.home.logs_file) as db:
            for response in responses:
                log_response(db, response)


def log_response(db: sqlite3.Connection, response: Response) -> None:
    """Store a complete *response*. Raises sqlite3.Error, StorageError."""
    prompt, result = response.prompt, response.result()
    mask, is_complete = _mask(response)
    assert response.started_at is not None
    asked_at = datetime.datetime.fromtimestamp(response.started_at, datetime.timezone.utc)
    usage = response.usage()
    log_turn(
        db,
        Turn(
            id=response.id,
            conversation_id=response.conversation.id,
            conversation_name=mask(prompt.whole_text or prompt.whole_system),
            model=response.model.model_id,
            resolved_model=result.resolved_model,
            sent=_masked(response.sent(), mask),
            answer=_masked(response.messages(), mask),
            datetime_utc=asked_at.isoformat(),
            duration_ms=int(response.duration_s * 1000),
            options=effective(prompt.options, response.model.info.options_schema),
            schema=prompt.schema,
            input_tokens=usage.input,
            output_tokens=usage.output,
            token_details=usage.details,
            response_json=mask.value(result.response_json) if is_complete else None,
            tools=[_tool(tool, prompt.toolboxes.get(tool.name)) for tool in prompt.tools],
            prompt_fragments=_fragments(prompt.fragments),
            system_fragments=_fragments(prompt.system_fragments),
        ),
    )


def _mask(response: Response) -> tuple[Mask, bool]:
    """Return what takes out the keys that a plugin may have had in this exchange, and whether it knows all of them."""
    host = response.model.host
    mask = Mask([*host.mask.keys, host.environ.get(response.model.info.key_env_var or "")])
    try:
        mask.add(*stored_keys(host.home).values(), host.key_named(response.key))
    except StorageError:  # others can read them, say, so that no plugin got one
        return mask, False
    return mask, True


def _masked(messages: Sequence[Message], mask: Mask) -> list[Message]:
    """Return *messages* without keys: an answer may repeat one, a tool may return one."""
    found = []
    for message in messages:
        parts = [_masked_part(part, mask) for part in message.parts]
        is_same = all(one is other for one, other in zip(parts, message.parts, strict=True))
        found.append(message if is_same else Message(message.role, parts, message.provider_metadata))
    return found


def _masked_part(part: Part, mask: Mask) -> Part:
    changed: dict[str, Any] = {}
    for name in ("text", "output", "exception", "arguments"):
        value = getattr(part, name, None)
        masked = mask.value(value)
        if masked != value:
            changed[name] = masked
    if not changed:
        return part
    from dataclasses import replace

    return replace(part, **changed)


def _tool(tool: ToolDefinition, use: ToolboxUse | None) -> GivenTool:
    """Return a tool as it is logged. A provider's own tool is kept like a toolbox, with its settings for arguments."""
    if tool.server_side is not None:
        toolbox, plugin, arguments = tool.server_side.name, tool.plugin, tool.server_side.spec
    elif use is not None:
        toolbox, plugin, arguments = use.name, use.plugin, use.arguments
    else:
        return GivenTool(tool.name, tool.description, tool.input_schema, tool.plugin)
    return GivenTool(
        name=tool.name,
        description=tool.description,
        input_schema=tool.input_schema,
        plugin=tool.plugin,
        by_provider=tool.server_side is not None,
        toolbox=toolbox,
        toolbox_plugin=plugin,
        arguments=arguments,
    )


def _fragments(fragments: Sequence[str]) -> list[GivenFragment]:
    return [GivenFragment(str(fragment), getattr(fragment, "source", None)) for fragment in fragments]
