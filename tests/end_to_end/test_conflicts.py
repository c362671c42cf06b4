"""Plugins that no single environment could hold, all installed at once, each running what it asked for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from .inn import Inn
from .interpreters import find_python
from .plugin_source import model_plugin

SAYS_VERSIONS = """
import importlib.metadata, sys
import {module}
yield f"Python {{sys.version_info.major}}.{{sys.version_info.minor}}, {module} {{{module}.{version}}}"
"""
SAYS_PYTHON = """
import sys
yield f"Python {sys.version_info.major}.{sys.version_info.minor}"
"""
OTHER_PYTHONS = {minor: find_python(minor) for minor in ("3.10", "3.13")}


@pytest.fixture(scope="module")
def quarrel(tmp_path_factory: pytest.TempPathFactory) -> Inn:
    folder = tmp_path_factory.mktemp("quarrel")
    inn = Inn(folder / "home")
    sources = [
        model_plugin(folder, "old-pydantic", says("pydantic", "VERSION"), dependencies=("pydantic<2",)),
        model_plugin(folder, "new-pydantic", says("pydantic", "VERSION"), dependencies=("pydantic>=2",)),
    ]
    if sys.version_info < (3, 13):
        sources += [
            model_plugin(folder, "old-numpy", says("numpy", "__version__"), dependencies=("numpy<2",)),
            model_plugin(folder, "new-numpy", says("numpy", "__version__"), dependencies=("numpy>=2",)),
        ]
    for minor, path in OTHER_PYTHONS.items():
        if path:
            name = f"python-{minor.replace('.', '-')}"
            sources.append(model_plugin(folder, name, SAYS_PYTHON, requires_python=f"=={minor}.*"))
    inn.ok("install", *sources)
    return inn


def says(module: str, version: str) -> str:
    return SAYS_VERSIONS.format(module=module, version=version)


def test_one_has_pydantic_1_and_the_other_pydantic_2(quarrel: Inn) -> None:
    ours = f"Python {sys.version_info.major}.{sys.version_info.minor}"

    assert quarrel.ok("-m", "old-pydantic", "hi").startswith(f"{ours}, pydantic 1.")
    assert quarrel.ok("-m", "new-pydantic", "hi").startswith(f"{ours}, pydantic 2.")


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="numpy 1 has no wheels for this Python")
def test_one_has_numpy_1_and_the_other_numpy_2(quarrel: Inn) -> None:
    ours = f"Python {sys.version_info.major}.{sys.version_info.minor}"

    assert quarrel.ok("-m", "old-numpy", "hi").startswith(f"{ours}, numpy 1.")
    assert quarrel.ok("-m", "new-numpy", "hi").startswith(f"{ours}, numpy 2.")


@pytest.mark.parametrize(
    "minor",
    [
        pytest.param(minor, marks=pytest.mark.skipif(path is None, reason=f"no Python {minor} on this machine"))
        for minor, path in OTHER_PYTHONS.items()
    ],
)
def test_each_runs_the_python_it_needs(quarrel: Inn, minor: str) -> None:
    assert quarrel.ok("-m", f"python-{minor.replace('.', '-')}", "hi") == f"Python {minor}\n"


def test_python_that_is_nowhere_is_named(inn: Inn, tmp_path: Path) -> None:
    source = model_plugin(tmp_path, "from-the-future", SAYS_PYTHON, requires_python="==3.99.*")

    message = inn.fails("install", source)

    assert "from-the-future" in message
    assert "3.99" in message
    assert inn.plugins() == {}
