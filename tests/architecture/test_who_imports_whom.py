"""The arrows of the house: plugins -> SDK -> protocol <- host, and the order of rooms inside each package."""

from __future__ import annotations

import sys

import pytest

from .imports import REPOSITORY, Import, imports_of

STANDARD = frozenset(sys.stdlib_module_names)


def outside(found: Import, *allowed: str) -> bool:
    top = found.module.split(".")[0]
    return top not in STANDARD and not any(
        found.module == name or found.module.startswith(name + ".") for name in allowed
    )


def test_protocol_needs_only_msgspec() -> None:
    imports = imports_of("protocol", "innkeeper_protocol")
    assert [str(i) for i in imports if outside(i, "msgspec", "innkeeper_protocol")] == []


def test_sdk_needs_only_the_protocol_and_what_every_environment_has() -> None:
    """pydantic, httpx and the like come in only where a plugin brought them: inside functions, never at import."""
    always = ("msgspec", "pluggy", "click", "innkeeper_protocol", "innkeeper_sdk", "llm")
    where_the_plugin_has_it = (
        *("pydantic", "numpy", "puremagic", "httpx", "sqlite_utils", "typing_extensions", "ulid", "yaml"),
    )
    broken = [
        str(i)
        for package in ("innkeeper_sdk", "llm")
        for i in imports_of("plugin_sdk", package)
        if outside(i, *always, *where_the_plugin_has_it)
    ]
    assert broken == []


def test_host_takes_only_value_types_from_the_sdk() -> None:
    broken = [
        str(i)
        for i in imports_of("host", "innkeeper")
        if i.module.split(".")[0] in ("innkeeper_sdk", "llm") and not i.module.startswith("innkeeper_sdk.api")
    ]
    assert broken == []


def test_nothing_imports_a_plugin() -> None:
    plugins = {path.name for path in (REPOSITORY / "plugins").glob("*/innkeeper_*")}
    packages = {
        "innkeeper_protocol": "protocol",
        "innkeeper_sdk": "plugin_sdk",
        "llm": "plugin_sdk",
        "innkeeper": "host",
    }
    assert plugins
    imports = [found for package, folder in packages.items() for found in imports_of(folder, package)]
    assert [str(found) for found in imports if found.module.split(".")[0] in plugins] == []


PROTOCOL_ORDER = [
    {"peer"},
    {"link"},
    {"connection"},
    {"streams"},
    {"codec"},
    {"framing", "messages", "values", "negotiation"},
    {"methods", "payloads"},
    {"errors", "version"},
]

HOST_ORDER = [
    {"cli"},
    {"api", "conversation"},
    {"remote"},
    {"process"},
    {"installation"},
    {"confinement"},
    {"storage"},
    {"paths", "errors"},
]


def rank(room: str, order: list[set[str]]) -> int | None:
    return next((number for number, rooms in enumerate(order) if room in rooms), None)


@pytest.mark.parametrize(
    ("folder", "package", "order"),
    [("protocol", "innkeeper_protocol", PROTOCOL_ORDER), ("host", "innkeeper", HOST_ORDER)],
    ids=["protocol", "host"],
)
def test_rooms_import_one_way(folder: str, package: str, order: list[set[str]]) -> None:
    broken = []
    for found in imports_of(folder, package):
        importer, module = found.importer.split("."), found.module.split(".")
        if module[0] != package or len(importer) < 2 or len(module) < 2 or importer[1] == module[1]:
            continue
        above, below = rank(importer[1], order), rank(module[1], order)
        if below is not None and (above is None or above > below):
            broken.append(str(found))
    assert broken == []


def test_core_of_the_protocol_is_free_of_threads_sockets_and_clocks() -> None:
    forbidden = ("threading", "socket", "select", "selectors", "time", "asyncio", "os", "subprocess", "queue")
    edge = ("innkeeper_protocol.peer", "innkeeper_protocol.link")
    broken = [
        str(i)
        for i in imports_of("protocol", "innkeeper_protocol")
        if not i.importer.startswith(edge) and i.module.split(".")[0] in forbidden
    ]
    assert broken == []
