"""What the person allowed a plugin: kept in its grants file, turned into a policy when it starts.

A file that cannot be read or understood permits nothing and is an error: to go on with half of what the person
decided would be a decision of ours. The file lies outside everything a plugin can see.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from innkeeper.errors import StorageError, UsageError
from innkeeper.paths import Home

from .policy import HostPort, Limits, Policy

_CERTIFICATE_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Where the person's certificates are. What uses the network inside needs them; the proxy's address only the broker."""

_FORBIDDEN_VARIABLES = ("LD_", "PYTHON", "INNKEEPER_", "GCONV_PATH", "LLM_USER_PATH")
"""Variables that change what runs before the lock-down, or that the host sets itself."""


class Grants(NamedTuple):
    """What ``llm plugins allow`` recorded for one plugin, in the order given. Paths are absolute; hosts as `HostPort`
    prints them.
    """

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
        """Return these and what *other* holds."""
        return Grants(*[_joined(mine, theirs) for mine, theirs in zip(self, other, strict=True)])

    def remove(self, other: Grants) -> Grants:
        """Return these without what *other* holds: the listed items, and the flags and limits that are set there."""
        return Grants(*[_without(mine, theirs) for mine, theirs in zip(self, other, strict=True)])


SHIPPED = {"innkeeper-local": Grants(unix_server=True)}
"""What the default plugins that come with the host need, by name."""


def _joined(old: Any, new: Any) -> Any:
    if isinstance(old, tuple) and isinstance(new, tuple):
        return tuple(dict.fromkeys([*old, *new]))
    return new or old


def _without(old: Any, gone: Any) -> Any:
    if isinstance(old, tuple) and isinstance(gone, tuple):
        return tuple(item for item in old if item not in gone)
    return (False if isinstance(old, bool) else None) if gone else old


def load(home: Home, name: str) -> Grants:
    """Return the grants of the plugin *name*, none when none were recorded. Raises StorageError for a file that is
    not one.
    """
    path = home.grants_file(name)
    try:
        with open(path, encoding="utf-8") as file:
            return _from_json(json.load(file))
    except FileNotFoundError:
        return Grants()
    except (OSError, ValueError, TypeError) as error:
        raise StorageError(
            f"The grants of plugin '{name}' cannot be read, so it is not started.",
            why=f"{path}: {error}",
            hint=f"Mend the file, or remove it and allow again what the plugin needs: llm plugins allow {name} --help",
        ) from error


def save(home: Home, name: str, grants: Grants) -> None:
    """Record *grants* as all that the plugin *name* has, at once or not at all. Raises StorageError."""
    path = home.grants_file(name)
    beside = f"{path}.{os.getpid()}"
    shown = {key: value for key, value in grants._asdict().items() if value not in ((), False, None)}
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(beside, "w", encoding="utf-8") as file:
            json.dump(shown, file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as error:
        raise StorageError(f"The grants of plugin '{name}' could not be recorded.", why=str(error)) from error


def checked(home: Home, grants: Grants) -> Grants:
    """Return *grants* as typed by the person in the form that is kept: hosts canonical, paths absolute.

    Raises UsageError for what cannot be granted: no host, a path that would open the host's own files, a variable
    that is not the plugin's to set.
    """
    try:
        net = tuple(str(HostPort.parse(text)) for text in grants.net)
    except ValueError as error:
        raise UsageError(f"That is no host to grant: {error}.") from error
    for name in grants.env:
        if not name or "=" in name or "\0" in name or name.startswith(_FORBIDDEN_VARIABLES):
            raise UsageError(
                f"The variable {name!r} cannot be granted.", why="It would change how the plugin is confined."
            )
    return grants._replace(
        net=net,
        read=tuple(_path(home, path) for path in grants.read),
        write=tuple(_path(home, path) for path in grants.write),
        run=tuple(_program(home, program) for program in grants.run),
    )


def _path(home: Home, path: str) -> str:
    """Return *path* absolute, its links followed, so that a link cannot later lead the grant elsewhere."""
    real = os.path.realpath(os.path.expanduser(path))
    root = os.path.realpath(home.root)
    if os.path.commonpath([real, root]) in (real, root):
        raise UsageError(
            f"{path} cannot be granted: it holds Innkeeper's own files.",
            why="The keys and the other plugins' data are among them.",
            hint=f"Name a folder that does not hold {root}",
        )
    return real


def _program(home: Home, program: str) -> str:
    import shutil

    found = shutil.which(os.path.expanduser(program))
    if found is None:
        raise UsageError(f"There is no program {program!r} to grant.", hint="Give its whole path.")
    return os.path.join(
        os.path.dirname(_path(home, found)) if os.sep in program else os.path.dirname(found), os.path.basename(found)
    )


def policy_for(
    home: Home,
    name: str,
    grants: Grants,
    *,
    read: Iterable[str] = (),
    environ: Mapping[str, str] = os.environ,
    shipped: bool = False,
) -> Policy:
    """Return the policy of the plugin *name* under *grants*.

    *read* are more folders its environment consists of, such as the source of an editable one. *shipped* says that it
    is the default plugin that came with the host, which has what `SHIPPED` lists. Values of granted variables come
    from *environ*.
    """
    if shipped and name in SHIPPED:
        grants = SHIPPED[name].add(grants)
    net = tuple(HostPort.parse(text) for text in grants.net)
    names = [*grants.env, *(_CERTIFICATE_VARIABLES if net else ())]
    environment = tuple((name, environ[name]) for name in dict.fromkeys(names) if name in environ)
    certificates = [
        value for variable, value in environment if variable in _CERTIFICATE_VARIABLES and os.path.isabs(value)
    ]
    limits = Limits()
    return Policy(
        plugin=name,
        read=tuple(dict.fromkeys([*read, *grants.read, *certificates])),
        write=grants.write,
        run=grants.run,
        net=net,
        keys=grants.keys,
        key_variables=grants.key_variables,
        databases=grants.databases,
        environment=environment,
        own_sockets=grants.own_sockets,
        unix_server=grants.unix_server,
        trusted=grants.trust,
        limits=limits._replace(
            memory_bytes=grants.memory_bytes or limits.memory_bytes,
            file_bytes=grants.file_bytes or limits.file_bytes,
        ),
    )


def _from_json(value: object) -> Grants:
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
        if not os.path.isabs(path):
            raise ValueError(f"{path!r} is not an absolute path")
    return grants


def _is_like(default: object, content: object) -> bool:
    """Say whether *content* of a file may stand where the empty grant has *default*."""
    if isinstance(default, tuple):
        return isinstance(content, list) and all(isinstance(item, str) for item in content)
    if isinstance(default, bool):
        return isinstance(content, bool)
    return type(content) is int and content > 0
