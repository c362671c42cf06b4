"""The person's working directory, to which the paths that they type are relative."""

from __future__ import annotations

import os


def enter_directory(cwd: str | None) -> None:
    """Stand in *cwd* from now on. One that this process may not enter is left alone: what needs it will say so."""
    if cwd is None:
        return
    try:
        if os.getcwd() != cwd:
            os.chdir(cwd)
    except OSError:
        return
