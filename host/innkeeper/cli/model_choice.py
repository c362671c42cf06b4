"""The options that say which model is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from innkeeper.errors import UnknownModel

from .names import MODEL_VARIABLE
from .run import Run

if TYPE_CHECKING:
    from innkeeper.conversation.model import Model
    from innkeeper.remote.catalogue import Found

F = TypeVar("F", bound=Callable[..., Any])


def model_choice_options(command: F) -> F:
    """Add ``-m`` as *model_id*, and ``-q`` as *queries*, a tuple of texts."""
    import click

    command = click.option("-q", "--query", "queries", multiple=True, help="Use first model matching these strings")(
        command
    )
    return click.option("-m", "--model", "model_id", envvar=MODEL_VARIABLE, help="Model to use")(command)


def named_model(run: Run, model_id: str | None, queries: Sequence[str]) -> Found | None:
    """Return the model that the options name, None where they name none. Raises UnknownModel."""
    if model_id:
        return run.host.find_model(model_id)
    if not queries:
        return None
    from innkeeper.remote.catalogue import find_by_query

    found = find_by_query(run.host.index, tuple(queries))
    if found is None:
        raise UnknownModel(f"No model found matching queries {', '.join(queries)}", hint="All of them: llm models")
    return found


def opened_model(run: Run, found: Found, *, use_async: bool = False) -> Model:
    """Return the model, or with *use_async* its async variant. Raises UnknownModel for one that has none."""
    from innkeeper.conversation.model import Model

    if use_async and not found.entry.get("async"):
        raise UnknownModel(
            f"Unknown async model (sync model exists): {found.model_id}",
            hint="Those that have one: llm models list --async",
        )
    return Model(run.host, found, use_async=use_async)
