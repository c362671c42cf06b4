"""Rooms for the attackers: every tier that works here, as root and as an ordinary user."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .mercenary import AGENT, Mercenary
from .people import USERS, Room
from .treasures import Treasures
from .village import Village

TIERS = ["ns", "inproc"]


@pytest.fixture(scope="session")
def village() -> Iterator[Village]:
    folder = Path(tempfile.mkdtemp(prefix="attacks-", dir="/var/tmp"))  # inside, /tmp is the plugin's own
    folder.chmod(0o755)
    with Village(folder) as village:
        yield village
    shutil.rmtree(folder)


@pytest.fixture(params=[(tier, user) for user in USERS for tier in TIERS], ids="-".join)
def room(request: pytest.FixtureRequest, village: Village) -> Room:
    """The `llm` of each person, on a machine that has this tier and no stronger one."""
    tier, user = request.param
    if tier == "ns" and village.person(user).strongest != "ns":
        pytest.skip(f"user namespaces do not work here for this user: {user}")
    return village.room(user, tier)


@pytest.fixture
def treasures(room: Room, village: Village) -> Treasures:
    return village.treasures(room.person.user)


@pytest.fixture
def mercenary(room: Room, village: Village) -> Mercenary:
    return village.mercenary(room.person.user, room.tier)


@pytest.fixture
def agent(room: Room, village: Village) -> Mercenary:
    """The same plugin, which the person allowed what the mercenary is after."""
    return village.mercenary(room.person.user, room.tier, AGENT)


@pytest.fixture(params=USERS)
def loose(request: pytest.FixtureRequest, village: Village) -> Mercenary:
    """The mercenary without walls, to show that an attack is one."""
    return village.mercenary(request.param, "off")


@pytest.fixture(params=USERS)
def deceived(request: pytest.FixtureRequest, village: Village) -> Room:
    """A home with plugins that lie. For tests that only read."""
    return village.deceived(request.param)
