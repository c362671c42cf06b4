"""Which hosts the vendors' clients ask unless told otherwise: the defaults of the packages that a plugin imports.

A plugin that uses ``anthropic`` names no host; the address is in that package, as ``base_url``. Only the files at the
top of a package, where a client and its settings are, and only what is assigned to a name like that, are looked at.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress

_INNER_FOLDERS = frozenset(["client", "core", "_core", "http_client"])
"""In which a package may have its client, besides the top."""

MOST_FILES = 80
"""Of one folder that are looked at, in the order of their names."""

_NAMES = re.compile(
    r"""
    (?: \w*base_?urls? | \w*api_?base | \w*api_?url | \w*endpoint | server_\w+ | \w*server_url\w* | \w+_host
    | base_domain | default | production )$
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""What a default address is assigned to."""

_VARIABLE = re.compile(r"""["']([A-Z][A-Z0-9_]*_(?:BASE_URL|API_BASE|API_URL|ENDPOINT|HOST))["']""")

MOST_FILE_BYTES = 1024 * 1024
MOST_HOSTS = 3
"""Of one package. More are its regions, or its documentation."""

_OWN_OPENAI = ("llm.default_plugins.openai_models", "innkeeper_sdk.openai")


def default_hosts(site_packages: str, modules: Iterable[str], *, with_openai: bool) -> Iterator[str]:
    """Yield host and port of each default of the packages among *modules*. *with_openai*: of the SDK's client, too."""
    for module in modules:
        if module.startswith(_OWN_OPENAI):
            if with_openai:
                yield from _hosts_of(os.path.join(site_packages, "innkeeper_sdk", "openai"))
        elif module not in ("llm", "innkeeper_sdk", "click", "httpx", "requests"):
            yield from _hosts_of(os.path.join(site_packages, *module.split(".")))


def address_variables(site_packages: str, modules: Iterable[str]) -> Iterator[str]:
    """Yield the names of variables from which the packages among *modules* take the address of their server."""
    for module in modules:
        if module.partition(".")[0] not in ("llm", "innkeeper_sdk", "click"):
            for path in _client_files(os.path.join(site_packages, *module.split("."))):
                with suppress(OSError):
                    if os.path.getsize(path) <= MOST_FILE_BYTES:
                        with open(path, encoding="utf-8", errors="replace") as file:
                            yield from (found[1] for found in _VARIABLE.finditer(file.read()))


def _hosts_of(folder: str) -> list[str]:
    from .guessed_permissions import host_in

    found: dict[str, None] = {}
    for path in _client_files(folder):
        for name, text in _named_texts(path):
            host = host_in(text) if _NAMES.match(name) else None
            if host is not None:
                found[host] = None
    return list(found)[:MOST_HOSTS]


def _client_files(folder: str) -> Iterator[str]:
    """Yield the files at the top of the package in *folder*, and in those folders below it that are a client's.

    A folder that is no package itself holds parts of one that several distributions share.
    """
    with suppress(OSError):
        names = sorted(os.listdir(folder))
        files = [name for name in names if name.endswith(".py")]
        yield from (os.path.join(folder, name) for name in files[:MOST_FILES])
        is_shared = "__init__.py" not in names and os.path.basename(folder) != "google"
        for name in names:
            if name in _INNER_FOLDERS or (is_shared and os.path.isdir(os.path.join(folder, name))):
                yield from _client_files(os.path.join(folder, name))


def _named_texts(path: str) -> Iterator[tuple[str, str]]:
    """Yield every name in the file at *path* together with each text that is assigned to it, or its default."""
    with suppress(OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        if os.path.getsize(path) > MOST_FILE_BYTES:
            return
        with open(path, "rb") as file:
            content = file.read()
        if b"http" not in content:
            return
        for node in ast.walk(ast.parse(content)):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    yield from _pairs(target, node.value)
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                yield from _pairs(node.target, node.value)
            elif isinstance(node, ast.arguments):
                yield from _defaults(node)
            elif isinstance(node, ast.keyword) and node.arg:
                yield from ((node.arg, text) for text in _texts(node.value))
            elif isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Name):
                        yield from ((key.id, text) for text in _texts(value))


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, str]]:
    name = target.id if isinstance(target, ast.Name) else target.attr if isinstance(target, ast.Attribute) else ""
    if name:
        yield from ((name, text) for text in _texts(value))


def _defaults(arguments: ast.arguments) -> Iterator[tuple[str, str]]:
    """Yield the arguments of a function that have a text as their default, with that."""
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = [*zip(positional[::-1], arguments.defaults[::-1], strict=False)]
    for argument, value in [*defaults, *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]:
        if value is not None:
            yield from ((argument.arg, text) for text in _texts(value))


def _texts(value: ast.expr) -> Iterator[str]:
    """Yield the texts that *value* may be: itself, or an alternative in it, as in ``base_url or "https://..."``."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.JoinedStr) and value.values:
        yield from _texts(value.values[0])
    elif isinstance(value, (ast.BoolOp, ast.Dict)):
        for part in value.values:
            yield from _texts(part)
    elif isinstance(value, ast.IfExp):
        yield from _texts(value.body)
        yield from _texts(value.orelse)
    elif isinstance(value, ast.Call):
        for part in value.args:
            yield from _texts(part)
