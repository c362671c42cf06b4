"""The arithmetic of credit: how much may be sent on a stream, and when to allow more.

Credit is counted in bytes of encoded items (``codec.cost_of_items``), the one unit that both sides see alike. A sender
may send a batch while it has any credit left, so that an item larger than the whole window gets through; what a reader
must hold is therefore at most the window and one batch.

Source: SPEC.md STREAM-1 to STREAM-7.
"""

from __future__ import annotations

from .errors import CreditExceeded, UnexpectedMessage
from .messages import MAX_ID

WINDOW_BYTES = 128 * 1024
"""What a reader allows ahead of what it has consumed. From 64 KiB on a larger window brought no more speed."""


class SendWindow:
    """The sender's side of one stream."""

    def __init__(self, credit: int) -> None:
        self.credit = credit

    @property
    def is_open(self) -> bool:
        """Whether a batch may be sent now."""
        return self.credit > 0

    def spend(self, cost: int) -> None:
        """Count a batch as sent."""
        self.credit -= cost

    def grant(self, credit: int) -> None:
        """Count what the reader allowed. Raises UnexpectedMessage for what is no credit."""
        if credit <= 0 or self.credit + credit > MAX_ID:
            raise UnexpectedMessage(f"a credit of {credit} on a stream that has {self.credit}", "STREAM-6")
        self.credit += credit


class ReceiveWindow:
    """The reader's side of one stream, opened with *window* bytes of credit."""

    def __init__(self, window: int = WINDOW_BYTES) -> None:
        self.window = window
        self._allowed = window
        self._consumed = 0

    def arrive(self, cost: int) -> None:
        """Count a batch that arrived. Raises CreditExceeded when none was allowed any more."""
        if self._allowed <= 0:
            raise CreditExceeded(f"a batch of stream items came {-self._allowed} bytes beyond a used-up window")
        self._allowed -= cost

    def consume(self, cost: int) -> int:
        """Count a batch as consumed; return the credit to send now, or 0 while it is not worth a message."""
        self._consumed += cost
        if self._consumed < self.window // 4:
            return 0
        credit, self._consumed = self._consumed, 0
        self._allowed += credit
        return credit
