"""Builds a wheel from source: the front end of PEP 517 and 660. Building runs a stranger's code, so it is confined.

What the build needs is installed by uv, as wheels, into an environment of its own; the backend's hooks then run with
that environment to read, a copy of the source and a folder of their own to write, and no network and no home. An
editable wheel is made from the copy, too; the copy's path in it is then replaced by the real one, so that even a
backend that writes beside the source does not touch the person's files.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import os
import shutil
import zipfile
from dataclasses import dataclass
from typing import Any

import tomllib
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Pep508

from innkeeper.confinement.policy import GIB, Limits, Policy
from innkeeper.errors import InstallError

from . import environment
from .confined_run import run_confined
from .interpreters import Interpreter
from .request import Progress
from .uv import UvFailed

BUILD_TIMEOUT_S = 3600.0
"""A large C++ extension takes many minutes."""

LIMITS = Limits(
    memory_bytes=16 * GIB, processes=2048, open_files=4096, file_bytes=4 * GIB, tmp_bytes=4 * GIB, cpu_s=None
)

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
    """What all steps of one build share. *scratch* is a folder of its own, on the disk the wheel goes to."""

    tier: str
    subject: str
    interpreter: Interpreter
    scratch: str
    progress: Progress
    no_cache: bool = False


def requires_python_of(source: str) -> str:
    """Return what the ``pyproject.toml`` in *source* says about Python, or "" where it does not say."""
    found = _pyproject(source).get("project", {}).get("requires-python", "")
    return found if isinstance(found, str) else ""


def build_wheel(builder: Builder, source: str, *, editable: bool = False) -> str:
    """Build the Python package in the folder *source*; return the path of its wheel, below ``builder.scratch``.

    Raises InstallError with the backend's last words.
    """
    builder.progress(f"Building {builder.subject} from source")
    system = _build_system(source, builder.subject)
    copy, work = os.path.join(builder.scratch, "source"), os.path.join(builder.scratch, "work")
    if not os.path.exists(copy):
        shutil.copytree(source, copy, symlinks=True, ignore=_LEFT_OUT)
    out = os.path.join(work, "out")
    os.makedirs(out)
    requires = system.requires
    for attempt in range(2):
        environment_folder = os.path.join(builder.scratch, f"build-environment-{attempt}")
        site_packages = _make_environment(builder, environment_folder, requires)
        result = _run_hooks(builder, system, site_packages, copy, work, requires, "editable" if editable else "wheel")
        more = result.get("requires")
        if not isinstance(more, list):
            wheel = _made(builder, out, result)
            return _with_real_path(wheel, copy, source) if editable else wheel
        requires = (*system.requires, *(str(text) for text in more))
    raise InstallError(f"{builder.subject} could not be built.", why="Its backend asks for more and more requirements.")


def _pyproject(source: str) -> dict[str, Any]:
    try:
        with open(os.path.join(source, "pyproject.toml"), "rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise InstallError(f"{source}/pyproject.toml cannot be read.", why=str(error)) from error


def _build_system(source: str, subject: str) -> BuildSystem:
    table = _pyproject(source).get("build-system", {})
    requires = table.get("requires", ["setuptools>=40.8.0"])
    backend = table.get("build-backend", "setuptools.build_meta:__legacy__")
    path = table.get("backend-path", [])
    good = isinstance(backend, str) and all(isinstance(text, str) for text in [*requires, *path])
    if not good or any(os.path.isabs(folder) or ".." in folder.split("/") for folder in path):
        raise InstallError(f"{subject} could not be built.", why="Its [build-system] table is not as PEP 517 has it.")
    return BuildSystem(tuple(requires), backend, tuple(path))


def _make_environment(builder: Builder, folder: str, requires: tuple[str, ...]) -> str:
    os.makedirs(folder)
    try:
        for text in requires:
            Pep508(text)
        project = environment.Project(builder.interpreter, requires)
        environment.lock(folder, project, no_cache=builder.no_cache)
        return environment.sync(folder, builder.interpreter, progress=builder.progress, no_cache=builder.no_cache)
    except (InvalidRequirement, UvFailed) as error:
        reason = error.reason if isinstance(error, UvFailed) else str(error)
        raise InstallError(f"What {builder.subject} needs for its build cannot be installed.", why=reason) from error


def _run_hooks(
    builder: Builder,
    system: BuildSystem,
    site_packages: str,
    source: str,
    work: str,
    present: tuple[str, ...],
    kind: str,
) -> dict[str, Any]:
    spec, result = os.path.join(work, "spec.json"), os.path.join(work, "result.json")
    content = {
        "backend": system.backend,
        "backend_path": system.backend_path,
        "source": source,
        "out": os.path.join(work, "out"),
        "kind": kind,
        "present": present,
    }
    with open(spec, "w", encoding="utf-8") as file:
        json.dump(content, file)
    finished = run_confined(
        builder.tier,
        Policy(builder.subject, write=(source,), exec_any=True, limits=LIMITS),
        "run_hook.py",
        [spec, result],
        interpreter=builder.interpreter,
        data_dir=work,
        timeout_s=BUILD_TIMEOUT_S,
        venv=os.path.dirname(os.path.dirname(os.path.dirname(site_packages))),
        site_packages=site_packages,
    )
    try:
        with open(os.open(result, os.O_RDONLY | os.O_NOFOLLOW), encoding="utf-8") as file:
            answer = json.loads(file.read(1 << 20))
        os.unlink(result)
    except (OSError, ValueError):
        answer = {"error": f"it ended with status {finished.status}"}
    if not isinstance(answer, dict) or "error" in answer:
        error = answer.get("error") if isinstance(answer, dict) else "it gave no answer"
        raise InstallError(
            f"{builder.subject} could not be built.",
            why=f"{str(error)[:400]}\n{last_lines(finished.output)}".strip(),
            hint="Builds run without network and see only the source and what [build-system] requires.",
        )
    return answer


def last_lines(output: str, count: int = 8) -> str:
    """Return the end of what a stranger's program wrote, without control characters."""
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    return "\n".join("".join(c if c.isprintable() else " " for c in line)[:200] for line in lines[-count:])


def _made(builder: Builder, out: str, result: dict[str, Any]) -> str:
    name = result.get("wheel")
    wheel = os.path.join(out, os.path.basename(str(name)))
    if not isinstance(name, str) or not name.endswith(".whl") or os.path.islink(wheel) or not os.path.isfile(wheel):
        raise InstallError(f"{builder.subject} could not be built.", why="Its backend made no wheel.")
    return wheel


def _with_real_path(wheel: str, copy: str, source: str) -> str:
    """Replace the path of the *copy* by that of the *source* in an editable wheel; return the new wheel's path."""
    folder = os.path.join(os.path.dirname(os.path.dirname(wheel)), "editable")
    os.makedirs(folder)
    target = os.path.join(folder, os.path.basename(wheel))
    rows: list[tuple[str, str, str]] = []
    with zipfile.ZipFile(wheel) as before, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as after:
        record = next(name for name in before.namelist() if name.endswith(".dist-info/RECORD"))
        for entry in before.infolist():
            if entry.filename == record or entry.is_dir():
                continue
            content = before.read(entry)
            if entry.filename.endswith((".pth", ".py")):
                content = content.replace(os.fsencode(copy), os.fsencode(source))
            after.writestr(entry, content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            rows.append((entry.filename, f"sha256={digest}", str(len(content))))
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([*rows, (record, "", "")])
        after.writestr(record, text.getvalue())
    return target
