"""Complete answers on their way into the log. No key goes there, though a provider's answer repeat it."""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

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
    assert response.started_at is not None
    asked_at = datetime.datetime.fromtimestamp(response.started_at, datetime.timezone.utc)
    usage = response.usage()
    log_turn(
        db,
        Turn(
            id=response.id,
            conversation_id=response.conversation.id,
            conversation_name=prompt.whole_text or prompt.whole_system,
            model=response.model.model_id,
            resolved_model=result.resolved_model,
            sent=response.sent(),
            answer=response.messages(),
            datetime_utc=asked_at.isoformat(),
            duration_ms=int(response.duration_s * 1000),
            options=effective(prompt.options, response.model.info.options_schema),
            schema=prompt.schema,
            input_tokens=usage.input,
            output_tokens=usage.output,
            token_details=usage.details,
            response_json=_response_json(response),
            tools=[_tool(tool, prompt.toolboxes.get(tool.name)) for tool in prompt.tools],
            prompt_fragments=_fragments(prompt.fragments),
            system_fragments=_fragments(prompt.system_fragments),
        ),
    )


def _response_json(response: Response) -> Any:
    """Return the provider's answer without the keys that its plugin may have; nothing where they are not known."""
    found = response.result().response_json
    if found is None:
        return None
    host, info = response.model.host, response.model.info
    try:
        mask = Mask([*stored_keys(host.home).values(), host.key_named(response.key), *host.mask.keys])
    except StorageError:
        return None
    mask.add(host.environ.get(info.key_env_var or ""))
    return mask.value(found)


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
