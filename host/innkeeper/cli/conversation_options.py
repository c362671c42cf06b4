"""The options by which a prompt, or a chat, goes on with a conversation, and by which it is logged."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from innkeeper.errors import UsageError
from innkeeper.storage.logs_switch import is_logging

from .database_option import database_option
from .run import Run

if TYPE_CHECKING:
    from innkeeper.conversation.conversation import Conversation
    from innkeeper.conversation.model import Model
    from innkeeper.storage.logs_conversations import StoredConversation

F = TypeVar("F", bound=Callable[..., Any])


def conversation_options(command: F) -> F:
    """Add ``-c`` as *continues*, ``--cid`` as *conversation_id*, ``-n``, ``--log``, and ``-d`` as *database*."""
    import click

    options = (
        database_option,
        click.option("-n", "--no-log", is_flag=True, help="Don't log to database"),
        click.option("--log", is_flag=True, help="Log prompt and response to the database"),
        click.option("-c", "--continue", "continues", is_flag=True, help="Continue the most recent conversation."),
        click.option("--cid", "--conversation", "conversation_id", help="Continue the conversation with the given ID."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def stored(
    run: Run, *, continues: bool, conversation_id: str | None, database: str | None
) -> StoredConversation | None:
    """Return the conversation to go on with, None for a new one. Raises UsageError, StorageError."""
    if not continues and not conversation_id:
        return None
    from innkeeper.conversation.earlier import stored_conversation

    return stored_conversation(database or run.home.logs_file, conversation_id)


def opened(model: Model, found: StoredConversation | None) -> Conversation:
    """Return a conversation with *model* that goes on with what was *found*, or begins."""
    from innkeeper.conversation.conversation import Conversation

    if found is None:
        return model.conversation()
    from innkeeper.conversation.earlier import earlier

    return Conversation(model, id=found.id, name=found.name, earlier=earlier(found))


def tools_to_go_on_with(model: Model, found: StoredConversation | None) -> tuple[str, ...]:
    """Return the tools that a conversation began with, as written after ``-T``: those it can still have."""
    if found is None:
        return ()
    providers = {tool.name for tool in model.info.server_side_tools}
    return (*found.tools, *(one for one in found.provider_tools if one.partition("(")[0] in providers))


def wants_log(run: Run, *, log: bool, no_log: bool) -> bool:
    """Tell whether to log. Raises UsageError."""
    if log and no_log:
        raise UsageError("--log and --no-log are mutually exclusive")
    return not no_log and (log or is_logging(run.home))
