"""Every attack from inside a plugin, as root and as an ordinary user, in both tiers: nothing is learned or changed."""

from __future__ import annotations

import pytest

from .corpus import ALL
from .mercenary import Mercenary
from .treasures import Treasures
from .village import Village


@pytest.mark.parametrize("name", ALL)
def test_an_attack_achieves_nothing(mercenary: Mercenary, treasures: Treasures, name: str) -> None:
    report = mercenary.carry_out(ALL[name].code)

    assert treasures.damage(report.said) == [], report
    if name.startswith("floods"):
        mercenary.dismiss()  # it may have used up what the next attack needs


@pytest.mark.parametrize("name", [name for name, attack in ALL.items() if attack.works in ("both", "root")])
def test_the_same_attack_does_damage_where_nothing_confines(loose: Mercenary, village: Village, name: str) -> None:
    treasures = village.treasures(loose.room.person.user)
    if ALL[name].works == "root" and loose.room.person.uid != 0:
        return
    report = loose.carry_out(ALL[name].code)

    assert treasures.damage(report.said) != [], report
    if "in the place of" in name:
        loose.dismiss()  # its log is not where it was
