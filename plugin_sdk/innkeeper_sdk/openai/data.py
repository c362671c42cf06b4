"""JSON objects with their fields as attributes, the way the ``openai`` package gives them.

Plugins that build on ``Chat`` read ``chunk.choices[0].delta.content`` and call ``model_dump()``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .errors import AnswerIncomplete

MAY_BE_MISSING = frozenset(
    [
        "action",
        "arguments",
        "content",
        "encrypted_content",
        "error",
        "finish_reason",
        "function",
        "function_call",
        "id",
        "incomplete_details",
        "item_id",
        "logprobs",
        "name",
        "outputs",
        "refusal",
        "results",
        "role",
        "service_tier",
        "status",
        "summary",
        "system_fingerprint",
        "tool_calls",
        "usage",
    ]
)
"""Fields that are None where the server left them out. Others are missing attributes then: ``hasattr`` is asked."""


class Data:
    """One JSON object."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self._fields = fields
        for name, value in fields.items():
            setattr(self, name, wrapped(value))

    def __getattr__(self, name: str) -> Any:
        if name in MAY_BE_MISSING:
            return None
        raise AnswerIncomplete(f"the server's answer has no {name!r}")

    def model_dump(self, *, exclude_none: bool = False, **settings: Any) -> dict[str, Any]:
        """Return the object as plain JSON values; other *settings* of pydantic make no difference."""
        dumped: dict[str, Any] = plain(self._fields, exclude_none=exclude_none)
        return dumped

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the items of a list object: ``client.models.list()``."""
        return iter(self.data)

    def __repr__(self) -> str:
        return f"Data({self._fields!r})"


def wrapped(value: Any) -> Any:
    """Return *value* with the objects in it as Data."""
    if isinstance(value, dict):
        return Data(value)
    if isinstance(value, list):
        return [wrapped(item) for item in value]
    return value


def plain(value: Any, *, exclude_none: bool = False) -> Any:
    """Return a copy of JSON values: what is done to it leaves the original alone."""
    if isinstance(value, dict):
        kept = {name: inner for name, inner in value.items() if inner is not None or not exclude_none}
        return {name: plain(inner, exclude_none=exclude_none) for name, inner in kept.items()}
    if isinstance(value, list):
        return [plain(item, exclude_none=exclude_none) for item in value]
    return value
