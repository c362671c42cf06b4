"""Conversations that were logged, for programs that go on with them."""

from __future__ import annotations

from innkeeper.conversation.asynchronous import AsyncConversation
from innkeeper.conversation.conversation import Conversation
from innkeeper.conversation.earlier import earlier, stored_conversation
from innkeeper.conversation.model import Model
from innkeeper.errors import StorageError

from .models import get_async_model, get_model, shared_host


def get_conversation(
    id: str | None = None,  # noqa: A002  # what people call it
    *,
    model: str | None = None,
    database: str | None = None,
) -> Conversation:
    """Return the conversation *id* from the log, or without one the last that was begun, to go on with it.

    It has the model that answered last, unless *model* names another. *database* is the path of a log database, where
    that is not the home's. Raises UsageError for an id that is not there, StorageError where there is no conversation
    at all, UnknownModel.
    """
    return _opened(id, model, database, use_async=False)


def get_async_conversation(
    id: str | None = None,  # noqa: A002  # what people call it
    *,
    model: str | None = None,
    database: str | None = None,
) -> AsyncConversation:
    """Return the same as `get_conversation`, for code on an event loop."""
    return AsyncConversation(_opened(id, model, database, use_async=True))


def _opened(conversation_id: str | None, model: str | None, database: str | None, *, use_async: bool) -> Conversation:
    path = database or shared_host().home.logs_file
    stored = stored_conversation(path, conversation_id)
    if stored is None:
        raise StorageError("There is no conversation to go on with.", why=f"Nothing is logged in {path}.")
    name = model or stored.model
    found: Model = get_async_model(name).model if use_async else get_model(name)
    return Conversation(found, id=stored.id, name=stored.name, earlier=earlier(stored))
