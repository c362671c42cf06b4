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
from typing import Any
from urllib.parse import unquote, urlsplit

import tomllib

from innkeeper.errors import InstallError

from .interpreters import Interpreter
from .request import Progress
from .runtime import PACKAGE, SDK
from .uv import LOCK_TIMEOUT_S, SYNC_TIMEOUT_S, run_uv

KEPT_OUT = ("llm", "innkeeper", "innkeeper-sdk", "innkeeper-protocol")
"""Not installed from an index: the SDK ships the import name ``llm``, and the host unpacks its own SDK. The first one
is, for a plugin that runs on it."""


@dataclass(frozen=True, slots=True)
class Project:
    """What the generated pyproject.toml says. *dependencies* are PEP 508; *wheels* are names with the path of the
    wheel, relative to the project, that is used for each, and so they are dependencies, too, or uv would look for what
    others need of them in an index; *without* are names that stay out. *runtime* says which ``llm`` it is for.

    *source_only* are packages without a wheel, for a lock that only tells which of their sources are meant: nobody
    knows yet what they depend on, and uv takes it that it is nothing.
    """

    interpreter: Interpreter
    dependencies: tuple[str, ...]
    wheels: dict[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    pre: bool = False
    source_only: tuple[str, ...] = ()
    runtime: str = SDK

    def as_toml(self) -> str:
        ours = [name for name in KEPT_OUT if self.runtime == SDK or name != PACKAGE]
        kept_out = [f"{name} ; python_version < '0'" for name in dict.fromkeys([*ours, *self.without])]
        marker = f"sys_platform == '{sys.platform}' and platform_machine == '{platform.machine()}'"
        unknown = [f"{{ name = {_text(name)}, requires-dist = [] }}" for name in self.source_only]
        lines = [
            "# Written by Innkeeper for one plugin; every installation writes it anew.",
            "[project]",
            'name = "innkeeper-environment"',
            'version = "0"',
            f"requires-python = {_text(self.interpreter.this_version)}",
            f"dependencies = {_list(dict.fromkeys([*self.dependencies, *self.wheels]))}",
            "",
            "[tool.uv]",
            "package = false",
            f"override-dependencies = {_list(kept_out)}",
            f"environments = {_list([marker])}",
            *(['prerelease = "allow"'] if self.pre else []),
            *([f"dependency-metadata = [{', '.join(unknown)}]"] if unknown else []),
            "",
            "[tool.uv.workspace]",
            "members = []",
            "",
            "[tool.uv.sources]",
            *(f"{_text(name)} = {{ path = {_text(path)} }}" for name, path in self.wheels.items()),
        ]
        return "\n".join(lines) + "\n"

    def write(self, folder: str) -> None:
        """Write it to *folder*."""
        with open(os.path.join(folder, "pyproject.toml"), "w", encoding="utf-8") as file:
            file.write(self.as_toml())


def _text(value: str) -> str:
    return json.dumps(value)  # TOML's basic strings are JSON's


def _list(values: Iterable[str]) -> str:
    return json.dumps(list(values))


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """One package of a lock. *size_bytes* is that of its largest wheel that fits, 0 where the index does not say.

    *source* is the URL of its source, or its path, and *source_sha256* its hash; "" where there is none.
    """

    name: str
    version: str
    size_bytes: int = 0
    source: str = ""
    source_sha256: str = ""


def lock(folder: str, project: Project, *, no_cache: bool = False, refresh: bool = False) -> list[LockedPackage]:
    """Write *project* to *folder* and have uv choose every version; return what was chosen.

    Versions in a ``uv.lock`` that is there are kept where they still fit. Nothing is built, and nothing of what is
    chosen runs. Raises UvFailed.
    """
    project.write(folder)
    flags = [flag for flag, on in (("--no-cache", no_cache), ("--refresh", refresh)) if on]
    flags += [flag for name in project.source_only for flag in ("--no-binary-package", name)]
    flags += [flag for name in project.wheels for flag in ("--upgrade-package", name)]  # it may be another file by now
    run_uv(["lock", "--no-build", "--python", project.interpreter.path, *flags], cwd=folder, timeout_s=LOCK_TIMEOUT_S)
    return read_lock(folder)


def read_lock(folder: str) -> list[LockedPackage]:
    """Return the packages in the uv.lock of *folder*, without the project itself."""
    with open(os.path.join(folder, "uv.lock"), "rb") as file:
        content = tomllib.load(file)
    return [_locked(package, folder) for package in content["package"] if "virtual" not in package["source"]]


def _locked(package: dict[str, Any], folder: str) -> LockedPackage:
    source = package.get("sdist", {})
    place = source.get("url", "")
    if place.startswith("file:"):
        place = unquote(urlsplit(place).path)
    elif not place and source.get("path"):  # of an index that is a folder
        place = os.path.join(folder, package["source"].get("registry", ""), source["path"])
    return LockedPackage(
        package["name"],
        package.get("version", ""),
        max((wheel.get("size", 0) for wheel in package.get("wheels", [])), default=0),
        place,
        source.get("hash", "").removeprefix("sha256:"),
    )


def unpack_alone(folder: str, requirement: str, target: str, interpreter: Interpreter, *, no_cache: bool) -> None:
    """Unpack the one package that *requirement* names, without any that it depends on, into the folder *target*.

    It comes by the indexes of the project in *folder*. Raises UvFailed.
    """
    listed = f"{target}.txt"
    with open(listed, "w", encoding="utf-8") as file:  # a URL may hold a password, which is not for argv
        file.write(f"{requirement}\n")
    flags = ["--no-deps", "--no-build", *(["--no-cache"] if no_cache else [])]
    arguments = [*flags, "--python", interpreter.path, "--target", target, "--requirements", listed]
    run_uv(["pip", "install", *arguments], cwd=folder, timeout_s=SYNC_TIMEOUT_S)


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
