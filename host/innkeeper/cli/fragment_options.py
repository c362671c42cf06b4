"""The options that name fragments; the same for a prompt and for a chat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from innkeeper.conversation.fragments import Resolved, resolve_fragments
from innkeeper.conversation.wanted import Wanted

from .run import Run

F = TypeVar("F", bound=Callable[..., Any])


def fragment_options(command: F) -> F:
    """Add ``-f`` as *fragments* and ``--sf`` as *system_fragments*, both tuples of texts."""
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
) -> tuple[Resolved, list[Any]]:
    """Return what the fragments stand for, and the system fragments. Raises as `resolve_fragments` does."""
    found = resolve_fragments(run.host, fragments, stdin=stdin, database=database)
    system = resolve_fragments(run.host, system_fragments, stdin=stdin, database=database, with_attachments=False)
    return found, system.fragments
