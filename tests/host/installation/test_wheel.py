"""What a wheel says of itself, read without running anything; a wheel may say anything."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path

import pytest
from innkeeper.errors import InstallError
from innkeeper.installation.undeclared_imports import undeclared
from innkeeper.installation.wheel import read_installed, read_wheel

from .wheels import write_wheel


def test_wheel_is_read(tmp_path: Path) -> None:
    requires = ["llm>=0.1", "No Requirement", "A_b[c] ; extra == 'x'"]
    wheel = write_wheel(tmp_path, "Some.Plugin", "2.0", requires=requires, requires_python=">=3.11")

    found = read_wheel(str(wheel))

    assert (found.name, found.version, found.requires_python) == ("some-plugin", "2.0", ">=3.11")
    assert found.requires == {"llm", "a-b"}
    assert found.entry_points == {"Some.Plugin": "Some.Plugin"}
    assert "Some.Plugin-2.0.dist-info/METADATA" in found.files


def test_installed_distribution_is_found_in_any_spelling(tmp_path: Path) -> None:
    with zipfile.ZipFile(write_wheel(tmp_path, "Some_Plugin")) as archive:
        archive.extractall(tmp_path / "site-packages")

    found = read_installed(str(tmp_path / "site-packages"), "some-plugin")

    assert found is not None
    assert found.entry_points == {"Some_Plugin": "Some_Plugin"}
    assert read_installed(str(tmp_path / "site-packages"), "other") is None


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ({}, "has 0 .dist-info folders"),
        ({"a-1.dist-info/METADATA": "Name: a\n", "b-1.dist-info/METADATA": ""}, "has 2 .dist-info folders"),
        ({"a-1.dist-info/METADATA": "Version: 1\n"}, "does not say which distribution"),
        ({"a-1.dist-info/METADATA": "Name: ../../a\nVersion: 1\n"}, "does not say which distribution"),
        ({"a-1.dist-info/METADATA": "Name: a\nVersion: \x1b[2J\n"}, "does not say which distribution"),
        ({"a-1.dist-info/METADATA": "Name: a\nVersion: 1\n" + "x" * 17_000_000}, "too large to be honest"),
    ],
    ids=["none", "two", "nameless", "path", "escape", "huge"],
)
def test_wheel_that_makes_no_sense_is_refused(tmp_path: Path, entries: dict[str, str], told: str) -> None:
    path = tmp_path / "a-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in entries.items():
            archive.writestr(name, text)

    with pytest.raises(InstallError, match=told) as caught:
        read_wheel(str(path))

    assert "\x1b" not in str(caught.value)


def test_broken_entry_points_and_records_are_none(tmp_path: Path) -> None:
    path = tmp_path / "a-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a-1.dist-info/METADATA", "Name: a\nVersion: 1\n")
        archive.writestr("a-1.dist-info/entry_points.txt", "no section\n[llm]\nx")
        archive.writestr("a-1.dist-info/RECORD", '"' + "x" * 200_000 + '"\n')

    limit = csv.field_size_limit(131_072)  # Python's own: what read long rows in an earlier test raised it
    try:
        found = read_wheel(str(path))
    finally:
        csv.field_size_limit(limit)

    assert (found.entry_points, found.files) == ({}, ())


CODE = """
import httpx, numpy
import yaml as y
from sqlite_utils import Database
from llm import Options
from .local import thing
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import openai
else:
    import puremagic

def later():
    from dateutil.parser import parse
    import pkg_resources
    import llm.default_plugins.openai_models
"""


def test_undeclared_imports_are_what_llm_would_have_brought(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(CODE, "utf-8")
    (tmp_path / "broken.py").write_text("import tabulate\ndef (", "utf-8")
    (tmp_path / "binary.py").write_bytes(b"\x00\xff")

    files = [str(path) for path in tmp_path.iterdir()]

    assert undeclared(files, set()) == [
        "httpx", "puremagic", "pydantic", "python-dateutil", "pyyaml", "setuptools<81", "sqlite-utils"
    ]  # fmt: skip
    assert undeclared(files, {"httpx", "setuptools", "pydantic", "pyyaml"}) == [
        "puremagic", "python-dateutil", "sqlite-utils"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("def register_tools(register: Callable): ...\ndef tool(a: int, b: list[str] | None = None): ...", []),
        ("def register_tools(register): ...\nasync def tool(when: datetime.date): ...", ["pydantic"]),
        ("def register_models(register): ...\ndef other(path: Path): ...", []),
    ],
    ids=["plain", "a class", "no tools"],
)
def test_tools_whose_arguments_are_more_than_plain_need_pydantic(tmp_path: Path, code: str, wanted: list[str]) -> None:
    (tmp_path / "tools.py").write_text(code, "utf-8")

    assert undeclared([str(tmp_path / "tools.py")], set()) == wanted
