"""Options of a model that are to be kept: checked, as far as the model's schema says what it takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from innkeeper.conversation.option_values import schemas_of, typed
from innkeeper.errors import UsageError
from innkeeper.remote.catalogue import Found
from innkeeper.remote.manifests import model_info
from innkeeper.untrusted import one_line

from .run import Run

NAME_LETTERS = 100


def typed_options(run: Run, model: Found, options: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return *options* as values. Raises UsageError for one that the model has not, and for what is no number."""
    known = schemas_of(model_info(run.home, model).options_schema)
    return {name: _value(model, name, text, known) for name, text in options}


def _value(model: Found, name: str, text: str, known: dict[str, dict[str, Any]]) -> Any:
    called = one_line(name, NAME_LETTERS)
    if name not in known:
        names = ", ".join(one_line(one, NAME_LETTERS) for one in known) or "none"
        raise _refused(
            f"Model {model.model_id} has no option '{called}'.",
            f"It has: {names}. What they are: llm models list --options -m {model.model_id}",
        )
    try:
        return typed(text, known[name])
    except ValueError as error:
        raise _refused(f"Option '{called}' is a number, and '{one_line(text, NAME_LETTERS)}' is none.") from error


def _refused(message: str, hint: str = "") -> UsageError:
    error = UsageError(message, hint=hint)
    error.exit_code = 1
    return error
