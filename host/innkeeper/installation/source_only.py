"""Packages of which the index has no wheel that fits: which sources are meant, and building them.

uv itself never builds, since its builds are not confined. It only says, by a lock, which sources it would take.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

from innkeeper.errors import InstallError

from .archive import fetch, unpack
from .build import Builder, build_wheel
from .environment import LockedPackage, Project, lock
from .plan import Plan, Workshop
from .request import BuildNeeded
from .requirement import wheel_name
from .uv_failure import UvFailed

MOST_ROUNDS = 20
"""Each finds at least one more package that comes as source only."""


def lock_with_builds(
    folder: str, project: Project, plan: Plan, workshop: Workshop, *, scratch: str, keep: Callable[[str, str], str]
) -> tuple[Project, list[LockedPackage]]:
    """Lock *project* in *folder*, building what comes as source only; *keep* puts a wheel into *folder*.

    Returns the project with those wheels, and what was locked. Raises BuildNeeded with all their names where building
    was not allowed, UvFailed where building would not help.
    """
    unknown: tuple[str, ...] = ()
    for _ in range(MOST_ROUNDS):
        try:
            packages = lock(folder, replace(project, source_only=unknown), no_cache=plan.request.no_cache)
        except UvFailed as error:
            more = tuple(name for name in error.source_only if name not in unknown)
            if not more:
                raise
            unknown += more
            continue
        if not unknown:
            return project, packages
        to_build = [package for package in packages if package.name in unknown]
        if not plan.request.build:
            raise BuildNeeded(tuple(package.name for package in to_build), subject=plan.name)
        built = {package.name: keep(_build(package, project, workshop, scratch), folder) for package in to_build}
        project = replace(project, wheels=project.wheels | built)
        unknown = ()
    raise InstallError(f"{plan.name} was not installed: too many of the packages it needs come as source only.")


def _build(package: LockedPackage, project: Project, workshop: Workshop, scratch: str) -> str:
    """Build *package* from the source that the lock names; return its wheel."""
    if not package.source:
        raise InstallError(f"The index has neither a wheel that fits nor a source of {package.name}.")
    room = os.path.join(scratch, f"source-of-{package.name}")
    os.mkdir(room)
    archive = fetch(
        package.source, room, subject=package.name, progress=workshop.progress, sha256=package.source_sha256
    )
    source = unpack(archive, os.path.join(room, "unpacked"), subject=package.name)
    builder = Builder(workshop.tier, package.name, project.interpreter, os.path.join(room, "build"), workshop.progress)
    wheel = build_wheel(builder, source)
    if wheel_name(os.path.basename(wheel)) != package.name:
        raise builder.failed(f"Its backend made {os.path.basename(wheel)}.")
    return wheel
