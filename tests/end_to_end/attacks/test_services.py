"""What a plugin asks of the host: it gets what the person allowed it, and nothing by asking otherwise."""

from __future__ import annotations

import pytest

from .mercenary import Mercenary, dedented
from .people import Room
from .services import CHANGING, REFUSED, TAKING
from .treasures import Treasures
from .village import Village

ALLOWABLE = {**TAKING, **CHANGING}


@pytest.mark.parametrize("name", ALLOWABLE)
def test_what_was_not_allowed_is_not_given(mercenary: Mercenary, treasures: Treasures, name: str) -> None:
    report = mercenary.carry_out(dedented(ALLOWABLE[name]))

    assert treasures.damage(report.said) == [], report
    assert not report.died, report


@pytest.mark.parametrize("name", ALLOWABLE)
def test_the_same_is_given_where_it_was_allowed(agent: Mercenary, treasures: Treasures, name: str) -> None:
    report = agent.carry_out(dedented(ALLOWABLE[name]))

    assert treasures.damage(report.said) != [], report


@pytest.mark.parametrize("name", REFUSED)
def test_what_nobody_is_allowed_is_refused_in_plain_words(
    mercenary: Mercenary, treasures: Treasures, name: str
) -> None:
    report = mercenary.carry_out(dedented(REFUSED[name].code))

    assert treasures.damage(report.said) == [], report
    assert REFUSED[name].words in report.said


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
