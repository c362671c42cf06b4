"""Who runs `llm`: root, and an ordinary user, each with a home folder and something in it to lose.

What belongs to the person is theirs alone, as on a machine of one's own: nothing but confinement keeps a plugin, which
runs as the same user, from it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pexpect

from end_to_end.inn import COMMAND_S, Inn

from .house import House

NOBODY = 65534

USERS = ["root", "user"] if os.geteuid() == 0 else ["user"]
"""Who the tests can be; only root can be someone else."""


@dataclass(frozen=True)
class Person:
    """*folder* is their home folder, ``llm`` in it the host's."""

    user: str
    house: House
    folder: Path
    strongest: str = ""
    """The strongest tier that works for them on this machine."""

    @property
    def uid(self) -> int:
        return NOBODY if os.geteuid() == 0 and self.user == "user" else os.geteuid()

    @property
    def identity(self) -> dict[str, Any]:
        """What makes subprocess start a process as this person."""
        return {"user": self.uid, "group": self.uid, "extra_groups": []} if self.uid != os.geteuid() else {}

    def own(self, *paths: Path) -> None:
        """Give *paths*, and what is below them, to this person."""
        for path in paths:
            for one in [path, *path.rglob("*")]:
                os.chown(one, self.uid, self.uid, follow_symlinks=False)

    def write(self, name: str, content: str, mode: int = 0o600) -> Path:
        """Write a file of theirs, *name* being its path in the home folder."""
        path = self.folder / name
        missing = [folder for folder in path.parents if not folder.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
        path.chmod(mode)
        self.own(*missing[-1:], path)
        return path


class Room(Inn):
    """The person's `llm` on a machine that is remembered to have *tier*; ``off`` is ``--no-sandbox``.

    *home* is another one than that in their home folder; uv's cache is beside it then.
    """

    def __init__(self, person: Person, tier: str, *, home: Path | None = None) -> None:
        super().__init__(home or person.folder / "llm")
        self.person = person
        self.tier = tier
        self.cache = home.parent / "cache" if home else person.folder / ".cache" / "uv"
        self.program = person.house.llm
        self.identity = person.identity
        self.cwd = person.folder

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the person's environment, once the home remembers the tier: every command begins here."""
        self._remember()
        own = ("HOME", "PATH", "USER", "LOGNAME", "VIRTUAL_ENV", "UV_CACHE_DIR", "TMPDIR")
        inherited = {
            name: value
            for name, value in super().environment().items()
            if name not in own and not name.startswith(("XDG_", "PYENV_", "PYTHON"))
        }
        path = f"{self.person.house.bin}:/usr/local/bin:/usr/bin:/bin"
        return {
            **inherited,
            "HOME": str(self.person.folder),
            "PATH": path,
            "UV_CACHE_DIR": str(self.cache),
            **(more or {}),
        }

    def at_terminal(self, *arguments: str) -> pexpect.spawn[str]:
        """Start ``llm ARGUMENTS`` with a terminal of its own, that is to show no colours."""
        return pexpect.spawn(
            self.program,
            list(arguments),
            env={**self.environment(), "TERM": "dumb", "NO_COLOR": "1"},
            encoding="utf-8",
            timeout=COMMAND_S,
            echo=False,
            cwd=str(self.cwd),
            preexec_fn=self._become_person,
        )

    def shown(self, *arguments: str) -> str:
        """Run ``llm ARGUMENTS`` on a terminal to its end, whatever that is; return what was shown."""
        terminal = self.at_terminal(*arguments)
        terminal.expect(pexpect.EOF)
        terminal.close()
        return (terminal.before or "").replace("\r\n", "\n")

    def _become_person(self) -> None:
        if self.person.uid != os.geteuid():
            os.setgroups([])
            os.setresgid(*[self.person.uid] * 3)
            os.setresuid(*[self.person.uid] * 3)

    def data(self, plugin: str) -> Path:
        return self.home / "plugins" / plugin / "data"

    def _remember(self) -> None:
        path = self.home / "cache" / "confinement.json"
        if self.tier == "off" or not path.exists():
            return  # a new home finds out by itself
        remembered = json.loads(path.read_text("utf-8"))
        if remembered["tier"] != self.tier:
            path.write_text(json.dumps({**remembered, "tier": self.tier}), "utf-8")
