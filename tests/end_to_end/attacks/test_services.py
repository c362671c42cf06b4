"""What a plugin asks of the host: it gets what the person allowed it, and nothing by asking otherwise."""

from __future__ import annotations

import pytest

from .mercenary import AGENT, Mercenary
from .people import USERS, Room
from .services import CHANGING, REFUSED, TAKING, dedent_all
from .treasures import Treasures
from .village import Village

ALLOWABLE = dedent_all({**TAKING, **CHANGING})
ALL = dedent_all({**TAKING, **CHANGING, **REFUSED})


@pytest.fixture(params=USERS)
def agent(request: pytest.FixtureRequest, village: Village) -> Mercenary:
    """The same plugin, which was allowed all of it."""
    user = request.param
    return village.mercenary(user, village.weaker_for_user(user), AGENT)


@pytest.mark.parametrize("name", ALL)
def test_what_was_not_allowed_is_not_given(mercenary: Mercenary, treasures: Treasures, name: str) -> None:
    report = mercenary.carry_out(ALL[name])

    assert treasures.damage(report.said) == [], report
    assert not report.died, report


@pytest.mark.parametrize("name", ALLOWABLE)
def test_the_same_is_given_where_it_was_allowed(agent: Mercenary, village: Village, name: str) -> None:
    treasures = village.treasures(agent.room.person.user)

    report = agent.carry_out(ALLOWABLE[name])

    assert treasures.damage(report.said) != [], report


def test_names_are_set_in_a_command_and_not_without_end(room: Room, village: Village) -> None:
    code = """
from innkeeper_sdk.api.host import current_host
for number in range(60):
    current_host().set_alias(f"mine-{number}", "mercenary")
"""
    said = room.ok("mercenary-does", code, "{}")

    names = room.ok("aliases").count("mine-")
    village.treasures(room.person.user).damage("")
    assert "at most 50" in said
    assert names == 50
