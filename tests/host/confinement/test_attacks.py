"""Every attack against every room: nothing may be learned, changed, reached or left behind."""

from __future__ import annotations

import pytest
from innkeeper.confinement.policy import MIB, Limits, Policy

from .attacks import ALL
from .rooms import Room
from .yard import attack, yard_of

SMALL = Policy("attacker", limits=Limits(memory_bytes=512 * MIB, processes=64))


@pytest.mark.parametrize("name", ALL)
def test_an_attack_achieves_nothing(room: Room, name: str) -> None:
    with yard_of(room, with_victim="y.victim" in ALL[name].code) as yard:
        damage, said = attack(yard, ALL[name].code, policy=SMALL)

    assert damage == [], said


@pytest.mark.parametrize("name", [name for name, one in ALL.items() if one.works in ("both", "root")])
def test_the_same_attack_works_where_nothing_confines(open_field: Room, name: str) -> None:
    if ALL[name].works == "root" and open_field.uid != 0:
        return
    with yard_of(open_field, with_victim="y.victim" in ALL[name].code) as yard:
        damage, said = attack(yard, ALL[name].code)

    assert damage != [], said
