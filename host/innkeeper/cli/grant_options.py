"""The options that name what a plugin may touch; the same for ``plugins allow``, ``plugins deny`` and ``install``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from innkeeper.installation.inventory import InstalledPlugin

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


_OPTIONS = [
    click.option("--net", multiple=True, metavar="HOST[:PORT]", help="Reach this host"),
    click.option("--key", "keys", multiple=True, metavar="NAME", help="Use this stored key"),
    click.option(
        "--database",
        "databases",
        type=click.Choice(["embeddings", "logs"]),
        multiple=True,
        help="Use this database of yours, by way of the host",
    ),
    click.option("--env", multiple=True, metavar="NAME", help="See this environment variable"),
    click.option("--read", multiple=True, metavar="PATH", help="Read this file, or folder"),
    click.option("--write", multiple=True, metavar="PATH", help="Read and write this file, or folder"),
    click.option("--run", "programs", multiple=True, metavar="PROGRAM", help="Run this program"),
    click.option("--own-sockets", is_flag=True, help="Make connections by itself, through the host's proxy"),
    click.option("--memory", type=Size(), help="Take this much memory, such as 8G"),
    click.option("--file-size", type=Size(), help="Write files of this size, such as 1G"),
]


def grant_options(command: F) -> F:
    """Add the options."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def grants_of(
    plugin: InstalledPlugin,
    *,
    net: tuple[str, ...] = (),
    keys: tuple[str, ...] = (),
    databases: tuple[str, ...] = (),
    env: tuple[str, ...] = (),
    read: tuple[str, ...] = (),
    write: tuple[str, ...] = (),
    programs: tuple[str, ...] = (),
    own_sockets: bool = False,
    memory: int | None = None,
    file_size: int | None = None,
) -> Grants:
    """Return the grants that the options name. With a key comes the variable that its models may find it in."""
    from innkeeper.confinement.grants import Grants

    models = [*plugin.models, *plugin.embedding_models]
    variables = [model.get("key_variable") for model in models if model.get("needs_key") in keys]
    return Grants(
        net=net,
        keys=keys,
        key_variables=tuple(dict.fromkeys(variable for variable in variables if variable)),
        databases=databases,
        env=env,
        read=read,
        write=write,
        run=programs,
        own_sockets=own_sockets,
        memory_bytes=memory,
        file_bytes=file_size,
    )
