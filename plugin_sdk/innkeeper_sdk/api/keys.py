"""API keys: found by the host, which gives a plugin those it was granted, or in the environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .errors import NeedsKeyException
from .host import current_host


def get_key(
    explicit_key: str | None = None,
    key_alias: str | None = None,
    env_var: str | None = None,
    *,
    alias: str | None = None,
    env: str | None = None,
    input: str | None = None,  # noqa: A002  # the name plugins know
) -> str | None:
    """Return a key, or None: what the person gave, a stored one, or the one in an environment variable.

    *input* may be a key or the name of a stored one; *alias* is the name a key is usually stored under. The positional
    names are those of older plugins.
    """
    explicit_key, key_alias, env_var = input or explicit_key, alias or key_alias, env or env_var
    host = current_host()
    if explicit_key:
        stored = host.get_key(explicit_key, None) if _may_be_a_name(explicit_key) else None
        return note_key(stored or explicit_key)
    if key_alias or env_var:
        return note_key(host.get_key(key_alias, env_var))
    return None


NAME_LETTERS = 24
"""The longest name under which a key given by hand is looked for: most real keys are longer."""

_KEYS: set[str] = set()
"""What is known to be a key: it was found, or came from the host. Models pass it through ``get_key`` once more."""


def note_key(key: str | None) -> str | None:
    """Take note that *key* is one, and return it."""
    if key:
        _KEYS.add(key)
    return key


def _may_be_a_name(explicit_key: str) -> bool:
    """Tell whether what was given may be the name of a stored key. What is a key must not go about as a name: the host
    notes in a log which names a plugin was refused.
    """
    looks_like_one = explicit_key.replace("-", "_").replace(".", "_").isidentifier()
    return looks_like_one and len(explicit_key) <= NAME_LETTERS and explicit_key not in _KEYS


class StoredKeys(Mapping[str, str]):
    """The stored keys as a mapping. Each is asked for by its name: a plugin cannot list what it was not granted."""

    def __getitem__(self, name: str) -> str:
        key = current_host().get_key(name, None)
        if key is None:
            raise KeyError(name)
        return key

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def load_keys() -> StoredKeys:
    """Return the stored keys, to be asked for by name."""
    return StoredKeys()


class HasKey:
    """What models and embedding models share: how they come by their key.

    *needs_key* is the name the key is stored under; None for a model without one. A *key* that was set wins.
    """

    needs_key: str | None = None
    key: str | None = None
    key_env_var: str | None = None

    def get_key(self, explicit_key: str | None = None) -> str | None:
        """Return the key to use, or None where none is needed. Raises NeedsKeyException where none is found."""
        if self.needs_key is None:
            return None
        if self.key is not None:
            return self.key
        found = get_key(input=explicit_key, alias=self.needs_key, env=self.key_env_var)
        if found:
            return found
        hint = f" or set the {self.key_env_var} environment variable" if self.key_env_var else ""
        raise NeedsKeyException(f"No key found - add one using 'llm keys set {self.needs_key}'{hint}")


def resolved_key(model: Any, given: str | None) -> str | None:
    """Return the key for one call where *given*, if any, is the key itself and was looked up by the host already.

    A model that finds its key in a way of its own is asked all the same.
    """
    note_key(given)
    if given and getattr(model, "key", None) is None and type(model).get_key is HasKey.get_key:
        return given
    key: str | None = model.get_key(given)
    return key
