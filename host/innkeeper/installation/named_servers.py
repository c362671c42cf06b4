"""Servers that a plugin's source does not name: those of the person's own variables, and those that it went to.

``OLLAMA_HOST=gpu:11434`` means that the plugin for Ollama is to ask that machine; the name of the variable stands in
the client that it imports. Where a plugin asks a server already to say what it registers, the host knows which.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from innkeeper.confinement.policy import HostPort

from .openai_settings import server_of

IS_ADDRESS = re.compile(r"[A-Z][A-Z0-9_]*_(BASE_URL|API_BASE|API_URL|ENDPOINT|HOST|URL|SERVER)")
"""The name of a variable that holds the address of a server."""

MOST_TRIED = 5
"""Servers in one request; one that tries more tries them all."""


def of_variables(names: Iterable[str], environ: Mapping[str, str]) -> dict[str, list[str]]:
    """Return for each of *names* that is set in *environ* the servers that its value names, as grants have them."""
    found = {name: _servers(environ[name]) for name in names if environ.get(name) and IS_ADDRESS.fullmatch(name)}
    return {name: servers for name, servers in found.items() if servers}


def of_refusals(refused: Iterable[str]) -> list[str]:
    """Return the servers, of those that a plugin was *refused*, that can be granted."""
    return [server for text in refused for server in _one(text)][:MOST_TRIED]


def _servers(value: str) -> list[str]:
    """Return the server of a URL, or of ``HOST:PORT``."""
    return server_of(value) if "://" in value else _one(value.partition("/")[0])


def _one(text: str) -> list[str]:
    try:
        found = HostPort.parse(text)
    except ValueError:
        return []
    return [str(found)] if found.port is not None else []
