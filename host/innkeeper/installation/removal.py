"""Removes a folder that a stranger's code may have written to."""

from __future__ import annotations

import os


def remove_tree(path: str) -> None:
    """Remove the folder *path*, also where its folders cannot be written. What cannot be removed stays."""
    import shutil

    shutil.rmtree(path, ignore_errors=True)
    if not os.path.isdir(path) or os.path.islink(path):
        return
    os.chmod(path, 0o700)
    for folder, names, _ in os.walk(path):
        for name in names:
            inner = os.path.join(folder, name)
            if not os.path.islink(inner):
                os.chmod(inner, 0o700)
    shutil.rmtree(path, ignore_errors=True)
