"""How a plugin was asked for: kept beside its environment, so that it can be made again the same way."""

from __future__ import annotations

import os
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Pep508

from innkeeper.errors import InstallError
from innkeeper.paths import Home

from .defaults import default_request
from .inventory import RECORD, InstalledPlugin, plugin_to_json, read_record, write_whole
from .request import InstallRequest, request_from_json


@dataclass(frozen=True, slots=True)
class Asked:
    """What the person asked for; *dependency*, the plugin itself, as PEP 508 has it; and *added*, requirements for
    what it imports without declaring it.
    """

    request: InstallRequest
    dependency: str
    added: tuple[str, ...] = ()

    @property
    def extras(self) -> set[str]:
        return Pep508(self.dependency).extras


def write_record(home: Home, plugin: InstalledPlugin, asked: Asked) -> None:
    """Keep the record of *plugin* in its generation. May raise OSError."""
    path = os.path.join(home.generation_dir(plugin.name, str(plugin.generation)), RECORD)
    content = {
        "plugin": plugin_to_json(home, plugin),
        "request": asked.request.to_keep().as_json(),
        "dependency": asked.dependency,
        "added": asked.added,
    }
    write_whole(path, content)


def asked_for(home: Home, plugin: InstalledPlugin) -> Asked:
    """Return how *plugin* was asked for. Raises InstallError where its record is lost and cannot be guessed."""
    if not plugin.is_ready:
        return Asked(default_request(plugin.name), plugin.name)
    try:
        record = read_record(home, plugin.name, str(plugin.generation))
        asked = Asked(request_from_json(record["request"]), str(record["dependency"]), tuple(record["added"]))
        Pep508(asked.dependency)
    except (OSError, ValueError, KeyError, TypeError, InvalidRequirement) as error:
        if plugin.is_default:
            return Asked(default_request(plugin.name), plugin.name)
        if plugin.source_kind == "index":
            return Asked(InstallRequest(requirement=plugin.requirement), plugin.requirement)
        raise InstallError(
            f"How plugin '{plugin.name}' was installed is not known any more.",
            why=str(error),
            hint=f"Install it again: llm install {plugin.requirement}",
        ) from error
    return asked
