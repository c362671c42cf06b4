"""The hash of what wheels are made of: the same beside the sources and in the host that carries the wheels.

So a clone and an installed host of the same state take each other's environments for their own. `hatch_build` runs
this file by itself, so it takes the standard library only.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

NOT_SOURCE = frozenset({"__pycache__", "vectors", "dist", "build", "tests"})


def source_files(clone: str, sources: Iterable[str]) -> Iterator[str]:
    """Yield the files that the wheels of the folders *sources* are made of, relative to *clone*, in a fixed order."""
    for source in sources:
        for folder, names, files in os.walk(os.path.join(clone, source)):
            names[:] = sorted(name for name in names if not name.startswith(".") and name not in NOT_SOURCE)
            for file in sorted(files):
                if file.endswith((".py", ".toml", ".typed")):
                    yield os.path.relpath(os.path.join(folder, file), clone)


def content_hash(clone: str, files: Iterable[str]) -> str:
    """Return the hash of the names and contents of *files*, which are relative to *clone*."""
    from hashlib import blake2b

    found = blake2b(digest_size=10)
    for path in files:
        with open(os.path.join(clone, path), "rb") as file:
            content = file.read()
        found.update(f"{path}\0{len(content)}\0".encode() + content)
    return found.hexdigest()
