"""The templates that the person stored: a YAML file each in a folder of the home, as `llm` has it."""

from __future__ import annotations

import os

from innkeeper.errors import StorageError, UsageError
from innkeeper.paths import Home

from .whole_file import read_text, write_whole

SUFFIX = ".yaml"

_WHAT = "The template"


def template_file(home: Home, name: str) -> str:
    """Return where the template *name* is kept, whether it is there or not. Raises UsageError for what is no name."""
    parts = name.split("/")
    if not name.isprintable() or ":" in name or any(part in ("", ".", "..") for part in parts):
        raise UsageError(
            f"{name!r} is no name for a template.",
            hint="Letters, digits, dashes and underscores make one; a slash stands between folders.",
        )
    return os.path.join(home.templates_dir, *parts) + SUFFIX


def template_names(home: Home) -> list[str]:
    """Return the names of the stored templates, sorted. Raises StorageError."""
    try:
        found = os.listdir(home.templates_dir)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError("The stored templates cannot be listed.", why=str(error)) from error
    return sorted(name.removesuffix(SUFFIX) for name in found if name.endswith(SUFFIX))


def read_template(home: Home, name: str) -> str | None:
    """Return the text of a stored template, None where there is none. Raises StorageError, UsageError."""
    return read_text(template_file(home, name), what=f"{_WHAT} '{name}'")


def write_template(home: Home, name: str, text: str) -> None:
    """Store a template, in place of one with its name. Raises StorageError, UsageError."""
    write_whole(template_file(home, name), text, what=f"{_WHAT} '{name}'")


def make_templates_dir(home: Home) -> None:
    """Make the folder of the stored templates, for who puts files there by hand. Raises StorageError."""
    try:
        os.makedirs(home.templates_dir, mode=0o700, exist_ok=True)
    except OSError as error:
        raise StorageError("The folder of the templates could not be made.", why=str(error)) from error
