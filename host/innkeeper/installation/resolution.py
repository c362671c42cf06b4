"""Chooses the Python and the versions of one environment, and what is in it beyond what was asked for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from .environment import LockedPackage, Project, lock, read_lock
from .inspection import inspect
from .interpreters import choose, find_all, no_python
from .plan import Plan, Workshop
from .requirement import wheel_name
from .runtime import REAL, SDK, WITH_PACKAGE, NeedsRealLlm, bound_on_llm
from .source_only import lock_with_builds
from .uv_failure import UvFailed
from .wheel import read_wheel

WHEELS = "wheels"
"""In a generation: the wheels on this machine that its lock names, for as long as it lives."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """What was written to an environment's pyproject.toml, and what uv chose.

    *added* are the requirements for what the plugin imports without declaring it.
    """

    project: Project
    packages: list[LockedPackage]
    added: tuple[str, ...]


def resolve(
    folder: str, plan: Plan, sdk_requirements: Iterable[str], workshop: Workshop, *, scratch: str
) -> Resolution:
    """Write pyproject.toml and uv.lock for *plan* to *folder*. *scratch* is a folder for what is needed on the way.

    Raises InstallError: what is asked for is no plugin, does not exist, contradicts itself, or cannot be reached; and
    NeedsRealLlm.
    """
    os.makedirs(os.path.join(folder, WHEELS))
    kept = [keep(wheel, folder) for wheel in (*plan.built, *([plan.wheel] if plan.wheel else []))]
    asked = (
        plan.asked.dependency,
        *plan.request.with_,
        *sdk_requirements,
        *(WITH_PACKAGE if plan.runtime == REAL else ()),
    )
    wheels = {wheel_name(os.path.basename(path)): path for path in kept}
    distribution = read_wheel(plan.wheel) if plan.wheel else None
    projects = (
        Project(interpreter, asked, wheels, plan.request.without, plan.request.pre, runtime=plan.runtime)
        for interpreter in plan.interpreters(distribution)
    )
    first = next(projects)
    earlier = _earlier_folder(plan, workshop)
    if earlier is not None and os.path.exists(os.path.join(earlier, "uv.lock")):
        shutil.copyfile(os.path.join(earlier, "uv.lock"), os.path.join(folder, "uv.lock"))
        same = _with(first, plan.asked.added)
        if _is_that_of(earlier, same, folder):
            same.write(folder)
            return Resolution(same, read_lock(folder), plan.asked.added)
    try:
        project, packages = _lock(folder, plan, first, projects, workshop, scratch)
        found = inspect(folder, plan, project, packages, scratch=scratch)
        if not project.interpreter.satisfies(found.requires_python):
            # uv passes over an upper bound on Python, as a guess of the author's; for a plugin it counts
            fits = choose(found.requires_python, plan.request.python, subject=plan.name)
            again = replace(first, interpreter=fits)
            project, packages = _lock(folder, plan, again, iter(()), workshop, scratch)
            found = inspect(folder, plan, project, packages, scratch=scratch)
        bound = bound_on_llm(found.requirements) if plan.runtime == SDK else ""
        if bound:
            raise NeedsRealLlm(f"it runs on llm {bound}")
        if found.added:
            project = _with(project, found.added)
            packages = lock(folder, project, no_cache=plan.request.no_cache)
    except UvFailed as error:
        raise error.explained(plan.name) from error
    return Resolution(project, packages, found.added)


def keep(wheel: str, folder: str) -> str:
    """Copy *wheel* into *folder*, where the lock may name it; return its path relative to that."""
    kept = os.path.join(WHEELS, os.path.basename(wheel))
    shutil.copyfile(wheel, os.path.join(folder, kept))
    return kept


def _earlier_folder(plan: Plan, workshop: Workshop) -> str | None:
    if plan.earlier is None or plan.earlier.generation is None or not plan.keeps_versions:
        return None
    return workshop.home.generation_dir(plan.earlier.name, plan.earlier.generation)


def _with(project: Project, added: tuple[str, ...]) -> Project:
    return replace(project, dependencies=tuple(dict.fromkeys([*project.dependencies, *added])))


def _is_that_of(earlier: str, project: Project, folder: str) -> bool:
    """Say whether *project*, in *folder*, is the one that was locked in the folder *earlier*, with the same wheels.

    Then nothing has to be asked of the index.
    """
    same_project = content_of(os.path.join(earlier, "pyproject.toml")) == project.as_toml().encode()
    pairs = [(os.path.join(earlier, path), os.path.join(folder, path)) for path in project.wheels.values()]
    return same_project and all(content_of(before) == content_of(now) for before, now in pairs)


def content_of(path: str) -> bytes | None:
    """Return what is in the file at *path*, or None where there is none."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def _lock(  # noqa: PLR0917  # called in one place
    folder: str, plan: Plan, first: Project, others: Iterator[Project], workshop: Workshop, scratch: str
) -> tuple[Project, list[LockedPackage]]:
    """Lock with the first Python that does, from wheels alone; where none does, build what the first one lacks."""
    request = plan.request
    failures: list[UvFailed] = []
    for project in chain([first], others):
        try:
            return project, lock(folder, project, no_cache=request.no_cache, refresh=request.upgrade)
        except UvFailed as error:
            failures.append(error)
            if not error.may_fit_another_python:
                break
    failure = failures[0]
    if failure.source_only:
        return lock_with_builds(folder, first, plan, workshop, scratch=scratch, keep=keep)
    if failure.needed_python and not request.python:
        raise no_python(plan.name, failure.needed_python, find_all()) from failure
    raise failure
