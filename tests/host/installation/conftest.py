"""Workbenches. Making an environment costs a second, so tests say which one they share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .index_server import serve
from .workbench import Workbench, workbench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    """A workbench of the test's own, with nothing on it."""
    with workbench(tmp_path / "home") as bench:
        yield bench


class Shop:
    """A package index of the test's own, asked before the real one. What is put into *shelf* can be installed."""

    def __init__(self, shelf: Path, url: str) -> None:
        self.shelf = shelf
        self.url = url


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    with serve(shelf) as url:
        monkeypatch.setenv("UV_INDEX", f"{url}/simple")
        yield Shop(shelf, url)
