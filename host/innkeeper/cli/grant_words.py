"""What grants mean in words, and the command that gives them: one wording for questions, lists and hints."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from innkeeper.untrusted import one_line

if TYPE_CHECKING:
    from innkeeper.confinement.grants import Grants

LETTERS = 300
"""Of one thing that a plugin names."""

_OPTIONS = {
    "net": "--net",
    "keys": "--key",
    "databases": "--database",
    "env": "--env",
    "read": "--read",
    "write": "--write",
    "run": "--run",
}


def in_words(grants: Grants) -> list[str]:
    """Return what *grants* allow, each as the end of a sentence: ``reach api.example.com``."""
    lines = [f"reach {host}{_whose(host)}" for host in grants.net]
    lines += [f"use the key '{key}'" for key in grants.keys]
    lines += [f"use a key from the variable {variable}" for variable in grants.key_variables]
    lines += [f"have your database of {database} read and written for it" for database in grants.databases]
    lines += [f"see the variable {variable}" for variable in grants.env]
    lines += [f"read {path}" for path in grants.read]
    lines += [f"read and write {path}" for path in grants.write]
    lines += [f"run {program}" for program in grants.run]
    flags = {
        "make network connections by itself, through the host's proxy": grants.own_sockets,
        "listen on a socket in its own temporary folder": grants.unix_server,
        "do all that you may do: it runs unconfined": grants.trust,
        "run unconfined where this machine cannot confine it": grants.no_sandbox,
    }
    lines += [text for text, is_set in flags.items() if is_set]
    if grants.memory_bytes:
        lines.append(f"take {grants.memory_bytes / 1024**3:.1f} GiB of memory")
    if grants.file_bytes:
        lines.append(f"write files of {grants.file_bytes / 1024**2:.0f} MiB")
    return [one_line(line, LETTERS) for line in lines]


def _whose(host: str) -> str:
    """Return what a host stands for where that is not the internet."""
    from innkeeper.confinement.addresses import is_loopback
    from innkeeper.confinement.policy import HostPort

    parsed = HostPort.parse(host)
    if is_loopback(parsed.host):
        return " (a server on this machine)"
    return " (in your own network)" if parsed.private else ""


def allow_command(plugin: str, grants: Grants) -> str:
    """Return the command that allows *plugin* all of *grants*. The variables of a key come with the key."""
    return " ".join(["llm plugins allow", plugin, *_as_options(grants, "--")])


def install_options(grants: Grants) -> str:
    """Return the options of ``llm install`` that allow *grants*."""
    return " ".join(_as_options(grants, "--allow-"))


def _as_options(grants: Grants, prefix: str) -> list[str]:
    words = []
    for field, option in _OPTIONS.items():
        for value in getattr(grants, field):
            words += [option.replace("--", prefix), shlex.quote(one_line(value, LETTERS))]
    if grants.own_sockets:
        words.append(f"{prefix}own-sockets")
    for option, size_bytes in (("memory", grants.memory_bytes), ("file-size", grants.file_bytes)):
        if size_bytes:
            words += [f"{prefix}{option}", _as_size(size_bytes)]
    return words


def _as_size(size_bytes: int) -> str:
    for unit, letter in ((1024**3, "G"), (1024**2, "M"), (1024, "K")):
        if size_bytes % unit == 0:
            return f"{size_bytes // unit}{letter}"
    return str(size_bytes)
