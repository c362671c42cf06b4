"""Writing a file of the home at once or not at all, for its owner only."""

from __future__ import annotations

import os
from contextlib import suppress

from innkeeper.errors import StorageError

from .unwritable import what_to_do

MEND = "Mend the file, or move it away."
"""What to do about one whose content is none."""


def write_whole(path: str, content: str, *, what: str) -> None:
    """Replace the file at *path* by *content*, mode 0600; its folder is made. *what* it holds stands in messages.

    Raises StorageError, and leaves what was there.
    """
    beside = f"{path}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(descriptor, 0o600)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        os.replace(beside, path)
    except OSError as error:
        raise StorageError(f"{what} could not be written.", why=str(error), hint=what_to_do(error)) from error
    finally:
        with suppress(OSError):
            os.unlink(beside)


def read_text(path: str, *, what: str) -> str | None:
    """Return the text of the file at *path*, None where there is none. Raises StorageError."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(
            f"{what} cannot be read.", why=f"{path}: {error}", hint=MEND if isinstance(error, UnicodeError) else ""
        ) from error
