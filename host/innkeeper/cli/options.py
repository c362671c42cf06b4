"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from .run import Run

F = TypeVar("F", bound=Callable[..., Any])


def sandbox_option(command: F) -> F:
    """Add ``--no-sandbox``: the person's word that plugins may run unconfined in this run."""

    def remember(context: click.Context, parameter: click.Parameter, value: bool) -> None:
        if value:
            run = context.find_object(Run)
            assert run is not None
            run.no_sandbox = True

    return click.option(
        "--no-sandbox",
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=remember,
        help="Run plugins unconfined, at your own risk",
    )(command)


def json_option(command: F) -> F:
    """Add ``--json``: one documented object on stdout, also of a failure."""

    def remember(context: click.Context, parameter: click.Parameter, value: bool) -> bool:
        run = context.find_object(Run)
        assert run is not None
        run.as_json = run.as_json or value
        return value

    return click.option("--json", "json_", is_flag=True, is_eager=True, callback=remember, help="Output as JSON")(
        command
    )
