"""All that the attacks share: the house, the people, what they have to lose, and the attackers, each made once."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import TracebackType

from .honest import HOLDER, VICTIM
from .house import House, build_house
from .liars import ANSWERS, REGISTRATIONS
from .mercenary import AGENT, NAME, Mercenary, code_of, hired
from .packages import write_wheel
from .people import Person, Room
from .treasures import Treasures, treasures_of


class Village:
    """Lies in *folder*, which everyone can reach; whatever runs in it is gone at the end of the ``with`` block."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running = ExitStack()
        self.house = cache(self._build_house)
        self.person = cache(self._settle)
        self.treasures = cache(self._lay_out)
        self._hired = cache(self._hire)
        self.deceived = cache(self._deceive)

    def room(self, user: str, tier: str) -> Room:
        """Return the `llm` of *user* on a machine with *tier*."""
        return Room(self.person(user), tier)

    def weaker_for_user(self, user: str) -> str:
        """Return a tier, so that both users together see both: for attacks on the host, to whom tiers are the same."""
        return "inproc" if user == "user" else self.person(user).strongest

    def mercenary(self, user: str, tier: str, name: str = NAME) -> Mercenary:
        """Return the mercenary *name* of *user*, who is there."""
        mercenary = self._hired(user, tier, name)
        if not mercenary.is_there:
            mercenary.begin()
            self.treasures(user).look_again()  # which tier there is was written, and to the index after a grant
        return mercenary

    def _deceive(self, user: str) -> Room:
        """Return a home of *user* in which the plugins of `liars` are installed beside honest ones."""
        person = self.person(user)
        folder = self.folder / user / "deceived"
        folder.mkdir()
        person.own(folder)
        room = Room(person, self.weaker_for_user(user), home=folder / "llm")
        room.ok("models")  # the home is made
        wheels = self.folder / "wheels"
        honest = [write_wheel(wheels, "victim", VICTIM), write_wheel(wheels, "llm-holder", HOLDER)]
        lying = [write_wheel(wheels, "liar", REGISTRATIONS), write_wheel(wheels, "poisoner", ANSWERS)]
        room.ok("keys", "set", "openai", stdin="sk-not-for-strangers")
        room.ok("install", *honest, *lying)
        return room

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
        hired = [write_wheel(wheels, name, code_of(name)) for name in (NAME, AGENT)]
        room.ok("install", *hired, write_wheel(wheels, "victim", VICTIM))
        room.ok("plugins", "allow", NAME, "--memory", "512M")
        remembered = json.loads((room.home / "cache" / "confinement.json").read_text("utf-8"))
        return replace(person, strongest=remembered["tier"])

    def _lay_out(self, user: str) -> Treasures:
        return self._running.enter_context(treasures_of(self.person(user), self.folder / user / "spare"))

    def _hire(self, user: str, tier: str, name: str) -> Mercenary:
        treasures = self.treasures(user)
        return self._running.enter_context(hired(name, self.room(user, tier), treasures.known, treasures.token))

    def __enter__(self) -> Village:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()
