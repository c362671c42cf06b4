"""Changing what a plugin is allowed: from what a person typed to the grants file, under a lock, whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from innkeeper.errors import UsageError
from innkeeper.paths import Home
from innkeeper.storage.lock import exclusive
from innkeeper.storage.whole_file import write_whole

from .grants import DEFAULT_SOURCE, NOTHING, SHIPPED, Grants, read, read_any
from .policy import HostPort

LOCK_S = 30.0
"""A change takes a millisecond."""

_FORBIDDEN_VARIABLES = ("LD_", "PYTHON", "INNKEEPER_", "GCONV_PATH", "LLM_USER_PATH")
"""Variables that change what runs before the lock-down, or that the host sets itself."""


def allow(home: Home, name: str, source: str, more: Grants) -> Grants:
    """Add *more* to what the plugin *name* from *source* is allowed, and return all that was recorded.

    Raises UsageError for what cannot be had together, StorageError.
    """
    with _changing(home, name):
        path = home.grants_file(name)
        granted = _together(name, source, read(path, name, source), more)
        _write(path, name, source, granted)
    return granted


def deny(home: Home, name: str, source: str, gone: Grants | None) -> bool:
    """Take back *gone*, None for all, and what is allowed for the next run; say whether any of it was allowed.

    A key goes together with the variables that may hold it. Raises StorageError.
    """
    with _changing(home, name):
        path = home.grants_file(name)
        before = read(path, name, source)
        after = NOTHING if gone is None else before.remove(gone)
        if not after.keys:
            after = after._replace(key_variables=())
        was_changed = after != before
        if was_changed:
            _write(path, name, source, after)
        with suppress(FileNotFoundError):
            os.unlink(home.once_file(name))
            was_changed = True
    return was_changed


def other_source(home: Home, name: str, source: str) -> str | None:
    """Return the source for which the plugin *name* was allowed something, if it is another. Raises StorageError."""
    found, grants = read_any(home.grants_file(name), name)
    return found if found != source and any(grants) else None


def allow_once(home: Home, name: str, source: str, more: Grants) -> None:
    """Allow the plugin *more* in its next run, and in no other. Raises as `allow`."""
    with _changing(home, name):
        more = allowed_once(home, name, source).add(more)
        _together(name, source, read(home.grants_file(name), name, source), more)
        _write(home.once_file(name), name, source, more)


def allowed_once(home: Home, name: str, source: str) -> Grants:
    """Return what the plugin is allowed for its next run alone. Raises StorageError."""
    return read(home.once_file(name), name, source)


def record_answer(home: Home, name: str, source: str, asked: Grants) -> None:
    """Keep that the person was asked whether the plugin may have *asked*, whatever they said. Raises StorageError.

    In a file of its own: what registers hangs on the grants file, and not on this.
    """
    with _changing(home, name):
        _write(home.answered_file(name), name, source, answered(home, name, source).add(asked))


def answered(home: Home, name: str, source: str) -> Grants:
    """Return what the person was asked before, so that the same question is not put twice. Raises StorageError."""
    return read(home.answered_file(name), name, source)


def _together(name: str, source: str, granted: Grants, more: Grants) -> Grants:
    """Return both. Raises UsageError where no process can have them at once (`Policy.check`)."""
    both = granted.add(more)
    shipped = SHIPPED.get(name, NOTHING) if source == DEFAULT_SOURCE else NOTHING
    if (both.unix_server or shipped.unix_server) and (both.net or both.own_sockets):
        raise UsageError(
            f"{name} cannot both listen on a socket of its own and reach the network.",
            why="What it listens on would be a way past what it may reach.",
        )
    return both


@contextmanager
def _changing(home: Home, name: str) -> Iterator[None]:
    with exclusive(os.path.join(home.locks_dir, f"grants-{name}.lock"), f"what '{name}' is allowed", wait_s=LOCK_S):
        yield


def _write(path: str, name: str, source: str, grants: Grants) -> None:
    content = json.dumps({"source": source, "grants": grants.as_fields()}, indent=2)
    write_whole(path, content + "\n", what=f"What plugin '{name}' is allowed")


def checked(home: Home, grants: Grants) -> Grants:
    """Return *grants* as typed by the person in the form that is kept: hosts canonical, paths absolute.

    Raises UsageError for what cannot be granted: no host, a path that would open the host's own files, a variable
    that is not the plugin's to set.
    """
    try:
        net = tuple(str(HostPort.parse(text)) for text in grants.net)
    except ValueError as error:
        raise UsageError(f"That is no host to grant: {error}.") from error
    for name in (*grants.env, *grants.key_variables):
        if not is_grantable_variable(name):
            raise UsageError(
                f"The variable {name!r} cannot be granted.", why="It would change how the plugin is confined."
            )
    return grants._replace(
        net=net,
        read=tuple(_path(home, path) for path in grants.read),
        write=tuple(_path(home, path) for path in grants.write),
        run=tuple(_program(home, program) for program in grants.run),
    )


def not_there(grants: Grants) -> list[str]:
    """Return the paths of *grants* at which there is nothing."""
    return [path for path in (*grants.read, *grants.write) if not os.path.lexists(path)]


def is_grantable_variable(name: str) -> bool:
    """Say whether the variable *name* may be granted."""
    return bool(name) and not set("=\0") & set(name) and not name.startswith(_FORBIDDEN_VARIABLES)


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
    """Return the absolute path of *program*. The folder's links are followed, its own is not: many a program looks at
    the name it is called by.
    """
    import shutil

    found = shutil.which(os.path.expanduser(program))
    if found is None:
        raise UsageError(f"There is no program {program!r} to grant.", hint="Give its whole path.")
    _path(home, found)
    return os.path.join(os.path.realpath(os.path.dirname(found)), os.path.basename(found))


def held_of(granted: Grants, typed: Grants) -> Grants:
    """Return what of *granted* the person means with *typed*, which they want to take back.

    A host without a port is all its ports, a folder all below it, a program's name whatever program is called that.
    What is no longer there can still be taken back.
    """
    hosts = [HostPort.parse(text) for text in typed.net]
    both = Grants(*[_common(mine, theirs) for mine, theirs in zip(granted, typed, strict=True)])
    return both._replace(
        net=tuple(text for text in granted.net if any(_is_of(HostPort.parse(text), host) for host in hosts)),
        read=_below(granted.read, typed.read),
        write=_below(granted.write, typed.write),
        run=tuple(
            path for path in granted.run if {path, os.path.basename(path)} & {os.path.expanduser(p) for p in typed.run}
        ),
    )


def _common(held: Any, typed: Any) -> Any:
    if isinstance(held, tuple):
        return tuple(item for item in held if item in typed)
    if isinstance(held, bool):
        return held and typed
    return held if typed else None


def _is_of(held: HostPort, host: HostPort) -> bool:
    return held.host == host.host and host.port in (None, held.port)


def _below(held: tuple[str, ...], typed: tuple[str, ...]) -> tuple[str, ...]:
    folders = {form(os.path.expanduser(path)) for path in typed for form in (os.path.abspath, os.path.realpath)}
    return tuple(path for path in held if any(f"{path}/".startswith(f"{folder.rstrip('/')}/") for folder in folders))
