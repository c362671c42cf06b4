"""The options that name fragments; the same for a prompt and for a chat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from .run import Run

if TYPE_CHECKING:
    from innkeeper_sdk.api.attachments import Attachment
    from innkeeper_sdk.api.fragments import Fragment

    from innkeeper.conversation.wanted import Wanted

F = TypeVar("F", bound=Callable[..., Any])


def fragment_options(command: F) -> F:
    """Add ``-f`` as *fragments* and ``--sf`` as *system_fragments*, both tuples of texts."""
    import click

    command = click.option(
        "--sf",
        "--system-fragment",
        "system_fragments",
        multiple=True,
        help="Fragment to add to system prompt",
    )(command)
    return click.option(
        "-f",
        "--fragment",
        "fragments",
        multiple=True,
        help="Fragment (alias, URL, hash or file path) to add to the prompt",
    )(command)


def resolved(
    run: Run,
    fragments: Sequence[Wanted],
    system_fragments: Sequence[Wanted],
    *,
    stdin: Callable[[], str],
    database: str | None = None,
) -> tuple[list[Fragment], list[Fragment], list[Attachment]]:
    """Return the fragments of the prompt and of the system prompt, and the attachments that came with the former.

    Raises as `resolve_fragments` does.
    """
    if not fragments and not system_fragments:
        return [], [], []
    from innkeeper.conversation.fragments import resolve_fragments

    found = resolve_fragments(run.host, fragments, stdin=stdin, database=database)
    system = resolve_fragments(run.host, system_fragments, stdin=stdin, database=database, with_attachments=False)
    return found.fragments, system.fragments, found.attachments
