"""Keys in the keyring of the system: GNOME Keyring, KWallet, or whatever the package ``keyring`` finds.

That package is an extra (``innkeeper[keyring]``): it takes a tenth of a second to import, and many machines have no
keyring at all.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

from innkeeper.errors import StorageError
from innkeeper.paths import Home

R = TypeVar("R")


def read_key(home: Home, name: str) -> str | None:
    """Return the key *name*, None where the keyring has lost it. Raises StorageError."""
    found: str | None = _asked(name, lambda keyring: keyring.get_password(_service(home), name))
    return found


def write_key(home: Home, name: str, key: str) -> None:
    """Store *key* under *name*, and see that it is there. Raises StorageError."""
    _asked(name, lambda keyring: keyring.set_password(_service(home), name, key))
    if read_key(home, name) != key:
        raise StorageError(f"The key '{name}' was not stored.", why="The keyring took it, and does not have it.")


def remove_key(home: Home, name: str) -> None:
    """Remove the key *name*; one that is not there is gone already. Raises StorageError."""

    def remove(keyring: Any) -> None:
        if keyring.get_password(_service(home), name) is not None:
            keyring.delete_password(_service(home), name)

    _asked(name, remove)


def _service(home: Home) -> str:
    """Return what the keyring lists the keys of this home under."""
    return f"Innkeeper ({home.root})"


def _asked(name: str, ask: Callable[[Any], R]) -> R:
    try:
        keyring, errors = import_module("keyring"), import_module("keyring.errors")
    except ImportError as error:
        raise StorageError(
            f"The key '{name}' cannot be had from the keyring.",
            why="The package `keyring` is not installed beside Innkeeper.",
            hint="Install it: pip install 'innkeeper[keyring]'. Or store the key in the file: llm keys set " + name,
        ) from error
    try:
        return ask(keyring)
    except (errors.KeyringError, RuntimeError, OSError) as error:
        raise StorageError(
            f"The keyring did not answer about the key '{name}'.",
            why=f"{type(error).__name__}: {error}",
            hint=f"Unlock it, or store the key in the file: llm keys set {name}",
        ) from error
