"""A prompt that this plugin puts to a model of another plugin: made into what the wire carries, and its answer back.

The mirror of ``prompts``, which takes what the host sends.
"""

from __future__ import annotations

from typing import Any

from innkeeper_protocol.payloads import models as wire

from innkeeper_sdk.api.parts import StreamEvent
from innkeeper_sdk.api.tools import ServerSideTool, Tool
from innkeeper_sdk.api_in_use import api

from .content import Outgoing, attachment_out, messages_out, tool_call_in, tool_call_out, tool_result_out
from .json_values import json_map, json_value


def prompt_out(prompt: Any, outgoing: Outgoing) -> wire.Prompt:
    """Build the payload of a prompt, its fragments in its texts."""
    return wire.Prompt(
        text=prompt.prompt,
        system=prompt.system or None,
        attachments=tuple(attachment_out(attachment, outgoing) for attachment in prompt.attachments),
        tools=tuple(map(_tool_out, prompt.tools)),
        tool_results=tuple(tool_result_out(result, outgoing) for result in prompt.tool_results),
        schema=prompt.schema,
        options=options_out(prompt.options),
        messages=messages_out(prompt.messages, outgoing),
        hide_reasoning=prompt.hide_reasoning,
    )


def options_out(options: Any) -> dict[str, Any]:
    """Return the options that were given."""
    return json_map(options.model_dump(exclude_unset=True)) or {}


def _tool_out(tool: Tool | ServerSideTool) -> wire.ToolDefinition:
    if isinstance(tool, api().ServerSideTool):
        named = wire.ServerSideTool(name=type(tool).__name__, spec=json_map(tool._config) or {})
        return wire.ToolDefinition(name=tool.name, description=tool.description, server_side=named)
    return wire.ToolDefinition(
        name=tool.name, description=tool.description, input_schema=tool.input_schema, plugin=tool.plugin
    )


def conversation_out(conversation: Any, outgoing: Outgoing) -> wire.Conversation | None:
    """Build the payload of the turns before this one."""
    if conversation is None:
        return None
    return wire.Conversation(
        id=conversation.id,
        name=conversation.name,
        exchanges=tuple(_exchange_out(response, outgoing) for response in conversation.responses),
    )


def _exchange_out(response: Any, outgoing: Outgoing) -> wire.Exchange:
    """Build the payload of one turn. What was said before it stands in the turns before: it is not sent again."""
    prompt = response.prompt
    return wire.Exchange(
        prompt=wire.Prompt(
            text=prompt.prompt,
            system=prompt.system or None,
            attachments=tuple(attachment_out(attachment, outgoing) for attachment in prompt.attachments),
            tool_results=tuple(tool_result_out(result, outgoing) for result in prompt.tool_results),
            options=options_out(prompt.options),
        ),
        messages=messages_out(response._messages_now(), outgoing),
        text="".join(response._chunks),
        tool_calls=tuple(map(tool_call_out, response._tool_calls)),
        response_json=json_value(response.response_json),
        model_id=response.model.model_id,
        id=response.id,
    )


def item_in(item: str | wire.ModelEvent) -> str | StreamEvent:
    """Build what a model's ``execute`` may yield of a stream item."""
    if isinstance(item, str):
        return item
    made: StreamEvent = api().StreamEvent(
        type=item.type,
        chunk=item.chunk,
        part_index=item.part_index,
        tool_call_id=item.tool_call_id,
        server_executed=item.server_executed,
        tool_name=item.tool_name,
        redacted=item.redacted,
        provider_metadata=item.provider_metadata,
        message_index=item.message_index,
    )
    return made


def fill_in(response: Any, result: wire.PromptResult) -> None:
    """Put what is known at the end into the response."""
    for call in result.tool_calls:
        response.add_tool_call(tool_call_in(call))
    if result.usage is not None:
        response.set_usage(input=result.usage.input, output=result.usage.output, details=result.usage.details)
    if result.resolved_model is not None:
        response.set_resolved_model(result.resolved_model)
    response.response_json = result.response_json
    response._prompt_json = result.prompt_json
