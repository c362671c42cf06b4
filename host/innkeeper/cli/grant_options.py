"""The options that name what a plugin may touch: ``plugins allow --net HOST``, and ``install --allow-net HOST``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from innkeeper.confinement.grants import Grants

F = TypeVar("F", bound=Callable[..., Any])

_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}


class Size(click.ParamType):  # type: ignore[type-arg]  # generic only in some versions of click
    """A number of bytes: ``512M``, ``4G``."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = re.fullmatch(r"(\d+)\s*([KMGT]?)(?:I?B)?", str(value).strip().upper())
        if not found or not int(found[1]):
            self.fail(f"{value!r} is no size. Write 512M or 4G.", param, ctx)
        return int(found[1]) * _UNITS[found[2]]


def grant_options(prefix: str = "--", parameter_prefix: str = "") -> Callable[[F], F]:
    """Return what adds the options, each beginning with *prefix*. `grants_of` takes their values, less
    *parameter_prefix*.
    """

    def option(name: str, parameter: str, **settings: Any) -> Callable[[F], F]:
        return click.option(f"{prefix}{name}", f"{parameter_prefix}{parameter}", **settings)

    options = [
        option("net", "net", multiple=True, metavar="HOST[:PORT]", help="Reach this host"),
        option("key", "keys", multiple=True, metavar="NAME", help="Use this stored key"),
        option(
            "database",
            "databases",
            type=click.Choice(["embeddings", "logs"]),
            multiple=True,
            help="Have this database of yours read and written for it",
        ),
        option("env", "env", multiple=True, metavar="NAME", help="See this environment variable"),
        option("read", "read", multiple=True, metavar="PATH", help="Read this file, or folder"),
        option("write", "write", multiple=True, metavar="PATH", help="Read and write this file, or folder"),
        option("run", "run", multiple=True, metavar="PROGRAM", help="Run this program"),
        option("own-sockets", "own_sockets", is_flag=True, help="Make connections by itself, through the host's proxy"),
        option("unix-server", "unix_server", is_flag=True, help="Listen on a socket in its own temporary folder"),
        option("memory", "memory_bytes", type=Size(), metavar="SIZE", help="Take this much memory, such as 8G"),
        option("file-size", "file_bytes", type=Size(), metavar="SIZE", help="Write files of this size, such as 1G"),
    ]

    def add(command: F) -> F:
        for one in reversed(options):
            command = one(command)
        return command

    return add


def grants_of(**values: Any) -> Grants:
    """Return the grants that the options name, as typed: `granting.checked` makes them exact."""
    from innkeeper.confinement.grants import Grants

    return Grants(**values)
