"""Media types of what a stranger gave: from its own word where that is one, else from content and name.

No server is asked: whose address it is may be why it was given.
"""

from __future__ import annotations

import re

UNKNOWN_TYPE = "application/octet-stream"

_MEDIA_TYPE = re.compile(r"[\w.+-]{1,80}/[\w.+-]{1,80}")


def type_of_content(content: bytes, *, said: str | None = None, name: str = "") -> str:
    """Return the media type of *content*; *said* is what its giver calls it, *name* that of its file."""
    from innkeeper_sdk.api.media_types import type_of_bytes

    return fit(said) or type_of_bytes(content) or _by_name(name) or UNKNOWN_TYPE


def type_of_address(address: str, *, said: str | None = None) -> str:
    """Return the media type that the end of *address* stands for, unless *said* is one."""
    return fit(said) or _by_name(address.partition("?")[0].partition("#")[0]) or UNKNOWN_TYPE


def fit(said: str | None) -> str | None:
    """Return *said* if it looks like a media type."""
    return said if said and _MEDIA_TYPE.fullmatch(said) else None


def _by_name(name: str) -> str | None:
    import mimetypes

    return mimetypes.guess_type(name)[0]
