"""What a person can do about a file of the home that could not be written."""

from __future__ import annotations

import errno

MAKE_ROOM = "Make room, and try again."
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_NO_WAY = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.EEXIST, errno.ENOENT, errno.ENOTDIR})


def what_to_do(error: OSError) -> str:
    """Return what helps against *error*, in a sentence; "" where nothing is known that does."""
    if error.errno in _NO_ROOM:
        return MAKE_ROOM
    if error.errno in _NO_WAY:
        return "Innkeeper must be able to write its files. Another place for them: LLM_USER_PATH=FOLDER"
    return ""
