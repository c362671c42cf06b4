"""Building the list of messages that a model is sent: what was said before, and what this turn adds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .attachments import Attachment
from .parts import AttachmentPart, Message, Part, TextPart, ToolCallPart, ToolResultPart
from .tools.calls import ToolCall, ToolResult, format_exception


def joined_prompt(fragments: Sequence[str] | None, prompt: str | None) -> str:
    """Return a prompt's text: its fragments and then its own words, a line each."""
    return "\n".join([*map(str, fragments or ()), *([prompt] if prompt else ())])


def joined_system(system: str | None, fragments: Sequence[str] | None) -> str:
    """Return a system prompt's text: its fragments and then its own words, with an empty line between."""
    texts = (text.strip() for text in [*(fragments or ()), system or ""])
    return "\n\n".join(text for text in texts if text)


def system_message(text: str) -> list[Message]:
    """Return a system message in a list, or an empty list for an empty text."""
    return [Message("system", [TextPart(text)])] if text else []


def turn(
    prompt: str | None,
    fragments: Sequence[str] | None = None,
    attachments: Iterable[Attachment] | None = None,
    tool_results: Sequence[ToolResult] | None = None,
) -> list[Message]:
    """Return what one turn adds: a tool message for results, and a user's message for text and attachments."""
    messages: list[Message] = []
    if tool_results:
        messages.append(
            Message("tool", [_result_part(result, list(result.attachments or [])) for result in tool_results])
        )
    text = joined_prompt(fragments, prompt)
    said: list[Part] = [TextPart(text)] if text else []
    said += [AttachmentPart(attachment) for attachment in attachments or ()]
    if said:
        messages.append(Message("user", said))
    return messages


def tool_turn(tool_results: Sequence[ToolResult]) -> list[Message]:
    """Return what a chain adds after tools ran: their results, and the files they gave as a user's message."""
    if not tool_results:
        return []
    messages = [Message("tool", [_result_part(result, []) for result in tool_results])]
    files = attachments_of(tool_results)
    if files:
        messages.append(Message("user", [AttachmentPart(file) for file in files]))
    return messages


def attachments_of(tool_results: Iterable[ToolResult]) -> list[Attachment]:
    """Return the files of all results."""
    return [attachment for result in tool_results for attachment in result.attachments or ()]


def open_tool_calls(messages: Sequence[Message]) -> list[ToolCall]:
    """Return the tool calls at the end of *messages* that have no result yet.

    None where something else was said after them. Calls without an id find their result by name, one for one.
    """
    asked = [index for index, message in enumerate(messages) if message.role == "assistant" and _own_calls(message)]
    if not asked:
        return []
    after = messages[asked[-1] + 1 :]
    if any(message.role != "tool" for message in after):
        return []
    results = [part for message in after for part in message.parts if isinstance(part, ToolResultPart)]
    answered = {result.tool_call_id for result in results if result.tool_call_id}
    answered_names = [result.name for result in results if not result.tool_call_id]
    still_open = []
    for call in _own_calls(messages[asked[-1]]):
        if call.tool_call_id:
            if call.tool_call_id in answered:
                continue
        elif call.name in answered_names:
            answered_names.remove(call.name)
            continue
        still_open.append(ToolCall(call.name, call.arguments or {}, call.tool_call_id))
    return still_open


def _own_calls(message: Message) -> list[ToolCallPart]:
    """Return the calls of *message* that are ours to run."""
    return [part for part in message.parts if isinstance(part, ToolCallPart) and not part.server_executed]


def _result_part(result: ToolResult, attachments: list[Any]) -> ToolResultPart:
    return ToolResultPart(
        name=result.name,
        output=result.output,
        tool_call_id=result.tool_call_id,
        attachments=attachments,
        exception=format_exception(result.exception),
    )
