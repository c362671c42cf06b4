"""Files of the home that hold a flat object of texts: keys, aliases. A broken one is an error, never empty."""

from __future__ import annotations

import json

from innkeeper.errors import StorageError

from .whole_file import MEND, read_text, write_whole


def read_texts(path: str, *, what: str) -> dict[str, str]:
    """Return the object in the file at *path*, empty where there is no file; what is no text in it is left out.

    Raises StorageError.
    """
    text = read_text(path, what=what)
    return {} if text is None else parse_texts(text, path, what=what)


def parse_texts(text: str, path: str, *, what: str) -> dict[str, str]:
    """Return the object that *text*, the content of the file at *path*, holds. Raises StorageError."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StorageError(f"{what} cannot be read.", why=f"{path} is not JSON: {error}", hint=MEND) from error
    if not isinstance(value, dict):
        raise StorageError(f"{what} cannot be read.", why=f"{path} does not hold an object.", hint=MEND)
    return {name: content for name, content in value.items() if isinstance(content, str)}


def write_texts(path: str, content: dict[str, str], *, what: str) -> None:
    """Replace the file at *path*. Raises StorageError, and leaves what was there."""
    write_whole(path, json.dumps(content, indent=2) + "\n", what=what)
