"""Whether prompts are logged: they are, unless the person said no, which a file in the home tells, as in `llm`."""

from __future__ import annotations

import os
from contextlib import suppress

from innkeeper.paths import Home

from .whole_file import write_whole


def is_logging(home: Home) -> bool:
    """Tell whether prompts are logged that say nothing of it themselves."""
    return not os.path.exists(home.logs_off_file)


def set_logging(home: Home, is_on: bool) -> None:
    """Log prompts from now on, or do not. Raises StorageError."""
    if is_on:
        with suppress(FileNotFoundError):
            os.unlink(home.logs_off_file)
    else:
        write_whole(home.logs_off_file, "", what="The file that turns logging off")
