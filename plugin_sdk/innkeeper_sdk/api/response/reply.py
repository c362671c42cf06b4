"""Going on from an answer: now, or later from what was written down; and what an answer leaves in the log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from innkeeper_sdk.api.host import current_host
from innkeeper_sdk.api.message_chain import tool_turn
from innkeeper_sdk.api.parts import Message, TextPart, ToolCallPart
from innkeeper_sdk.api.prompt import Prompt
from innkeeper_sdk.api.tools.calls import ToolCall, ToolResult

from .base import ResponseBase

R = TypeVar("R", bound=ResponseBase)


def chain(
    response: ResponseBase, prompt: str | None, messages: list[Message] | None, tool_results: list[ToolResult] | None
) -> list[Message]:
    """Return the messages of the next turn: all that was said, results of tools, the prompt, and *messages*."""
    said = [*response.prompt.messages, *response._messages_now(), *tool_turn(tool_results or [])]
    if prompt:
        said.append(Message("user", [TextPart(prompt)]))
    return [*said, *(messages or ())]


def to_dict(response: ResponseBase) -> dict[str, Any]:
    """Return a complete response as JSON values."""
    options = {name: value for name, value in dict(response.prompt.options).items() if value is not None}
    prompt: dict[str, Any] = {"messages": [message.to_dict() for message in response.prompt.messages]}
    if options:
        prompt["options"] = options
    if response.prompt._system:
        prompt["system"] = response.prompt._system
    written: dict[str, Any] = {
        "model": response.model.model_id,
        "prompt": prompt,
        "messages": [message.to_dict() for message in response._messages_now()],
        "id": response.id,
    }
    tokens = {"input": response.input_tokens, "output": response.output_tokens}
    if any(count is not None for count in tokens.values()):
        usage = {**tokens, "details": response.token_details}
        written["usage"] = {name: value for name, value in usage.items() if value is not None}
    if response._start_utcnow is not None:
        written["datetime_utc"] = response._start_utcnow.isoformat()
    return written


def from_dict(cls: type[R], data: dict[str, Any], model: Any) -> R:
    """Build a complete response of class *cls* from what ``to_dict`` gave."""
    asked = data.get("prompt", {})
    prompt = Prompt(
        None,
        model,
        messages=[Message.from_dict(message) for message in asked.get("messages", [])],
        system=asked.get("system"),
        options=model.Options(**(asked.get("options") or {})),
    )
    response = cls(prompt, model, False)
    response.id = data.get("id", response.id)
    response._loaded_messages = [Message.from_dict(message) for message in data.get("messages", [])]
    parts = [part for message in response._loaded_messages for part in message.parts]
    response._chunks = [part.text for part in parts if isinstance(part, TextPart) and part.text]
    response._tool_calls = [
        ToolCall(part.name, part.arguments or {}, part.tool_call_id)
        for part in parts
        if isinstance(part, ToolCallPart) and not part.server_executed
    ]
    usage = data.get("usage") or {}
    response.set_usage(input=usage.get("input"), output=usage.get("output"), details=usage.get("details"))
    response._done = True
    return response


def fake(cls: type[R], model: Any, prompt: str, attachments: Iterable[Any], *, system: str, text: str) -> R:
    """Build a complete response that no model gave."""
    response = cls(Prompt(prompt, model, attachments=attachments, system=system), model, False)
    response._chunks = [text]
    response._done = True
    return response


def log(response: ResponseBase) -> None:
    """Have the host log a complete response."""
    from innkeeper_protocol.payloads.host_services import LogResponseParams

    conversation = response.conversation
    current_host().log_response(
        LogResponseParams(
            model_id=response.model.model_id,
            prompt=response.prompt.prompt,
            system=response.prompt.system,
            response=response._text(),
            prompt_json=response._prompt_json,
            response_json=response.response_json,
            conversation_id=conversation.id if conversation else None,
            duration_ms=response._milliseconds(),
            datetime_utc=response._started_at() or None,
            input_tokens=response.input_tokens,
            output_tokens=response.output_tokens,
        )
    )
