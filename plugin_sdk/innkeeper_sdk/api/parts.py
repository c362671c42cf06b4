"""Messages and the parts they are made of, and the events from which a model's answer is put together.

These are values: equal content is equal, and what they are called elsewhere (ids, rows) is not theirs to know.
``to_dict`` gives JSON values, ``from_dict`` takes them back.
"""

from __future__ import annotations

from typing import Any

from .attachments import Attachment
from .values import Value, field, value

JSONMap = dict[str, Any]


@value
class Part(Value):
    """One piece of a message; the role stands on the message."""

    def to_dict(self) -> JSONMap:
        """Return the part as JSON values, without what is not set."""
        raise TypeError(f"{type(self).__name__} does not say how it is written down: it needs a to_dict()")

    @staticmethod
    def from_dict(d: JSONMap) -> Part:
        """Build the part that *d* describes. Raises ValueError for a type that is not known."""
        return _part_from_dict(d)


@value
class TextPart(Part):
    """Text."""

    text: str = ""
    provider_metadata: JSONMap | None = None

    def to_dict(self) -> JSONMap:
        """Return the part as JSON values."""
        return _without_unset({"type": "text", "text": self.text}, provider_metadata=self.provider_metadata)


@value
class ReasoningPart(Part):
    """What a model thought before it answered. *redacted*: that it did is known, what it thought is withheld."""

    text: str = ""
    redacted: bool = False
    provider_metadata: JSONMap | None = None

    def to_dict(self) -> JSONMap:
        """Return the part as JSON values."""
        return _without_unset(
            {"type": "reasoning", "text": self.text},
            redacted=self.redacted,
            provider_metadata=self.provider_metadata,
        )


@value
class ToolCallPart(Part):
    """A model's wish to have a tool run. *server_executed*: the provider ran it itself."""

    name: str = ""
    arguments: JSONMap = field(default_factory=dict)
    tool_call_id: str | None = None
    server_executed: bool = False
    provider_metadata: JSONMap | None = None

    def to_dict(self) -> JSONMap:
        """Return the part as JSON values."""
        written: JSONMap = {"type": "tool_call", "name": self.name, "arguments": self.arguments}
        if self.tool_call_id is not None:
            written["tool_call_id"] = self.tool_call_id
        return _without_unset(written, server_executed=self.server_executed, provider_metadata=self.provider_metadata)


@value
class ToolResultPart(Part):
    """What a tool gave back. *exception* is what it raised, as text."""

    name: str = ""
    output: str = ""
    tool_call_id: str | None = None
    server_executed: bool = False
    attachments: list[Any] = field(default_factory=list)
    exception: str | None = None
    provider_metadata: JSONMap | None = None

    def to_dict(self) -> JSONMap:
        """Return the part as JSON values."""
        written: JSONMap = {"type": "tool_result", "name": self.name, "output": self.output}
        if self.tool_call_id is not None:
            written["tool_call_id"] = self.tool_call_id
        if self.server_executed:
            written["server_executed"] = True
        if self.exception is not None:
            written["exception"] = self.exception
        return _without_unset(
            written,
            attachments=[attachment_to_dict(attachment) for attachment in self.attachments],
            provider_metadata=self.provider_metadata,
        )


@value
class AttachmentPart(Part):
    """A file inside a message."""

    attachment: Attachment | None = None
    provider_metadata: JSONMap | None = None

    def to_dict(self) -> JSONMap:
        """Return the part as JSON values."""
        written: JSONMap = {"type": "attachment"}
        if self.attachment:
            written["attachment"] = attachment_to_dict(self.attachment)
        return _without_unset(written, provider_metadata=self.provider_metadata)


@value
class Message(Value):
    """One turn of a conversation. *role* is ``system``, ``user``, ``assistant`` or ``tool``."""

    role: str
    parts: list[Part] = field(default_factory=list)
    provider_metadata: JSONMap | None = None

    def to_dict(self) -> JSONMap:
        """Return the message as JSON values."""
        written: JSONMap = {"role": self.role, "parts": [part.to_dict() for part in self.parts]}
        return _without_unset(written, provider_metadata=self.provider_metadata)

    @staticmethod
    def from_dict(d: JSONMap) -> Message:
        """Build the message that *d* describes."""
        return Message(
            role=d["role"],
            parts=[Part.from_dict(part) for part in d.get("parts", [])],
            provider_metadata=d.get("provider_metadata"),
        )


@value
class StreamEvent(Value):
    """One piece of an answer as it comes.

    *type* is ``text``, ``reasoning``, ``tool_call_name``, ``tool_call_args`` or ``tool_result``. Pieces with the
    same *part_index* become one part; left at None, pieces that belong together find each other: runs of text, runs
    of reasoning, and the pieces of one tool call. *message_index* parts the messages of providers that send several
    in one answer. *provider_metadata* ends up on the part and is sent back with the next prompt.
    """

    type: str
    chunk: str
    part_index: int | None = None
    tool_call_id: str | None = None
    server_executed: bool = False
    tool_name: str | None = None
    redacted: bool = False
    provider_metadata: JSONMap | None = None
    message_index: int = 0


def system(*items: Any, provider_metadata: JSONMap | None = None) -> Message:
    """Return a system message of *items*: texts, attachments and parts, or lists of them."""
    return Message("system", normalize_parts(items), provider_metadata)


def user(*items: Any, provider_metadata: JSONMap | None = None) -> Message:
    """Return a user's message of *items*: texts, attachments and parts, or lists of them."""
    return Message("user", normalize_parts(items), provider_metadata)


def assistant(*items: Any, provider_metadata: JSONMap | None = None) -> Message:
    """Return a model's message of *items*: texts, attachments and parts, or lists of them."""
    return Message("assistant", normalize_parts(items), provider_metadata)


def tool_message(*items: Any, provider_metadata: JSONMap | None = None) -> Message:
    """Return a message of tool results."""
    return Message("tool", normalize_parts(items), provider_metadata)


def normalize_parts(items: Any) -> list[Part]:
    """Return *items* as parts, lists among them opened. Raises TypeError for what is no text, attachment or part."""
    parts: list[Part] = []
    for item in items:
        if isinstance(item, Part):
            parts.append(item)
        elif isinstance(item, str):
            parts.append(TextPart(text=item))
        elif isinstance(item, Attachment):
            parts.append(AttachmentPart(attachment=item))
        elif isinstance(item, (list, tuple)):
            parts.extend(normalize_parts(item))
        else:
            raise TypeError(f"{item!r} is no text, attachment or part: a message cannot hold it")
    return parts


def attachment_to_dict(attachment: Attachment) -> JSONMap:
    """Return an attachment as JSON values; its content in base64."""
    import base64

    content = base64.b64encode(attachment.content).decode("ascii") if attachment.content else None
    return _without_unset({}, type=attachment.type, url=attachment.url, path=attachment.path, content=content)


def attachment_from_dict(written: JSONMap) -> Attachment:
    """Build the attachment that *written* describes."""
    import base64

    content = written.get("content")
    return Attachment(
        type=written.get("type"),
        path=written.get("path"),
        url=written.get("url"),
        content=base64.b64decode(content) if isinstance(content, str) else None,
    )


def _without_unset(written: JSONMap, **optional: Any) -> JSONMap:
    return {**written, **{name: value for name, value in optional.items() if value}}


def _part_from_dict(d: JSONMap) -> Part:
    known: JSONMap = {"provider_metadata": d.get("provider_metadata")}
    kind = d["type"]
    if kind == "text":
        return TextPart(d["text"], **known)
    if kind == "reasoning":
        return ReasoningPart(d["text"], redacted=d.get("redacted", False), **known)
    if kind == "attachment":
        attachment = d.get("attachment")
        return AttachmentPart(attachment_from_dict(attachment) if attachment else None, **known)
    known |= {"tool_call_id": d.get("tool_call_id"), "server_executed": d.get("server_executed", False)}
    if kind == "tool_call":
        return ToolCallPart(d["name"], d["arguments"], **known)
    if kind == "tool_result":
        attachments = [attachment_from_dict(attachment) for attachment in d.get("attachments", [])]
        return ToolResultPart(d["name"], d["output"], attachments=attachments, exception=d.get("exception"), **known)
    raise ValueError(f"a message part of type {kind!r} is not known")
