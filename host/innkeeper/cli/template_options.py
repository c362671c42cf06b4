"""The options that name templates, for a prompt and for a chat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .run import Run

if TYPE_CHECKING:
    from innkeeper.conversation.templates import FoundTemplate

F = TypeVar("F", bound=Callable[..., Any])


def template_options(command: F) -> F:
    """Add ``-t`` as *templates*, a tuple of names, and ``-p`` as *params*, a tuple of pairs."""
    command = click.option("-p", "--param", "params", multiple=True, type=(str, str), help="Parameters for template")(
        command
    )
    return click.option(
        "-t",
        "--template",
        "templates",
        multiple=True,
        help="Template to use; can be repeated to combine templates",
    )(command)


def found_templates(run: Run, names: Sequence[str]) -> list[FoundTemplate]:
    """Return the templates called so, and tell the person what is wrong with them. Raises as `find_template` does."""
    from innkeeper.conversation.templates import find_template

    found = [find_template(run.host, name) for name in names]
    for template in found:
        if template.remark:
            run.progress.clear()
            click.echo(template.remark, err=True)
    return found
