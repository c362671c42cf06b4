"""``llm.errors``: what plugins raise and catch."""

from innkeeper_sdk.api.errors import ConversationNotSupported, ModelError, NeedsKeyException

__all__ = ["ConversationNotSupported", "ModelError", "NeedsKeyException"]
