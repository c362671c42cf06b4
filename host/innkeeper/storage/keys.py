"""The person's API keys: in ``keys.json``, as `llm` has it, which only they can read, or in the system's keyring.

What the file does not hold may be in the keyring; which names are, a file beside says. So nothing asks the keyring,
which may ask the person, for a key that it does not have.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from innkeeper.errors import StorageError
from innkeeper.paths import Home

from .json_file import parse_texts, read_texts, write_texts
from .lock import SMALL_FILE_S, exclusive

_WHAT = "The file of the keys"
_WHAT_NAMES = "The list of the keys in the keyring"
_NOTE = {"// Note": "This file stores secret API credentials. Do not share!"}


def stored_key(home: Home, name: str) -> str | None:
    """Return the key called *name*, wherever it is, or None. Raises StorageError."""
    found = stored_keys(home).get(name)
    if found is None and name in keyring_names(home):
        from .keys_keyring import read_key

        found = read_key(home, name)
    return found


def stored_keys(home: Home) -> dict[str, str]:
    """Return the keys in the file by name. Raises StorageError, also where others than the owner may read it."""
    path = home.keys_file
    try:
        with open(path, encoding="utf-8") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            text = "" if mode & 0o077 else file.read()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"{_WHAT} cannot be read.", why=f"{path}: {error}") from error
    if mode & 0o077:
        raise StorageError(
            "The keys are not used: others on this machine can read them.",
            why=f"{path} has mode {mode:04o}.",
            hint=f"Make it yours alone: chmod 600 {path}",
        )
    return {name: key for name, key in parse_texts(text, path, what=_WHAT).items() if name not in _NOTE}


def key_names(home: Home) -> list[str]:
    """Return the names of all keys, sorted. Raises StorageError."""
    return sorted({*stored_keys(home), *keyring_names(home)})


def keyring_names(home: Home) -> frozenset[str]:
    """Return the names of the keys that are in the keyring. Raises StorageError."""
    if not os.path.exists(home.keyring_file):
        return frozenset()
    return frozenset(read_texts(home.keyring_file, what=_WHAT_NAMES))


def set_key(home: Home, name: str, key: str) -> None:
    """Store *key* under *name* in the file. One in the keyring goes. Raises StorageError."""
    with _changing(home):
        write_texts(home.keys_file, {**_NOTE, **stored_keys(home), name: key}, what=_WHAT)
        names = keyring_names(home)
        if name in names:
            from .keys_keyring import remove_key

            remove_key(home, name)
            _write_names(home, names - {name})


def set_key_in_keyring(home: Home, name: str, key: str) -> None:
    """Store *key* under *name* in the system's keyring. One in the file goes. Raises StorageError."""
    from .keys_keyring import write_key

    with _changing(home):
        kept = stored_keys(home)
        write_key(home, name, key)
        _write_names(home, keyring_names(home) | {name})
        if kept.pop(name, None) is not None:
            write_texts(home.keys_file, {**_NOTE, **kept}, what=_WHAT)


def _write_names(home: Home, names: frozenset[str]) -> None:
    write_texts(home.keyring_file, dict.fromkeys(sorted(names), "keyring"), what=_WHAT_NAMES)


@contextmanager
def _changing(home: Home) -> Iterator[None]:
    with exclusive(os.path.join(home.locks_dir, "keys.lock"), "the keys", wait_s=SMALL_FILE_S):
        yield
