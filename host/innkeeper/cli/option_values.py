"""Options of a model that are to be kept: checked, as far as the model's schema says what it takes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from innkeeper.conversation.option_values import schemas_of, typed, wanted
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


def refuse_unknown(run: Run, model: Found, names: Iterable[str]) -> None:
    """Raise UsageError where the model has no option of one of *names*, and none but those that it lists."""
    schema = model_info(run.home, model).options_schema
    if schema.get("additionalProperties") is False:
        known = schemas_of(schema)
        for name in names:
            _refuse_unknown(model, name, known)


def _refuse_unknown(model: Found, name: str, known: Collection[str]) -> None:
    if name in known:
        return
    names = ", ".join(one_line(one, NAME_LETTERS) for one in known) or "none"
    raise _refused(
        f"Model {model.model_id} has no option '{one_line(name, NAME_LETTERS)}'.",
        f"It has: {names}. What they are: llm models list --options -m {model.model_id}",
    )


def _value(model: Found, name: str, text: str, known: dict[str, dict[str, Any]]) -> Any:
    _refuse_unknown(model, name, known)
    try:
        return typed(text, known[name])
    except ValueError as error:
        called, given = one_line(name, NAME_LETTERS), one_line(text, NAME_LETTERS)
        raise _refused(f"Option '{called}' takes {wanted(known[name])}, and '{given}' is none.") from error


def _refused(message: str, hint: str = "") -> UsageError:
    error = UsageError(message, hint=hint)
    error.exit_code = 1
    return error
