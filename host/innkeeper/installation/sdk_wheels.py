"""The host's own SDK, put into every plugin's environment byte for byte; and its own default plugins' wheels.

A host that was installed carries the wheels. One that runs from its repository builds them: uv has the backend for
that in itself, so it takes 0.1 s and no network. Either way the SDK is unpacked and compiled once for each Python, and
copied from there.
"""

from __future__ import annotations

import os
import shutil
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

from innkeeper.errors import InstallError
from innkeeper.paths import Home
from innkeeper.storage.removal import remove_tree

from .bytecode import compile_files, sources_below
from .fingerprint import (
    CARRIED,
    CLONE,
    SDK_SOURCES,
    default_plugin_hash,
    default_plugin_source,
    runs_from_clone,
    sdk_hash,
)
from .interpreters import Interpreter
from .inventory import canonical_name
from .runtime import PACKAGE, REAL
from .uv import run_uv
from .wheel import read_wheel

BUILD_TIMEOUT_S = 120.0
"""It takes 0.1 s where uv has the backend in itself, and a download where its version differs from what is asked."""

KEPT_S = 30 * 24 * 3600.0
"""What was built longer ago goes when something new is: a host that changes often would fill the disk. What is still
needed of it is built again in a moment.
"""

SDK_NAMES = ("innkeeper-protocol", "innkeeper-sdk")


@dataclass(frozen=True, slots=True)
class Sdk:
    """*hash* says which it is, *wheels* where its two wheels lie."""

    hash: str
    wheels: tuple[str, ...]

    def requirements(self) -> list[str]:
        """Return what the SDK depends on, itself left out."""
        found = [text for wheel in self.wheels for text in read_wheel(wheel).requirements]
        return [text for text in dict.fromkeys(found) if not text.startswith("innkeeper")]


def sdk_wheels(home: Home) -> Sdk:
    """Return this host's SDK; built first where that has not been done. Raises InstallError."""
    found = sdk_hash(home)
    if not runs_from_clone():
        return Sdk(found, tuple(_carried(name) for name in SDK_NAMES))
    return Sdk(found, _built(home, f"sdk-{found}", SDK_SOURCES))


def default_plugin_wheel(home: Home, name: str) -> str:
    """Return the wheel of the default plugin *name*; built first where that has not been done. Raises InstallError."""
    if not runs_from_clone():
        return _carried(name)
    (wheel,) = _built(home, f"{name}-{default_plugin_hash(home, name)}", (default_plugin_source(name),))
    return wheel


def put_sdk_into(home: Home, site_packages: str, interpreter: Interpreter, *, tier: str, runtime: str) -> Sdk:
    """Copy the SDK, compiled for *interpreter*, into *site_packages*. What a package put in its place goes.

    Where *runtime* is the real ``llm``, that stays.
    """
    sdk = sdk_wheels(home)
    tree = os.path.join(home.cache_dir, "built", f"sdk-{sdk.hash}-{interpreter.version}")
    if not os.path.isdir(tree):
        _make(tree, lambda beside: _unpack(sdk, beside, interpreter, tier))
    for name in os.listdir(tree):
        if runtime == REAL and name == PACKAGE:
            continue
        target = os.path.join(site_packages, name)
        if os.path.isdir(target) and not os.path.islink(target):
            shutil.rmtree(target)
        elif os.path.lexists(target):
            os.unlink(target)
        shutil.copytree(os.path.join(tree, name), target)
    return sdk


def _unpack(sdk: Sdk, folder: str, interpreter: Interpreter, tier: str) -> None:
    os.mkdir(folder)
    for wheel in sdk.wheels:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
    files = list(sources_below(folder))
    compile_files(
        files, tier=tier, subject="the SDK", interpreter=interpreter, readable=folder, scratch=f"{folder}.compiling"
    )


def _carried(name: str) -> str:
    for file in sorted(os.listdir(CARRIED)):
        if file.endswith(".whl") and canonical_name(file.partition("-")[0]) == name:
            return os.path.join(CARRIED, file)
    raise InstallError(f"This host does not carry {name}.", hint="Install innkeeper anew.")


def _built(home: Home, folder_name: str, sources: tuple[str, ...]) -> tuple[str, ...]:
    folder = os.path.join(home.cache_dir, "built", folder_name)
    if not os.path.isdir(folder):
        _make(folder, lambda beside: _build(beside, sources))
    return tuple(os.path.join(folder, file) for file in sorted(os.listdir(folder)) if file.endswith(".whl"))


def _build(folder: str, sources: tuple[str, ...]) -> None:
    for source in sources:
        run_uv(
            ["build", "--wheel", "--quiet", "--out-dir", folder, os.path.join(CLONE, source)],
            cwd=CLONE,
            timeout_s=BUILD_TIMEOUT_S,
        )


def _make(folder: str, make: Callable[[str], None]) -> None:
    """Have *make* fill a folder beside *folder*, then move it there. Who comes second keeps the first one's."""
    parent = os.path.dirname(folder)
    os.makedirs(parent, exist_ok=True)
    for name in os.listdir(parent):
        if os.path.getmtime(os.path.join(parent, name)) < time.time() - KEPT_S:
            remove_tree(os.path.join(parent, name))
    beside = f"{folder}.{os.urandom(4).hex()}"
    try:
        make(beside)
        try:
            os.rename(beside, folder)
        except OSError:
            if not os.path.isdir(folder):
                raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)
