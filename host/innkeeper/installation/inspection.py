"""Looks at a plugin alone, before anything that it depends on is fetched: whether it is one, what it imports, has."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from packaging.requirements import Requirement as Pep508

from innkeeper.errors import InstallError

from .bytecode import sources_below
from .editable import source_files
from .environment import LockedPackage, Project, unpack_alone
from .inventory import InstalledPlugin, canonical_name
from .plan import Plan
from .request import InstallRequest
from .requirement import parse
from .undeclared_imports import undeclared
from .wheel import read_installed


@dataclass(frozen=True, slots=True)
class Inspected:
    """*requires_python* and *requirements* are the plugin's own; *added* are requirements for what it imports without
    declaring it.
    """

    requires_python: str
    added: tuple[str, ...]
    requirements: tuple[str, ...] = ()


def inspect(folder: str, plan: Plan, project: Project, packages: list[LockedPackage], *, scratch: str) -> Inspected:
    """Unpack the plugin of *plan*, as it was locked in *folder*, below *scratch*, and look at it.

    Raises InstallError for what is no plugin, UvFailed for what cannot be fetched.
    """
    chosen = next((package for package in packages if package.name == plan.name), None)
    if chosen is None:
        raise InstallError(f"{plan.name} was not installed.", why="By --without it would have to leave itself out.")
    alone = os.path.join(mkdtemp(dir=scratch), "alone")
    unpack_alone(
        folder, _pinned(folder, plan, project, chosen), alone, project.interpreter, no_cache=plan.request.no_cache
    )
    plugin = read_installed(alone, plan.name)
    if plugin is None:
        raise InstallError(f"{plan.name} was not installed: its wheel is that of another package.")
    if not plugin.entry_points:
        raise InstallError(
            f"{plan.name} was not installed: it is no plugin.",
            why="It has no entry point in the group `llm`, which is how plugins make themselves known.",
            hint=f"To add it to a plugin's environment: llm install PLUGIN --with {plan.name}",
        )
    files = source_files(plan.source) if plan.source else sources_below(alone)
    declared = plugin.requires | {canonical_name(Pep508(text).name) for text in plan.request.with_}
    return Inspected(plugin.requires_python, tuple(undeclared(files, declared)), plugin.requirements)


def unknown_extras(plugin: InstalledPlugin, request: InstallRequest) -> list[str]:
    """Return the extras that *request* named and *plugin*, which came of it, does not have."""
    found = read_installed(plugin.site_packages, plugin.name)
    wanted = parse(request.requirement, editable=request.editable).extras
    return [extra for extra in wanted if found is not None and canonical_name(extra) not in found.extras]


def _pinned(folder: str, plan: Plan, project: Project, chosen: LockedPackage) -> str:
    """Return a requirement for the very file that was locked."""
    if plan.name in project.wheels:
        return f"{plan.name} @ {Path(folder, project.wheels[plan.name]).absolute().as_uri()}"
    return plan.asked.dependency if plan.source_kind == "url" else f"{plan.name}=={chosen.version}"
