"""One plugin's environment: a generated ``pyproject.toml``, the ``uv.lock`` uv made of it, and the ``.venv``.

An environment is always made new, in a folder of its own: uv asks an environment's own Python about itself, and that
would run what a plugin put there. So nothing is ever added to one that holds a plugin. The SDK is no part of the lock:
it is the host's own (`sdk_wheels`), and what it depends on stands among the requirements.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field

import tomllib

from innkeeper.errors import InstallError

from .interpreters import Interpreter
from .request import Progress
from .uv import LOCK_TIMEOUT_S, SYNC_TIMEOUT_S, run_uv

KEPT_OUT = ("llm", "innkeeper", "innkeeper-sdk", "innkeeper-protocol")
"""Never installed from an index: the SDK ships the import name ``llm``, and the host unpacks its own SDK."""


@dataclass(frozen=True, slots=True)
class Project:
    """What the generated pyproject.toml says. *dependencies* are PEP 508; *wheels* are names with the path of the
    wheel, relative to the project, that is used for each; *without* are names that stay out.
    """

    interpreter: Interpreter
    dependencies: tuple[str, ...]
    wheels: dict[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    pre: bool = False

    def as_toml(self) -> str:
        kept_out = [f"{name} ; python_version < '0'" for name in dict.fromkeys([*KEPT_OUT, *self.without])]
        marker = f"sys_platform == '{sys.platform}' and platform_machine == '{platform.machine()}'"
        lines = [
            "# Written by Innkeeper for one plugin; every installation writes it anew.",
            "[project]",
            'name = "innkeeper-environment"',
            'version = "0"',
            f"requires-python = {_text(f'=={self.interpreter.minor}.*')}",
            f"dependencies = {_list(self.dependencies)}",
            "",
            "[tool.uv]",
            "package = false",
            f"override-dependencies = {_list(kept_out)}",
            f"environments = {_list([marker])}",
            *(['prerelease = "allow"'] if self.pre else []),
            "",
            "[tool.uv.workspace]",
            "members = []",
            "",
            "[tool.uv.sources]",
            *(f"{_text(name)} = {{ path = {_text(path)} }}" for name, path in self.wheels.items()),
        ]
        return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    return json.dumps(value)  # TOML's basic strings are JSON's


def _list(values: Iterable[str]) -> str:
    return json.dumps(list(values))


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """One package of a lock. *size_bytes* is that of its largest wheel that fits, 0 where the index does not say."""

    name: str
    version: str
    size_bytes: int


def lock(
    folder: str,
    project: Project,
    *,
    previous_lock: str | None = None,
    offline: bool = False,
    no_cache: bool = False,
    refresh: bool = False,
) -> list[LockedPackage]:
    """Write *project* to *folder* and have uv choose every version. Returns what was chosen.

    *previous_lock* is a uv.lock whose versions are kept where they still fit. Raises UvFailed.
    """
    with open(os.path.join(folder, "pyproject.toml"), "w", encoding="utf-8") as file:
        file.write(project.as_toml())
    if previous_lock is not None and os.path.exists(previous_lock):
        target = os.path.join(folder, "uv.lock")
        if os.path.abspath(previous_lock) != target:
            shutil.copyfile(previous_lock, target)
    flags = [flag for flag, on in (("--offline", offline), ("--no-cache", no_cache), ("--refresh", refresh)) if on]
    run_uv(["lock", "--no-build", "--python", project.interpreter.path, *flags], cwd=folder, timeout_s=LOCK_TIMEOUT_S)
    return read_lock(folder)


def read_lock(folder: str) -> list[LockedPackage]:
    """Return the packages in the uv.lock of *folder*, without the project itself."""
    with open(os.path.join(folder, "uv.lock"), "rb") as file:
        content = tomllib.load(file)
    return [
        LockedPackage(
            package["name"],
            package.get("version", ""),
            max((wheel.get("size", 0) for wheel in package.get("wheels", [])), default=0),
        )
        for package in content.get("package", [])
        if "virtual" not in package.get("source", {})
    ]


def sync(folder: str, interpreter: Interpreter, *, progress: Progress, no_cache: bool = False) -> str:
    """Make ``.venv`` in *folder* from its lock; one that is there goes first. Returns its site-packages.

    Raises UvFailed.
    """
    venv = os.path.join(folder, ".venv")
    if os.path.lexists(venv):
        shutil.rmtree(venv)
    flags = ["--no-cache"] if no_cache else []
    run_uv(
        ["sync", "--frozen", "--no-build", "--no-install-project", "--python", interpreter.path, *flags],
        cwd=folder,
        timeout_s=SYNC_TIMEOUT_S,
        progress=progress,
    )
    site_packages = os.path.join(venv, "lib", f"python{interpreter.minor}", "site-packages")
    if not os.path.isdir(site_packages):
        raise InstallError(f"uv made an environment that is not for Python {interpreter.minor}.", why=site_packages)
    return site_packages


def described_size(packages: list[LockedPackage]) -> str:
    """Return how much there is to install, in words: ``4 packages, 12.3 MB``."""
    megabytes = sum(package.size_bytes for package in packages) / 1e6
    count = f"{len(packages)} package{'s' if len(packages) != 1 else ''}"
    return f"{count}, {megabytes:.1f} MB" if megabytes else count
