"""The person's names for models: ``aliases.json``, as `llm` has it."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager

from innkeeper.paths import Home

from .json_file import read_texts, write_texts
from .lock import SMALL_FILE_S, exclusive

_WHAT = "The file of the aliases"


def read_aliases(home: Home) -> dict[str, str]:
    """Return model ids by alias. Raises StorageError."""
    return read_texts(home.aliases_file, what=_WHAT)


def set_alias(home: Home, alias: str, model_id: str) -> None:
    """Let *alias* name *model_id*. Raises StorageError."""
    with _changing(home):
        write_texts(home.aliases_file, {**read_aliases(home), alias: model_id}, what=_WHAT)


def remove_alias(home: Home, alias: str) -> bool:
    """Forget *alias*; say whether there was one. Raises StorageError."""
    with _changing(home):
        aliases = read_aliases(home)
        if alias not in aliases:
            return False
        del aliases[alias]
        write_texts(home.aliases_file, aliases, what=_WHAT)
    return True


def _changing(home: Home) -> AbstractContextManager[None]:
    return exclusive(os.path.join(home.locks_dir, "aliases.lock"), "the aliases", wait_s=SMALL_FILE_S)
