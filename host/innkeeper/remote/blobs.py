"""Attachments too large for a frame, on their way between a host and its plugins.

Small ones travel inside the message that needs them; a large one is sent ahead, and the message names it by a number
that means something on one connection only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import msgspec
from innkeeper_protocol.payloads.base import Payload
from innkeeper_protocol.payloads.content import Attachment
from innkeeper_protocol.peer import Peer

INLINE_BYTES = 1024 * 1024
"""How many bytes of attachments travel inside one message, all together; the smallest frame limit is far above."""

P = TypeVar("P")


def sent_ahead(payload: P, peer: Peer) -> P:
    """Return *payload*; what does not fit it of its attachments is sent ahead. Raises CallFailed, ConnectionLost."""
    inline_left = INLINE_BYTES

    def send(attachment: Attachment) -> Attachment:
        nonlocal inline_left
        if attachment.content is None:
            return attachment
        if len(attachment.content) <= inline_left:
            inline_left -= len(attachment.content)
            return attachment
        return msgspec.structs.replace(attachment, content=None, blob=peer.send_blob(attachment.content))

    return _mapped(payload, send)


def taken(payload: P, peer: Peer) -> P:
    """Return *payload*, which came from *peer*, with the bytes of attachments that came ahead. Raises CallFailed."""

    def take(attachment: Attachment) -> Attachment:
        if attachment.blob is None:
            return attachment
        return msgspec.structs.replace(attachment, blob=None, content=bytes(peer.take_blob(attachment.blob)))

    return _mapped(payload, take)


def relayed(payload: P, source: Peer, target: Peer) -> P:
    """Return *payload*, which came from *source*, fit for *target*. Raises CallFailed, ConnectionLost."""
    return sent_ahead(taken(payload, source), target)


def _mapped(value: P, change: Callable[[Attachment], Attachment]) -> P:
    """Return *value* with every attachment in it, at any depth, changed. What holds none is returned as it is."""
    return cast(P, _changed(value, change))


def _changed(value: Any, change: Callable[[Attachment], Attachment]) -> Any:
    if isinstance(value, Attachment):
        return change(value)
    if isinstance(value, tuple):
        items = [_changed(item, change) for item in value]
        return value if all(new is old for new, old in zip(items, value, strict=True)) else tuple(items)
    if isinstance(value, Payload):
        changed = {}
        for name in value.__struct_fields__:
            old = getattr(value, name)
            if isinstance(old, (tuple, Payload)) and (new := _changed(old, change)) is not old:
                changed[name] = new
        return msgspec.structs.replace(value, **changed) if changed else value
    return value
