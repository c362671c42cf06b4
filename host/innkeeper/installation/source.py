"""Brings what the person named to a wheel, wherever it is: a directory, a file, an archive's URL, a git repository.

A name from the index, and the URL of a wheel, are left to uv.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from innkeeper.errors import InstallError

from . import git
from .archive import fetch, folder_inside, unpack
from .build import Builder, build_wheel, requires_python_of
from .interpreters import Interpreter, choose
from .request import BuildNeeded, InstallRequest, Progress
from .requirement import Requirement, without_password
from .wheel import Distribution, read_wheel


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel on this machine, what it says of itself, and the Python that it was made or chosen for.

    *source* is the folder that an editable one leads to.
    """

    path: str
    distribution: Distribution
    interpreter: Interpreter
    source: str = ""


def obtain_wheel(
    requirement: Requirement, request: InstallRequest, *, tier: str, scratch: str, progress: Progress
) -> Wheel:
    """Return the wheel that *requirement*, anything but a name or a wheel's URL, stands for.

    Raises BuildNeeded where it has to be built and that was not allowed, InstallError where it cannot be had.
    """
    if requirement.kind == "wheel":
        distribution = read_wheel(requirement.location)
        chosen = choose(distribution.requires_python, request.python, subject=distribution.name)
        wheel = Wheel(requirement.location, distribution, chosen)
    elif requirement.is_local_source or request.build:
        source = _source(requirement, scratch, progress)
        wheel = _built(source, requirement, request, tier=tier, scratch=scratch, progress=progress)
    else:
        raise BuildNeeded((requirement.subject,), subject=requirement.subject)
    if requirement.name not in (None, wheel.distribution.name):
        raise InstallError(f"{without_password(requirement.typed)} is {wheel.distribution.name}, as it turns out.")
    return wheel


def _built(
    source: str, requirement: Requirement, request: InstallRequest, *, tier: str, scratch: str, progress: Progress
) -> Wheel:
    """Build the folder *source* with a Python that it may run on. What it says about Python may turn out only then."""
    editable = requirement.kind == "editable"
    requires_python = requires_python_of(source)
    for attempt in range(2):
        chosen = choose(requires_python, request.python, subject=requirement.subject)
        folder = os.path.join(scratch, f"build-{attempt}")
        builder = Builder(tier, requirement.subject, chosen, folder, progress, request.no_cache)
        wheel = build_wheel(builder, source, editable=editable)
        distribution = read_wheel(wheel)
        requires_python = distribution.requires_python
        if chosen.satisfies(requires_python):
            break
    return Wheel(wheel, distribution, chosen, source if editable else "")


def _source(requirement: Requirement, scratch: str, progress: Progress) -> str:
    if requirement.is_local_source:
        return requirement.location
    if requirement.kind == "git":
        progress(f"Fetching {without_password(requirement.location)}")
        folder = git.clone(requirement, os.path.join(scratch, "clone"))
    else:
        archive = requirement.location
        if requirement.kind == "url-source":
            archive = fetch(requirement.location, scratch, subject=requirement.subject, progress=progress)
        folder = unpack(archive, os.path.join(scratch, "unpacked"), subject=requirement.subject)
    return folder_inside(folder, requirement.subdirectory, subject=requirement.subject)
