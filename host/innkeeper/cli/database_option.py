"""``-d``, once ``-p``: another log database than that of the home."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

from innkeeper.errors import StorageError

from .run import Run

F = TypeVar("F", bound=Callable[..., Any])


def database_option(command: F) -> F:
    """Add ``-d`` as *database*, a path or None."""
    import click

    return click.option("-d", "--database", type=click.Path(dir_okay=False), help="Path to log database")(command)


def database_path_option(command: F) -> F:
    """Add ``-p`` as *path*, as some commands called ``-d`` before: scripts have it, help does not."""
    import click

    return click.option("-p", "--path", type=click.Path(dir_okay=False), hidden=True)(command)


def existing_database(run: Run, database: str | None) -> str:
    """Return the path of the database that is meant. Raises StorageError where there is none."""
    path = database or run.home.logs_file
    if not os.path.exists(path):
        raise StorageError(f"No log database found at {path}", hint="It is made when the first prompt is logged.")
    return path
