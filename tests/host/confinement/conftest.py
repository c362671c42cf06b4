"""Rooms for the attackers, and one place on the disk for the whole run that ordinary users can reach."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .rooms import USERS, Interpreter, Room, everyones_interpreter, with_bubblewrap, working_tiers


@pytest.fixture(scope="session")
def everyones_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="confinement-tests-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def interpreter(everyones_folder: Path) -> Iterator[Interpreter]:
    folder = everyones_folder / "interpreter"
    folder.mkdir()
    yield from everyones_interpreter(folder)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give every test that asks for a room each of them: working tiers times users."""
    if "room" in metafunc.fixturenames:
        kinds = [(tier, user) for tier in working_tiers() for user in USERS]
        metafunc.parametrize("room", kinds, ids=[f"{tier}-{user}" for tier, user in kinds], indirect=True)
    if "tier_room" in metafunc.fixturenames:
        metafunc.parametrize("tier_room", working_tiers(), indirect=True)


@pytest.fixture
def room(request: pytest.FixtureRequest, interpreter: Interpreter, everyones_folder: Path) -> Iterator[Room]:
    tier, user = request.param
    yield from _room(tier, user, interpreter, everyones_folder)


@pytest.fixture
def tier_room(request: pytest.FixtureRequest, interpreter: Interpreter, everyones_folder: Path) -> Iterator[Room]:
    """A room of each tier, for an ordinary user: for what is the same whoever it is."""
    yield from _room(request.param, "user", interpreter, everyones_folder)


@pytest.fixture(params=USERS)
def open_field(request: pytest.FixtureRequest, interpreter: Interpreter, everyones_folder: Path) -> Iterator[Room]:
    """A room without walls, to show that an attack is one."""
    yield from _room("off", request.param, interpreter, everyones_folder)


@pytest.fixture
def ordinary_room(interpreter: Interpreter, everyones_folder: Path) -> Iterator[Room]:
    """Return a room of tier inproc for an ordinary user."""
    yield from _room("inproc", "user", interpreter, everyones_folder)


def _room(tier: str, user: str, interpreter: Interpreter, everyones_folder: Path) -> Iterator[Room]:
    folder = Path(tempfile.mkdtemp(dir=everyones_folder))
    folder.chmod(0o755)
    room = Room(with_bubblewrap(tier), user, interpreter, folder)
    room.data_dir.mkdir(mode=0o700)
    room.site_packages.mkdir(parents=True)
    (room.venv / "bin").mkdir()
    (room.site_packages / "a_package.py").write_text("answer = 42\n", encoding="utf-8")
    room.own(room.data_dir, room.venv)
    yield room
    shutil.rmtree(folder)
