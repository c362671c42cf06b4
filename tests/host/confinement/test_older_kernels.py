"""Older versions of Landlock know less; the filter refuses what they do not, so the walls are the same.

The bootstrap is told that it has an older one. Its own rules are then all that the real, newer kernel enforces for it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from innkeeper.confinement import confine as confining
from innkeeper.confinement.confine import BOOTSTRAP, LOCKDOWN_FAILED
from innkeeper.confinement.policy import MIB, Limits, Policy

from .attacks import ALL
from .rooms import Room
from .yard import attack, yard_of

OLDEST = 2
SMALL = Policy("attacker", limits=Limits(memory_bytes=512 * MIB))

CLAIM = "version = max(syscall(_CREATE_RULESET, None, 0, 1), 0)"


@pytest.fixture
def old_room(
    request: pytest.FixtureRequest, ordinary_room: Room, everyones_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Room:
    """Return a room of tier inproc whose bootstrap believes in the version of Landlock that the test asks for."""
    version = request.param
    folder = everyones_folder / f"bootstrap-{version}"
    if not folder.exists():
        shutil.copytree(BOOTSTRAP, folder, ignore=shutil.ignore_patterns("__pycache__"))
        lockdown = folder / "lockdown.py"
        source = lockdown.read_text(encoding="utf-8")
        assert CLAIM in source
        lockdown.write_text(source.replace(CLAIM, f"version = {version}"), encoding="utf-8")
    monkeypatch.setattr(confining, "BOOTSTRAP", str(folder))
    return ordinary_room


@pytest.mark.parametrize("old_room", [OLDEST], indirect=True)
@pytest.mark.parametrize("name", [name for name in ALL if not name.startswith("floods")])
def test_an_attack_achieves_nothing_with_the_oldest_landlock(old_room: Room, name: str) -> None:
    with yard_of(old_room, with_victim="y.victim" in ALL[name].code) as yard:
        damage, said = attack(yard, ALL[name].code, policy=SMALL)

    assert damage == [], said


@pytest.mark.parametrize("old_room", [2, 3, 4, 5, 6], indirect=True)
def test_it_starts_with_every_version(old_room: Room) -> None:
    code = "import os\nopen('mine', 'w').write('x')\nos.rename('mine', 'yours')\nprint(open('yours').read())"

    assert old_room.run(code).text == "x"


@pytest.mark.parametrize("old_room", [0, 1], indirect=True)
def test_without_enough_landlock_nothing_runs(old_room: Room) -> None:
    outcome = old_room.run("print('ran')")

    assert outcome.status == LOCKDOWN_FAILED
    assert outcome.text.endswith("and 2 is needed")
