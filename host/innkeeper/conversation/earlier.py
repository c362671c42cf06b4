"""Conversations that go on from the log: what was said in them, turn by turn and as one list of messages.

Plugins read either. Both are told exactly, with what a provider wants to see again (signatures of its reasoning, ids).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from innkeeper_protocol.payloads import content
from innkeeper_protocol.payloads import models as wire
from innkeeper_sdk.api.attachments import Attachment
from innkeeper_sdk.api.parts import AttachmentPart, Message, TextPart, ToolCallPart, ToolResultPart

from innkeeper.errors import UsageError
from innkeeper.storage.logs_conversations import (
    StoredConversation,
    StoredTurn,
    last_conversation_id,
    load_conversation,
)
from innkeeper.storage.logs_database import open_logs

from .attachments import attachments_out
from .conversation import Earlier
from .messages import messages_out
from .prompt import Prompt


def stored_conversation(path: str, conversation_id: str | None = None) -> StoredConversation | None:
    """Return the conversation of the log database *path*; without an id the last one, None where there is none.

    Raises UsageError for an id that is not there, StorageError.
    """
    with open_logs(path) as db:
        wanted = conversation_id or last_conversation_id(db)
        found = load_conversation(db, wanted) if wanted else None
    if found is None and conversation_id is not None:
        error = UsageError(f"No conversation found with id={conversation_id}", hint="The last ones: llm logs --short")
        error.exit_code = 1
        raise error
    return found


def earlier(stored: StoredConversation) -> Earlier:
    """Return what was said in *stored*, for a conversation that goes on with it. Raises UsageError for a lost file."""
    try:
        return Earlier(_exchanges(stored), tuple(stored.messages))
    except UsageError as error:
        lost = UsageError(
            f"The conversation {stored.id} cannot go on: a file of it is gone.",
            why=f"{error.message} {error.why}",
            hint="Put the file back, or begin a new conversation.",
        )
        lost.exit_code = 1
        raise lost from error


def _exchanges(stored: StoredConversation) -> tuple[wire.Exchange, ...]:
    exchanges: list[wire.Exchange] = []
    said: list[Message] = []
    for number, turn in enumerate(stored.turns):
        sent, answer = turn.sent, turn.answer
        if number == len(stored.turns) - 1 and [*sent, *answer] != stored.messages:
            # It was forked, or added to by another program: let the last turn tell all.
            sent, answer = _split(stored.messages)
        exchanges.append(_exchange(turn, said, sent, answer))
        said = [*sent, *answer]
    return tuple(exchanges)


def _exchange(
    turn: StoredTurn, said: Sequence[Message], sent: Sequence[Message], answer: Sequence[Message]
) -> wire.Exchange:
    prompt = _prompt(turn, sent)
    if prompt.chain_after(said) != list(sent):
        prompt = msgspec.structs.replace(prompt, chain=tuple(sent))
    return wire.Exchange(
        prompt=prompt.payload,
        messages=messages_out(answer),
        tool_calls=tuple(
            content.ToolCall(name=part.name, arguments=part.arguments, tool_call_id=part.tool_call_id)
            for message in answer
            for part in message.parts
            if isinstance(part, ToolCallPart) and not part.server_executed
        ),
        model_id=turn.model,
        id=turn.id,
    )


def _prompt(turn: StoredTurn, sent: Sequence[Message]) -> Prompt:
    """Return what was new in *sent*: what came after the model's last answer."""
    _, new = _split(sent, ("user", "tool"))
    parts = [part for message in new for part in message.parts]
    files: list[Attachment] = [
        part.attachment for part in parts if isinstance(part, AttachmentPart) and part.attachment is not None
    ]
    return Prompt(
        text="".join(part.text for part in parts if isinstance(part, TextPart)),
        system=_system(sent),
        attachments=tuple(files),
        tool_results=tuple(
            content.ToolResult(
                name=part.name,
                output=part.output,
                tool_call_id=part.tool_call_id,
                attachments=attachments_out(part.attachments),
                exception=part.exception,
            )
            for part in parts
            if isinstance(part, ToolResultPart)
        ),
        schema=turn.schema,
        options=turn.options,
    )


def _split(messages: Sequence[Message], roles: Sequence[str] = ("assistant",)) -> tuple[list[Message], list[Message]]:
    """Return *messages* up to the last ones with these roles, and those."""
    first = len(messages)
    while first and messages[first - 1].role in roles:
        first -= 1
    return list(messages[:first]), list(messages[first:])


def _system(sent: Sequence[Message]) -> str | None:
    if not sent or sent[0].role != "system":
        return None
    return "".join(part.text for part in sent[0].parts if isinstance(part, TextPart)) or None
