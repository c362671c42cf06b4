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
    everything = list(sources_below(site_packages))
    if sum(os.path.getsize(path) for path in everything) > SMALL_BYTES:
        wanted = {*imported, *own}
        everything = [path for path in everything if path in wanted]
    return [path for path in everything if "\n" not in path and not _is_compiled(path)]


def _is_compiled(path: str) -> bool:
    folder, name = os.path.split(path)
    cache = os.path.join(folder, "__pycache__")
    return os.path.isdir(cache) and any(entry.startswith(f"{name[:-3]}.") for entry in os.listdir(cache))


def compile_files(
    files: list[str], *, tier: str, subject: str, interpreter: Interpreter, readable: str, scratch: str
) -> int:
    """Compile *files*, which lie below *readable*; return how many were. *scratch* is a folder on the same disk, which
    is made and removed.
    """
    if not files:
        return 0
    os.makedirs(scratch, mode=0o700)
    try:
        listed, results = os.path.join(scratch, "files"), os.path.join(scratch, "results")
        os.mkdir(results)
        with open(listed, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write("\n".join(files))
        finished = run_confined(
            tier,
            Policy(subject, read=(readable,)),
            "compile_files.py",
            [listed, results],
            interpreter=interpreter,
            data_dir=scratch,
            timeout_s=COMPILE_TIMEOUT_S,
        )
        tag = finished.output.strip()
        if not re.fullmatch(r"cpython-3\d+t?", tag):
            return 0  # an environment without bytecode is slower, and whole
        return sum(_move(os.path.join(results, f"{number}.pyc"), path, tag) for number, path in enumerate(files))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _move(compiled: str, source: str, tag: str) -> bool:
    folder, name = os.path.split(source)
    cache = os.path.join(folder, "__pycache__")
    with suppress(FileExistsError):
        os.mkdir(cache)
    if os.path.islink(compiled) or not os.path.isfile(compiled) or os.path.islink(cache):
        return False
    os.replace(compiled, os.path.join(cache, f"{name[:-3]}.{tag}.pyc"))
    return True
