"""``llm.templates``: templates."""

from innkeeper_sdk.api.templates import AttachmentType, Template

__all__ = ["AttachmentType", "Template"]
