"""What ships with the host about its default plugins: written from their sources, by really making each once.

The table ``[tool.uv]`` of a plugin's pyproject.toml says what its environment has to keep out. It does not travel in a
wheel, so it becomes part of the request that ships with the host.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import msgspec
import tomllib

from innkeeper.errors import InstallError

from .defaults import record_file, shipped_manifest_file
from .fingerprint import CLONE, default_plugin_source
from .generation import plugin_lock
from .inventory import InstalledPlugin, canonical_name
from .making import make
from .manifest import read_manifest
from .plan import Workshop, plan_of_default
from .record import Asked
from .request import InstallRequest
from .scratch import scratch_folder

_KEPT_OUT = re.compile(r"\s*([A-Za-z0-9._-]+)\s*;\s*python_version\s*<\s*['\"]0['\"]\s*")


def default_sources() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name of each default plugin in the repository, and its pyproject.toml."""
    for folder in sorted(os.listdir(os.path.join(CLONE, "plugins"))):
        path = os.path.join(CLONE, "plugins", folder, "pyproject.toml")
        if os.path.exists(path):
            with open(path, "rb") as file:
                project = tomllib.load(file)
            name = canonical_name(project["project"]["name"])
            assert default_plugin_source(name) == os.path.join("plugins", folder), f"{name} is not called as its folder"
            yield name, project


def request_of(name: str, project: dict[str, Any]) -> InstallRequest:
    """Return how the environment of the default plugin *name* is to be asked for. Raises InstallError for an override
    in its *project* that is not understood.
    """
    without = []
    for override in project.get("tool", {}).get("uv", {}).get("override-dependencies", []):
        found = _KEPT_OUT.fullmatch(override)
        if found is None:
            raise InstallError(
                f"The override {override!r} of {name} is not understood.",
                why="Only \"PACKAGE ; python_version < '0'\" is, which keeps a package out.",
            )
        without.append(canonical_name(found[1]))
    return InstallRequest(requirement=name, without=tuple(without))


def default_records(workshop: Workshop) -> dict[str, Any]:
    """Make every default plugin, and return the content of each file that ships about them, by its path."""
    home, files = workshop.home, {}
    for name, project in default_sources():
        request = request_of(name, project)
        plan = plan_of_default(home, name, Asked(request, name), request)
        with scratch_folder(home) as scratch, plugin_lock(home, name):
            plugin = make(plan, workshop, scratch=scratch)
        said = msgspec.structs.replace(read_manifest(home, plugin), imported_files=(), registration_files=())
        files[record_file(name)] = {"plugin": _as_shipped(plugin), "request": _without_defaults(request)}
        files[shipped_manifest_file(name)] = msgspec.to_builtins(said)
    return files


_OF_ONE_ENVIRONMENT = {
    "generation", "interpreter", "base_prefix", "site_packages", "extra_read", "sdk", "watched", "installed_at"
}  # fmt: skip


def _as_shipped(plugin: InstalledPlugin) -> dict[str, Any]:
    plain = vars(InstalledPlugin(name="", version=""))
    changed = {name: value for name, value in vars(plugin).items() if value != plain[name]}
    return {name: value for name, value in changed.items() if name not in _OF_ONE_ENVIRONMENT}


def _without_defaults(value: Any) -> dict[str, Any]:
    """Return the fields of a dataclass that differ from their defaults."""
    return {
        field.name: getattr(value, field.name)
        for field in fields(value)
        if field.default != getattr(value, field.name) and getattr(value, field.name) not in ([], {}, ())
    }
