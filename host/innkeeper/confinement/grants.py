"""What a plugin is allowed: one value, read from its grants file when it starts and turned into a policy.

Grants belong to a name and a *source* (`InstalledPlugin.source`): a plugin of the same name from elsewhere is another
plugin, and starts with none. A file that cannot be read or understood permits nothing and is an error: to go on with
half of what the person decided would be a decision of ours. The file lies outside everything a plugin can see. How
grants change is in `granting`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from innkeeper.errors import StorageError
from innkeeper.paths import Home
from innkeeper.storage.unwritable import what_to_do

from .policy import HostPort, Limits, Policy

DEFAULT_SOURCE = "default"
"""The source of the plugins that come with the host."""

_CERTIFICATE_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Where the person's certificates are. What uses the network inside needs them; the proxy's address only the broker."""


class Grants(NamedTuple):
    """What one plugin is allowed, in the order given. Paths are absolute; hosts as `HostPort` prints them."""

    net: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    key_variables: tuple[str, ...] = ()
    """Variables that may hold one of *keys*: the plugin may ask for them where the key is not stored."""
    databases: tuple[str, ...] = ()
    """Of the person's, by name: `logs`, `embeddings`."""
    env: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    own_sockets: bool = False
    unix_server: bool = False
    trust: bool = False
    no_sandbox: bool = False
    """The person's word that this plugin runs where nothing can confine it."""
    memory_bytes: int | None = None
    file_bytes: int | None = None

    def add(self, other: Grants) -> Grants:
        """Return these and what *other* holds. Of two limits, that of *other*."""
        return Grants(*[_joined(mine, theirs) for mine, theirs in zip(self, other, strict=True)])

    def remove(self, other: Grants) -> Grants:
        """Return these without what *other* holds: the listed items, and the flags and limits that are set there."""
        return Grants(*[_without(mine, theirs) for mine, theirs in zip(self, other, strict=True)])

    def as_fields(self) -> dict[str, Any]:
        """Return what is set, by the names that the grants file has."""
        return {name: value for name, value in self._asdict().items() if value not in ((), False, None)}

    def beyond(self, other: Grants) -> Grants:
        """Return what of these *other* does not hold. A limit that is no higher counts as held."""
        left = self.remove(other)
        return left._replace(
            memory_bytes=_higher(self.memory_bytes, other.memory_bytes),
            file_bytes=_higher(self.file_bytes, other.file_bytes),
        )


NOTHING = Grants()

SHIPPED = {
    "innkeeper-local": Grants(unix_server=True),
    "innkeeper-openai": Grants(
        net=("api.openai.com:443",), keys=("openai",), key_variables=("OPENAI_API_KEY",)
    ),  # and what the person's settings add: installation.openai_settings
}
"""What the default plugins that come with the host need, by name."""


def load(home: Home, name: str, source: str) -> Grants:
    """Return what the plugin *name* from *source* is allowed. Raises StorageError."""
    recorded = read(home.grants_file(name), name, source)
    if source == DEFAULT_SOURCE and name in SHIPPED:
        return SHIPPED[name].add(recorded)
    return recorded


def take_once(home: Home, name: str, source: str) -> Grants:
    """Return what the plugin is allowed for this one run, and see that no other run gets it. Raises StorageError."""
    path = home.once_file(name)
    mine = f"{path}.{os.getpid()}"
    try:
        os.rename(path, mine)  # one of two that start at once
    except OSError as error:
        if not os.path.lexists(path):  # which a file system that cannot be written does not say
            return NOTHING
        raise StorageError(
            f"What plugin '{name}' is allowed once cannot be taken, so it is not started.",
            why=str(error),
            hint=what_to_do(error),
        ) from error
    try:
        return read(mine, name, source)
    finally:
        os.unlink(mine)


def read(path: str, name: str, source: str) -> Grants:
    """Return the grants in the file at *path*, which are those of the plugin *name*; none where there is no file, or it
    is about a plugin from another *source*. Raises StorageError for a file that is not one.
    """
    found_source, grants = read_any(path, name)
    return grants if found_source == source else NOTHING


def read_any(path: str, name: str) -> tuple[str, Grants]:
    """Return the source, and the grants, in the file at *path*. Raises as `read`."""
    try:
        with open(path, encoding="utf-8") as file:
            return _from_json(json.load(file))
    except FileNotFoundError:
        return "", NOTHING
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise StorageError(
            f"The grants of plugin '{name}' cannot be read, so it is not started.",
            why=f"{path}: {error}",
            hint=f"Mend the file, or remove it and allow again what the plugin needs: llm plugins allow {name} --help",
        ) from error


def _from_json(value: object) -> tuple[str, Grants]:
    if not isinstance(value, dict) or not isinstance(value.get("source"), str):
        raise TypeError("it names no source")
    if value.keys() != {"source", "grants"}:
        raise TypeError("it holds something else than a source and grants")
    return value["source"], grants_from_fields(value["grants"])


def grants_from_fields(value: object) -> Grants:
    """Return the grants that `Grants.as_fields` wrote. Raises ValueError or TypeError."""
    if not isinstance(value, dict):
        raise TypeError("it does not hold an object")
    for key, content in value.items():
        if key not in Grants._field_defaults or not _is_like(Grants._field_defaults[key], content):
            raise TypeError(f"{key!r} is not what a grant can be")
    values: dict[str, Any] = {
        key: tuple(content) if isinstance(content, list) else content for key, content in value.items()
    }
    grants = Grants(**values)
    for text in grants.net:
        HostPort.parse(text)
    for path in (*grants.read, *grants.write, *grants.run):
        if not os.path.isabs(path) or "\0" in path:
            raise ValueError(f"{path!r} is not an absolute path")
    return grants


def _is_like(default: object, content: object) -> bool:
    """Say whether *content* of a file may stand where the empty grant has *default*."""
    if isinstance(default, tuple):
        return isinstance(content, list) and all(isinstance(item, str) for item in content)
    if isinstance(default, bool):
        return isinstance(content, bool)
    return type(content) is int and content > 0


def _joined(old: Any, new: Any) -> Any:
    if isinstance(old, tuple) and isinstance(new, tuple):
        return tuple(dict.fromkeys([*old, *new]))
    return new or old


def _without(old: Any, gone: Any) -> Any:
    if isinstance(old, tuple) and isinstance(gone, tuple):
        return tuple(item for item in old if item not in gone)
    return (False if isinstance(old, bool) else None) if gone else old


def _higher(mine: int | None, other: int | None) -> int | None:
    return mine if mine is not None and (other is None or mine > other) else None


def policy_for(
    name: str,
    grants: Grants,
    *,
    read: Iterable[str] = (),
    shown: Iterable[str] = (),
    environ: Mapping[str, str] = os.environ,
) -> Policy:
    """Return the policy of the plugin *name* under *grants*.

    *read* are more folders that it consists of, such as the source of an editable one; *shown* are paths that the
    person named for this run (`remote.named_paths`). Values of granted variables come from *environ*.
    """
    net = tuple(HostPort.parse(text) for text in grants.net)
    certificates = _certificates(environ) if net or grants.own_sockets else {}
    environment = {name: environ[name] for name in grants.env if name in environ} | certificates
    named = dict.fromkeys([*grants.read, *shown])
    limits = Limits()
    return Policy(
        plugin=name,
        read=tuple(dict.fromkeys([*read, *named, *_both_ends(certificates.values())])),
        write=grants.write,
        pinned=tuple(dict.fromkeys([*named, *grants.write])),
        run=grants.run,
        net=net,
        keys=grants.keys,
        key_variables=grants.key_variables,
        databases=grants.databases,
        environment=tuple(environment.items()),
        own_sockets=grants.own_sockets,
        unix_server=grants.unix_server,
        trusted=grants.trust,
        limits=limits._replace(
            memory_bytes=grants.memory_bytes or limits.memory_bytes,
            file_bytes=grants.file_bytes or limits.file_bytes,
        ),
    )


def _certificates(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that name the person's certificates, with absolute paths: inside, another folder is ours."""
    found = {name: environ[name] for name in _CERTIFICATE_VARIABLES if environ.get(name)}
    return {name: os.pathsep.join(map(os.path.abspath, value.split(os.pathsep))) for name, value in found.items()}


def _both_ends(values: Iterable[str]) -> list[str]:
    """Return each path in *values*, and where it leads: certificates are often links."""
    paths = [path for value in values for path in value.split(os.pathsep)]
    return [end for path in paths for end in dict.fromkeys([path, os.path.realpath(path)])]
