"""Options of a model that are to be kept: checked, as far as the model's schema says what it takes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from innkeeper.conversation.option_limits import limits_broken
from innkeeper.conversation.option_values import schemas_of, typed, wanted
from innkeeper.errors import UsageError
from innkeeper.remote.catalogue import Found
from innkeeper.remote.manifests import model_info
from innkeeper.untrusted import one_line

from .run import Run

NAME_LETTERS = 100
LIMITS_LETTERS = 500


def typed_options(run: Run, model: Found, options: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return *options* as values. Raises UsageError for one that the model has not, and for what it does not take."""
    schema = model_info(run.home, model).options_schema
    known = schemas_of(schema)
    values: dict[str, Any] = {}
    for name, text in options:
        _refuse_unknown(model, name, known)
        try:
            values[name] = typed(text, known[name])
        except ValueError as error:
            raise _not_taken(name, text, wanted(known[name])) from error
        limits = limits_broken(values[name], known[name], schema)
        if limits:
            raise _not_taken(name, text, one_line(limits, LIMITS_LETTERS))
    return values


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


def _not_taken(name: str, text: str, taken: str) -> UsageError:
    called, given = one_line(name, NAME_LETTERS), one_line(text, NAME_LETTERS)
    return _refused(f"Option '{called}' takes {taken}, and '{given}' is none.")


def _refused(message: str, hint: str = "") -> UsageError:
    error = UsageError(message, hint=hint)
    error.exit_code = 1
    return error
