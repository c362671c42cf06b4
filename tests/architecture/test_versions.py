"""The three packages are released together: one version, written where it is needed, and the same bounds."""

from __future__ import annotations

import re

import pytest
import tomllib
from innkeeper.version import VERSION
from innkeeper_protocol.version import PACKAGE_VERSION

from .imports import REPOSITORY

PACKAGES = ("protocol", "plugin_sdk", "host")


def project(folder: str) -> dict[str, object]:
    """Return what the ``pyproject.toml`` in *folder* says of its project."""
    table: dict[str, object] = tomllib.loads((REPOSITORY / folder / "pyproject.toml").read_text("utf-8"))["project"]
    return table


def bounds() -> list[tuple[str, str]]:
    """Return name and range of what the three packages need, each as often as it is written."""
    found = []
    for folder in PACKAGES:
        needed = project(folder)["dependencies"]
        assert isinstance(needed, list)
        found += [re.fullmatch(r"([A-Za-z0-9-]+)([^;]*)(?:;.*)?", text) for text in needed]
    return [(match[1], match[2].strip()) for match in found if match]


def test_version_that_is_said_is_the_one_that_is_released() -> None:
    assert {folder: project(folder)["version"] for folder in PACKAGES} == dict.fromkeys(PACKAGES, VERSION)
    assert PACKAGE_VERSION == VERSION


def test_packages_need_each_other_in_this_version() -> None:
    """What they say to each other inside one process is no protocol."""
    ours = [(name, range_) for name, range_ in bounds() if name.startswith("innkeeper")]

    assert sorted(ours) == [(name, f"=={VERSION}") for name in ["innkeeper-protocol"] * 2 + ["innkeeper-sdk"]]


@pytest.mark.parametrize("name", sorted({name for name, _ in bounds()}))
def test_what_several_need_they_need_from_the_same_release_on(name: str) -> None:
    assert len({range_ for one, range_ in bounds() if one == name}) == 1
