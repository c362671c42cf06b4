"""What every payload struct shares.

Fields that a reader does not know are ignored and fields left at their default are not sent, so that peers of
different age can talk (SPEC.md COMPAT-1). Payloads are values: frozen, and built with keywords only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

JSON = Any
"""A value that JSON can hold: what schemas, tool arguments and provider metadata are made of. ``values`` checks it."""

if TYPE_CHECKING:
    TextOrBytes = str | bytes
else:
    TextOrBytes = Annotated[Any, "text or bytes"]
"""Text or bytes: different types on the wire. msgspec takes only one of the two in a union, so structs that have
such a field check it themselves, with ``require_text_or_bytes``."""


def require_text_or_bytes(value: object) -> None:
    """Raise TypeError for what is neither."""
    if not isinstance(value, (str, bytes)):
        raise TypeError(f"expected `str` or `bytes`, got `{type(value).__name__}`")


class Payload(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The base of all params, results and stream items."""


class Nothing(Payload, frozen=True, kw_only=True):
    """Params or a result with nothing in it; on the wire an empty map."""
