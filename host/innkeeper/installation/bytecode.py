"""Compiles an environment: inside its confinement a plugin can write no bytecode, and without it every import doubles.

A confined Python of the environment's version reads the sources and writes into a folder of its own; the host then
moves the results into place. So nothing but the host ever writes to an environment.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress

from innkeeper.confinement.policy import Policy

from .confined_run import run_confined
from .interpreters import Interpreter

SMALL_BYTES = 1_500_000
"""Sources of an environment up to which all is compiled: about a second. Of larger ones what describing imported."""

COMPILE_TIMEOUT_S = 600.0
"""A large vendor SDK takes 5 to 10 s."""


def sources_below(site_packages: str) -> Iterator[str]:
    """Yield the Python files below *site_packages*, without tests, which nobody imports."""
    for folder, names, files in os.walk(site_packages):
        names[:] = sorted(name for name in names if name not in ("__pycache__", "tests", "test"))
        for file in sorted(files):
            if file.endswith(".py"):
                yield os.path.join(folder, file)


def worth_compiling(site_packages: str, imported: Iterable[str], own: Iterable[str]) -> list[str]:
    """Return the files to compile: all where there is little, else those *imported* and the plugin's *own*."""
    found = [path for path in sources_below(site_packages) if "\n" not in path]
    compiled = {folder: _compiled_in(folder) for folder in {os.path.dirname(path) for path in found}}
    missing = [path for path in found if os.path.basename(path)[:-3] not in compiled[os.path.dirname(path)]]
    if sum(os.path.getsize(path) for path in missing) <= SMALL_BYTES:
        return missing
    wanted = {*imported, *own}
    return [path for path in missing if path in wanted]


def _compiled_in(folder: str) -> set[str]:
    """Return the names of the modules in *folder* that have bytecode."""
    cache = os.path.join(folder, "__pycache__")
    return {name.partition(".")[0] for name in os.listdir(cache)} if os.path.isdir(cache) else set()


def compile_files(
    files: list[str], *, tier: str, subject: str, interpreter: Interpreter, readable: str, scratch: str
) -> int:
    """Compile *files*, which lie below *readable*; return how many were. *scratch* is a folder on the same disk, which
    is made and removed.
    """
    if not files:
        return 0
    listed, results = os.path.join(scratch, "files"), os.path.join(scratch, "results")
    os.makedirs(results, mode=0o700)
    try:
        with open(listed, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write("\n".join(files))
        run_confined(
            tier,
            Policy(subject, read=(readable,)),
            "compile_files.py",
            [listed, results],
            interpreter=interpreter,
            data_dir=scratch,
            timeout_s=COMPILE_TIMEOUT_S,
        )
        return sum(_move(results, name, files) for name in os.listdir(results))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _move(results: str, name: str, files: list[str]) -> bool:
    """Move the bytecode *name* beside the source it is of; say whether there was one for it."""
    found = re.fullmatch(r"(\d{1,9})\.(cpython-3\d+)\.pyc", name)
    compiled = os.path.join(results, name)
    if not found or int(found[1]) >= len(files) or os.path.islink(compiled) or not os.path.isfile(compiled):
        return False
    folder, source = os.path.split(files[int(found[1])])
    cache = os.path.join(folder, "__pycache__")
    with suppress(FileExistsError):
        os.mkdir(cache)
    if os.path.islink(cache):
        return False
    os.replace(compiled, os.path.join(cache, f"{source[:-3]}.{found[2]}.pyc"))
    return True
