"""What a plugin asks to be allowed: its own word (``register_permissions``), or else a guess from its source.

Asking grants nothing. What a plugin says is a stranger's wish: what could not be granted is left out of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from innkeeper_protocol.payloads.describe import Description
from innkeeper_protocol.payloads.embeddings import EmbeddingModelInfo
from innkeeper_protocol.payloads.models import ModelInfo

from innkeeper.confinement.granting import checked, is_grantable_variable
from innkeeper.confinement.grants import NOTHING, Grants
from innkeeper.confinement.policy import Limits
from innkeeper.errors import UsageError
from innkeeper.paths import Home
from innkeeper.storage.database_views import NAMES

from .guessed_permissions import Guess, add_vendors, guess
from .inventory import InstalledPlugin
from .manifest import read_manifest
from .named_servers import of_refusals, of_variables
from .own_source import own_files
from .vendor_hosts import address_variables


class Requested(NamedTuple):
    """What a plugin wants: *grants* as they would be kept; *terminal*, which its commands have anyway; *reason*, in its
    own words; *missing*, programs that are not on this machine. *is_guess*: it does not say so itself.
    """

    grants: Grants = NOTHING
    terminal: bool = False
    reason: str = ""
    missing: tuple[str, ...] = ()
    is_guess: bool = False


def requested(
    home: Home, plugin: InstalledPlugin, *, environ: Mapping[str, str] | None = None, refused: Iterable[str] = ()
) -> Requested:
    """Return what *plugin*, which has an environment, asks for. Nothing is started. Raises StorageError.

    What it does not say itself is also guessed from the person's variables in *environ*, and from the servers that it
    was *refused* when it was asked what it registers.
    """
    if not plugin.is_ready:
        return Requested()
    description, found = read_manifest(home, plugin), _guess(plugin)
    said = description.permissions
    if said is not None:
        wanted = Grants(
            net=said.net,
            keys=said.keys,
            databases=said.databases,
            env=said.env,
            read=said.read,
            write=said.write,
            run=said.run,
            own_sockets=found.grants().own_sockets,  # which it has no word for
            memory_bytes=said.memory_bytes,
        )
        return _fit(home, wanted, description, found)._replace(terminal=said.terminal, reason=said.reason)
    keys = dict.fromkeys([*_keys_of_models(description), *found.keys])
    add_vendors(found, plugin.site_packages)
    guessed = found.grants()
    addresses = address_variables(plugin.site_packages, found.modules) if environ else ()
    named = of_variables([*guessed.env, *addresses], environ or {})
    servers = [*(server for some in named.values() for server in some), *of_refusals(refused)]
    guessed = guessed._replace(keys=tuple(keys)).add(Grants(net=tuple(servers), env=tuple(named)))
    return _fit(home, guessed, description, found)._replace(terminal=found.terminal, is_guess=True)


def variables_of(home: Home, plugin: InstalledPlugin, keys: Iterable[str]) -> tuple[str, ...]:
    """Return the variables in which *plugin* looks for *keys* where they are not stored. Raises StorageError."""
    wanted = tuple(keys)
    if not wanted or not plugin.is_ready:
        return ()
    return _variables(wanted, read_manifest(home, plugin), _guess(plugin))


def _guess(plugin: InstalledPlugin) -> Guess:
    return guess(own_files(plugin))


def _fit(home: Home, wanted: Grants, description: Description, found: Guess) -> Requested:
    """Return what of *wanted* can be granted, each piece by itself."""
    grants = NOTHING
    missing: list[str] = []
    for piece in _pieces(wanted):
        try:
            grants = grants.add(checked(home, piece))
        except UsageError:
            missing += piece.run
    variables = _variables(wanted.keys, description, found)
    own = {*variables}
    memory_bytes = wanted.memory_bytes if (wanted.memory_bytes or 0) > Limits().memory_bytes else None
    grants = grants._replace(
        keys=wanted.keys,
        key_variables=variables,
        env=tuple(name for name in grants.env if name not in own),
        databases=tuple(name for name in wanted.databases if name in NAMES),
        own_sockets=wanted.own_sockets,
        memory_bytes=memory_bytes,
    )
    return Requested(grants, missing=tuple(missing))


def _pieces(wanted: Grants) -> Iterator[Grants]:
    """Yield every host, variable, path and program of *wanted* by itself."""
    for kind in ("net", "env", "read", "write", "run"):
        for item in getattr(wanted, kind):
            piece: dict[str, Any] = {kind: (item,)}
            yield Grants(**piece)


def _models(description: Description) -> list[ModelInfo | EmbeddingModelInfo]:
    return [*description.models, *description.embedding_models]


def _keys_of_models(description: Description) -> list[str]:
    return [model.needs_key for model in _models(description) if model.needs_key]


def _variables(keys: tuple[str, ...], description: Description, found: Guess) -> tuple[str, ...]:
    models = _models(description)
    said = [model.key_env_var for model in models if model.needs_key in keys and model.key_env_var]
    seen = [variable for key in keys for variable in found.variables.get(key, ())]
    return tuple(name for name in dict.fromkeys([*said, *seen]) if is_grantable_variable(name))
