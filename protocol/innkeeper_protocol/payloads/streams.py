"""What travels beside a call while it is open: stream items, credit for more of them, a cancel."""

from __future__ import annotations

import msgspec

from .base import Payload


class StreamItemParams(Payload, frozen=True, kw_only=True):
    """A batch of items of the stream that request *id* opened. *items* is an array of the method's item type.

    It stays encoded here: whoever consumes the stream decodes it, when it is consumed.
    """

    id: int
    items: msgspec.Raw


class StreamCreditParams(Payload, frozen=True, kw_only=True):
    """Allow *credit* more bytes of items on the stream that request *id* opened."""

    id: int
    credit: int


class CancelParams(Payload, frozen=True, kw_only=True):
    """Give up on request *id*. It is answered all the same, once."""

    id: int
