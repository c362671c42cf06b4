"""All that the attacks share: the house, the people, what they have to lose, and the attackers, each made once."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import TracebackType

from .house import House, build_house
from .mercenary import CODE, NAME, Mercenary, hired
from .packages import write_wheel
from .people import Person, Room
from .treasures import Treasures, treasures_of

VICTIM = """
import llm

@llm.hookimpl
def register_models(register):
    register(Honest())

class Honest(llm.Model):
    model_id = "honest"

    def execute(self, prompt, stream, response, conversation):
        yield f"you said {prompt.prompt}"
"""


class Village:
    """Lies in *folder*, which everyone can reach; whatever runs in it is gone at the end of the ``with`` block."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running = ExitStack()
        self.house = cache(self._build_house)
        self.person = cache(self._settle)
        self.treasures = cache(self._lay_out)
        self.mercenary = cache(self._hire)

    def room(self, user: str, tier: str) -> Room:
        """Return the `llm` of *user* on a machine with *tier*."""
        return Room(self.person(user), tier)

    def _build_house(self) -> House:
        folder = self.folder / "house"
        folder.mkdir()
        return build_house(folder)

    def _settle(self, user: str) -> Person:
        """Give *user* a home, with an attacker's plugin and another's in it, installed by themselves."""
        folder = self.folder / user / "home"
        folder.mkdir(parents=True)
        person = Person(user, self.house(), folder)
        person.own(folder)
        wheels = self.folder / "wheels"
        room = Room(person, "off")  # the tier is found out by the first command
        room.ok("install", "--yes", write_wheel(wheels, NAME, CODE), write_wheel(wheels, "victim", VICTIM))
        room.ok("plugins", "allow", NAME, "--memory", "512M")
        remembered = json.loads((room.home / "cache" / "confinement.json").read_text("utf-8"))
        return replace(person, strongest=remembered["tier"])

    def _lay_out(self, user: str) -> Treasures:
        return self._running.enter_context(treasures_of(self.person(user), self.folder / user / "spare"))

    def _hire(self, user: str, tier: str) -> Mercenary:
        treasures = self.treasures(user)
        mercenary = self._running.enter_context(hired(self.room(user, tier), treasures.known, treasures.token))
        mercenary.begin()
        treasures.look_again()  # the first start since something was granted writes to the index
        return mercenary

    def __enter__(self) -> Village:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()
