"""What the person's settings mean for the default plugin for OpenAI: which servers it may reach, which keys it gets.

They name servers by hand: in ``extra-openai-models.yaml``, in ``OPENAI_BASE_URL``, after ``llm openai endpoint``. No
plugin can write there, so what stands there is allowed, to this plugin alone. What the entries mean beyond that is the
plugin's business. This is on the way to its start: a file is taken apart once, and not again until it changes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from innkeeper.confinement.grants import Grants
from innkeeper.paths import Home

from .fingerprint import has_changed, watch
from .inventory import InstalledPlugin, write_whole

PLUGIN = "innkeeper-openai"

FILE = "extra-openai-models.yaml"

FILES_VARIABLE = "INNKEEPER_OPENAI_FILES"
"""By this the plugin is told where the files are."""

MODELS_VARIABLE = "INNKEEPER_OPENAI_MODELS"
"""By this it is told of models for one run, as JSON, in the form of the file's entries."""

ADDRESS_VARIABLE = "OPENAI_BASE_URL"

PASSED_ON = (ADDRESS_VARIABLE, "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "LLM_OPENAI_SHOW_RESPONSES")
"""The person's variables that the plugin gets to see."""

PORTS = {"http": 80, "https": 443}

MOST_BYTES = 4 * 1024 * 1024
"""Of a file: one with a thousand models has 200 KB."""


def concerns(plugin: InstalledPlugin) -> bool:
    """Say whether *plugin* is the one whose settings these are: the default one, not one that only has its name."""
    return plugin.is_default and plugin.name == PLUGIN


def extra_files(home: Home, environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Return where the person may list more models. The first file counts for a model that is in both."""
    person = environ.get("HOME") or os.path.expanduser("~")
    return os.path.join(home.root, FILE), os.path.join(person, ".llm", FILE)


def may_register_more(home: Home, plugin: InstalledPlugin, environ: Mapping[str, str] = os.environ) -> bool:
    """Say whether *plugin* may register by now what the index does not say. One that was never made ready says what
    ships with the host; this one may have more.
    """
    if plugin.is_ready:
        return has_changed(plugin.watched)
    return concerns(plugin) and any(map(os.path.exists, extra_files(home, environ)))


def granted_by_settings(home: Home, environ: Mapping[str, str] = os.environ, models: str = "") -> Grants:
    """Return what the settings allow. *models* are those for one run, as JSON. A file that is broken allows nothing."""
    files = [path for path in extra_files(home, environ) if os.path.exists(path)]
    net, keys = _of_files(home, files) if files else ([], [])
    for address in (environ.get(ADDRESS_VARIABLE), *(entry.get("api_base") for entry in _entries(models))):
        net += server_of(address)
    both_ends = [end for path in files for end in (path, os.path.realpath(path))]
    return Grants(
        net=tuple(dict.fromkeys(net)),
        keys=tuple(dict.fromkeys(keys)),
        env=tuple(name for name in PASSED_ON if environ.get(name)),
        read=tuple(dict.fromkeys(both_ends)),
    )


def told_to_plugin(
    home: Home, environ: Mapping[str, str] = os.environ, models: str = ""
) -> tuple[tuple[str, str], ...]:
    """Return the variables by which the plugin learns of its settings."""
    files = (FILES_VARIABLE, os.pathsep.join(extra_files(home, environ)))
    return (files, (MODELS_VARIABLE, models)) if models else (files,)


def server_of(address: object) -> list[str]:
    """Return host and port of *address*, a URL, as grants have them; nothing for what is none.

    A public name is granted as one: where it leads to a private address, the person has to say that they mean that.
    """
    from urllib.parse import urlsplit

    from innkeeper.confinement.policy import HostPort

    try:
        parts = urlsplit(address if isinstance(address, str) else "")
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        return [str(HostPort.parse(f"{host}:{parts.port or PORTS[parts.scheme]}"))] if host else []
    except (ValueError, KeyError):
        return []


def _of_files(home: Home, files: list[str]) -> tuple[list[str], list[str]]:
    """Return the servers and the names of keys in *files*."""
    memo = os.path.join(home.cache_dir, "openai_models.json")
    try:
        with open(memo, encoding="utf-8") as file:
            known = json.load(file)
        if list(known["watched"]) == files and not has_changed(known["watched"]):
            return [str(one) for one in known["net"]], [str(one) for one in known["keys"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    watched = watch(files)
    entries = [entry for path in files for entry in _read(path)]
    net = [server for entry in entries for server in server_of(entry.get("api_base"))]
    keys = [entry["api_key_name"] for entry in entries if isinstance(entry.get("api_key_name"), str)]
    with suppress(OSError):  # a home that cannot be written is only slower
        os.makedirs(os.path.dirname(memo), mode=0o700, exist_ok=True)
        write_whole(memo, {"watched": watched, "net": net, "keys": keys})
    return net, keys


def _read(path: str) -> list[dict[str, Any]]:
    """Return the entries in the file at *path*. What is wrong with it the plugin says, which reads it as well."""
    import yaml

    try:
        with open(path, encoding="utf-8") as file:
            return _maps(yaml.safe_load(file.read(MOST_BYTES)))
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return []


def _entries(models: str) -> list[dict[str, Any]]:
    return _maps(json.loads(models)) if models else []


def _maps(content: Any) -> list[dict[str, Any]]:
    return [entry for entry in content if isinstance(entry, dict)] if isinstance(content, list) else []
