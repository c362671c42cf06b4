"""Builds a wheel from source: the front end of PEP 517 and 660. Building runs a stranger's code, so it is confined.

What the build needs is installed by uv, as wheels, into an environment of its own; the backend's hooks then run with
that environment to read, a copy of the source and a folder of their own to write, and no network and no home. An
editable wheel is made from the copy, too; the copy's path in it is then replaced by the real one (`editable`), so that
even a backend that writes beside the source does not touch the person's files.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from typing import Any

import tomllib
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Pep508

from innkeeper.confinement.policy import GIB, Limits, Policy
from innkeeper.errors import InstallError
from innkeeper.untrusted import cleaned, one_line

from . import environment
from .confined_run import run_confined
from .editable import with_real_path
from .interpreters import Interpreter
from .request import Progress
from .requirement import wheel_name
from .uv_failure import UvFailed

BUILD_TIMEOUT_S = 3600.0
"""A large C++ extension takes many minutes."""

LIMITS = Limits(
    memory_bytes=16 * GIB, processes=2048, open_files=4096, file_bytes=4 * GIB, tmp_bytes=4 * GIB, cpu_s=None
)

MOST_PYPROJECT_BYTES = 1 << 20
MOST_ANSWER_BYTES = 1 << 20
LAST_LINES = 8
"""Of what a failed build wrote, this much is shown."""

_LEFT_OUT = shutil.ignore_patterns(
    ".venv", "venv", ".tox", ".nox", "node_modules", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"
)
"""Large folders that stand beside a source and are no part of it."""


@dataclass(frozen=True, slots=True)
class BuildSystem:
    """The ``[build-system]`` table of a source, with the defaults of PEP 517."""

    requires: tuple[str, ...]
    backend: str
    backend_path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Builder:
    """What all steps of one build share. *scratch* is a folder of its own, its path without links."""

    tier: str
    subject: str
    interpreter: Interpreter
    scratch: str
    progress: Progress
    no_cache: bool = False

    @property
    def copy(self) -> str:
        """The copy of the source, which the backend may write to."""
        return os.path.join(self.scratch, "source")

    @property
    def work(self) -> str:
        """The backend's own folder: its home, and where the wheel goes."""
        return os.path.join(self.scratch, "work")

    def failed(self, why: str, *, hint: str = "") -> InstallError:
        return InstallError(f"{self.subject} could not be built.", why=why, hint=hint)


def requires_python_of(source: str) -> str:
    """Return what the ``pyproject.toml`` in *source* says about Python, or "" where it does not say."""
    found = _table(source, "project").get("requires-python", "")
    return found if isinstance(found, str) else ""


def build_wheel(builder: Builder, source: str, *, editable: bool = False) -> str:
    """Build the Python package in the folder *source*; return the path of its wheel, below ``builder.scratch``.

    Raises InstallError with the backend's last words.
    """
    builder.progress(f"Building {builder.subject} from source")
    system = _build_system(builder, source)
    shutil.copytree(source, builder.copy, symlinks=True, ignore=_LEFT_OUT)
    os.makedirs(os.path.join(builder.work, "out"))
    requires = system.requires
    for attempt in range(2):
        folder = os.path.join(builder.scratch, f"build-environment-{attempt}")
        site_packages = _make_environment(builder, folder, requires)
        answer = _run_hooks(builder, system, site_packages, present=requires, editable=editable)
        more = answer.get("requires")
        if not isinstance(more, list):
            wheel = _made(builder, answer)
            return with_real_path(wheel, builder.copy, source) if editable else wheel
        requires = (*system.requires, *(str(text) for text in more))
    raise builder.failed("Its backend asks for more and more requirements.")


def _table(source: str, name: str) -> dict[str, Any]:
    """Return the table *name* of the ``pyproject.toml`` in *source*, empty where there is none."""
    path = os.path.join(source, "pyproject.toml")
    if not os.path.lexists(path):
        return {}
    try:
        if not os.path.isfile(path) or os.path.getsize(path) > MOST_PYPROJECT_BYTES:
            raise ValueError("it is no file, or too large to be honest")
        with open(path, encoding="utf-8") as file:
            table = tomllib.loads(file.read()).get(name, {})
    except (OSError, ValueError, RecursionError) as error:
        raise InstallError(f"{path} cannot be read.", why=str(error)) from error
    return table if isinstance(table, dict) else {}


def _build_system(builder: Builder, source: str) -> BuildSystem:
    table = _table(source, "build-system")
    requires = table.get("requires", ["setuptools>=40.8.0"])
    backend = table.get("build-backend", "setuptools.build_meta:__legacy__")
    path = table.get("backend-path", [])
    lists = isinstance(requires, list) and isinstance(path, list)
    if not lists or not all(isinstance(text, str) for text in [backend, *requires, *path]):
        raise builder.failed("Its [build-system] table is not as PEP 517 has it.")
    if any(os.path.isabs(folder) or ".." in folder.split("/") for folder in path):
        raise builder.failed("The backend-path in its [build-system] table leads out of it.")
    return BuildSystem(tuple(requires), backend, tuple(path))


def _make_environment(builder: Builder, folder: str, requires: tuple[str, ...]) -> str:
    os.makedirs(folder)
    try:
        for text in requires:
            Pep508(text)
        environment.lock(folder, environment.Project(builder.interpreter, requires), no_cache=builder.no_cache)
        return environment.sync(folder, builder.interpreter, progress=builder.progress, no_cache=builder.no_cache)
    except (InvalidRequirement, UvFailed) as error:
        outside = error.from_outside(builder.subject) if isinstance(error, UvFailed) else None
        if outside is not None:
            raise outside from error
        reason = error.reason if isinstance(error, UvFailed) else str(error)
        raise builder.failed(f"What it needs for its build cannot be installed.\n{reason}") from error


def _run_hooks(
    builder: Builder, system: BuildSystem, site_packages: str, *, present: tuple[str, ...], editable: bool
) -> dict[str, Any]:
    asked = os.path.join(builder.scratch, "asked.json")  # where a backend cannot put a link for us to follow
    answer = os.path.join(builder.work, "result.json")
    with open(asked, "w", encoding="utf-8") as file:
        json.dump(
            {
                "backend": system.backend,
                "backend_path": system.backend_path,
                "source": builder.copy,
                "out": os.path.join(builder.work, "out"),
                "kind": "editable" if editable else "wheel",
                "present": present,
            },
            file,
        )
    headers = os.path.join(builder.interpreter.base_prefix, "include")
    finished = run_confined(
        builder.tier,
        Policy(builder.subject, read=(headers, asked), write=(builder.copy,), exec_any=True, limits=LIMITS),
        "run_hook.py",
        [asked, answer],
        interpreter=builder.interpreter,
        data_dir=builder.work,
        timeout_s=BUILD_TIMEOUT_S,
        venv=os.path.dirname(os.path.dirname(os.path.dirname(site_packages))),
        site_packages=site_packages,
    )
    result = _answer_in(answer)
    if result is None or "error" in result:
        said = f"It ended with status {finished.status}." if result is None else one_line(str(result["error"]), 400)
        raise builder.failed(
            f"{said}\n{_last_lines(finished.output)}".strip(),
            hint="Builds run without network and see only the source and what [build-system] requires.",
        )
    return result


def _answer_in(path: str) -> dict[str, Any] | None:
    """Return what the hooks left in the file *path*, which is the backend's to write, or None for what is no answer."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), encoding="utf-8") as file:
            answer = json.loads(file.read(MOST_ANSWER_BYTES))
        os.unlink(path)
    except (OSError, ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _last_lines(output: str) -> str:
    lines = [line.rstrip()[:200] for line in output.splitlines() if line.strip()]
    return cleaned("\n".join(lines[-LAST_LINES:]))


def _made(builder: Builder, answer: dict[str, Any]) -> str:
    """Return the path of the wheel that the backend says it made, if it did, where it should."""
    name = os.path.basename(str(answer.get("wheel")))
    wheel_name(name)
    wheel = os.path.join(builder.work, "out", name)
    if os.path.realpath(wheel) != wheel or not os.path.isfile(wheel):
        raise builder.failed("Its backend made no wheel.")
    return wheel
