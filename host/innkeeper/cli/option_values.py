"""Options of a model as the person typed them, made the values that its schema says they are.

Only for what is kept: with a prompt the model itself says what it takes, in its own words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from innkeeper.errors import UsageError
from innkeeper.remote.catalogue import Found
from innkeeper.remote.manifests import model_info
from innkeeper.untrusted import one_line

from .run import Run

NAME_LETTERS = 100


def typed_options(run: Run, model: Found, options: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return *options* as values. Raises UsageError for one that the model has not, and for what is no number."""
    properties = model_info(run.home, model).options_schema.get("properties")
    known = properties if isinstance(properties, dict) else {}
    return {name: _value(model, name, text, known) for name, text in options}


def _value(model: Found, name: str, text: str, known: dict[str, Any]) -> Any:
    schema = known.get(name)
    if not isinstance(schema, dict):
        names = ", ".join(one_line(str(one), NAME_LETTERS) for one in known) or "none"
        raise _refused(
            f"Model {model.model_id} has no option '{one_line(name, NAME_LETTERS)}'.",
            f"It has: {names}. What they are: llm models list --options -m {model.model_id}",
        )
    kinds = {one.get("type") for one in schema.get("anyOf", [schema]) if isinstance(one, dict)}
    try:
        if "boolean" in kinds and text.lower() in ("true", "false", "1", "0", "yes", "no", "on", "off"):
            return text.lower() in ("true", "1", "yes", "on")
        if "integer" in kinds and "number" not in kinds:
            return int(text)
        if "number" in kinds:
            number = float(text)
            return int(number) if "integer" in kinds and number.is_integer() else number
    except ValueError as error:
        if "string" not in kinds:
            raise _refused(
                f"Option '{one_line(name, NAME_LETTERS)}' is a number, and '{one_line(text, NAME_LETTERS)}' is none."
            ) from error
    return text


def _refused(message: str, hint: str = "") -> UsageError:
    error = UsageError(message, hint=hint)
    error.exit_code = 1
    return error
