"""The person's API keys: ``keys.json``, as `llm` has it, in a file that only they can read."""

from __future__ import annotations

import os
import stat

from innkeeper.errors import StorageError
from innkeeper.paths import Home

from .json_file import read_texts, write_texts

_WHAT = "The file of the keys"
_NOTE = {"// Note": "This file stores secret API credentials. Do not share!"}


def stored_keys(home: Home) -> dict[str, str]:
    """Return the keys by name. Raises StorageError, also where others than the owner may read the file."""
    path = home.keys_file
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode)
    except OSError:
        mode = 0
    if mode & 0o077:
        raise StorageError(
            "The keys are not used: others on this machine can read them.",
            why=f"{path} has mode {mode:04o}.",
            hint=f"Make it yours alone: chmod 600 {path}",
        )
    return {name: key for name, key in read_texts(path, what=_WHAT).items() if name not in _NOTE}


def set_key(home: Home, name: str, key: str) -> None:
    """Store *key* under *name*. Raises StorageError."""
    write_texts(home.keys_file, {**_NOTE, **stored_keys(home), name: key}, what=_WHAT)
