"""Options that the person wants with every prompt to a model: ``model_options.json``, as `llm` has it."""

from __future__ import annotations

import json
import os
from contextlib import AbstractContextManager
from typing import Any

from innkeeper.errors import StorageError
from innkeeper.paths import Home

from .lock import SMALL_FILE_S, exclusive
from .whole_file import MEND, read_text, write_whole

_WHAT = "The file of the models' options"

OptionsByModel = dict[str, dict[str, Any]]


def all_model_options(home: Home) -> OptionsByModel:
    """Return the options by model id, as they were typed: a model makes numbers of them. Raises StorageError."""
    path = home.model_options_file
    text = read_text(path, what=_WHAT)
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        raise StorageError(f"{_WHAT} cannot be read.", why=f"{path} is not JSON: {error}", hint=MEND) from error
    if not isinstance(value, dict) or not all(isinstance(options, dict) for options in value.values()):
        raise StorageError(f"{_WHAT} cannot be read.", why=f"{path} does not hold an object of objects.", hint=MEND)
    return value


def model_options(home: Home, model_id: str) -> dict[str, Any]:
    """Return the options for one model. Raises StorageError."""
    return all_model_options(home).get(model_id, {})


def set_model_option(home: Home, model_id: str, name: str, value: str) -> None:
    """Let prompts to *model_id* have an option. Raises StorageError."""
    with _changing(home):
        options = all_model_options(home)
        options[model_id] = {**options.get(model_id, {}), name: value}
        _write(home, options)


def clear_model_options(home: Home, model_id: str, name: str | None = None) -> list[str]:
    """Forget the option *name*, or all of them; return those that there were. Raises StorageError."""
    with _changing(home):
        options = all_model_options(home)
        own = options.pop(model_id, {})
        cleared = [one for one in own if name in (None, one)]
        left = {one: value for one, value in own.items() if one not in cleared}
        if left:
            options[model_id] = left
        if cleared:
            _write(home, options)
    return cleared


def _changing(home: Home) -> AbstractContextManager[None]:
    return exclusive(os.path.join(home.locks_dir, "model_options.lock"), "the models' options", wait_s=SMALL_FILE_S)


def _write(home: Home, options: OptionsByModel) -> None:
    write_whole(home.model_options_file, json.dumps(options, indent=2) + "\n", what=_WHAT)
