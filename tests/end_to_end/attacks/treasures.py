"""What attackers are after, and how it is seen whether one got it: by what changed or leaked, not by their word.

Files of the person's and of the host's, a process with a secret, sockets that listen. A secret that stands in what an
attacker showed was learned; a file whose state is another was changed, be it put back or not.
"""

from __future__ import annotations

import os
import secrets
import select
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import mercenary
from .people import Person, Room

PERSONS_FILES = [
    ".ssh/id_ed25519",
    ".bashrc",
    ".profile",
    ".netrc",
    ".config/uv/uv.toml.bak",
    "letters/private.txt",
]
"""In the home folder. Each holds the secret."""

VICTIM = """
import signal, sys
secret = bytearray(bytes.fromhex(sys.argv[2]))
print(id(secret), flush=True)
signal.pause()
"""

FOR_ALL = ("/tmp", "/var/tmp", "/dev/shm")
"""Folders that everyone may write to."""

LOG_BYTES = 64 << 20
"""What a plugin may write to a file, its log too."""

State = dict[str, tuple[int, ...]]


@dataclass
class Treasures:
    """All of it, of one person. *token* is the secret; *known* is what attackers are told, which is all but that."""

    person: Person
    token: str
    spare: Path
    """A copy of the home folder, from which is mended what an attack that worked has changed."""
    known: dict[str, Any] = field(default_factory=dict)
    _before: State = field(default_factory=dict)
    _victim: subprocess.Popen[bytes] | None = None
    _listeners: dict[str, socket.socket] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return self._plugins / mercenary.NAME / "data"

    @property
    def _plugins(self) -> Path:
        return self.person.folder / "llm" / "plugins"

    def damage(self, said: str) -> list[str]:
        """Return what an attacker, who *said* something, achieved since the last look, in words; and mend it."""
        done = ["learned the secret"] if self.token in said else []
        now = self._state()
        changed = sorted({*self._before, *now} - {path for path in now if self._before.get(path) == now[path]})
        done += [f"changed {os.path.relpath(path, self.person.folder)}" for path in changed]
        if changed:
            self._mend_own()
            self._mend(changed)
        if (self.data / "won").exists():
            (self.data / "won").unlink()
            done.append("won")
        for folder in self._plugins.glob("*/data/attempt-*"):
            if (folder / "won").exists():
                done.append("won")
            if any(path.lstat().st_mode & 0o6000 for path in folder.rglob("*")):
                done.append("made a set-id file")
            shutil.rmtree(folder)
        for log in self._plugins.glob("*/plugin.log"):
            if log.stat().st_size > LOG_BYTES:
                done.append("filled the disk by its log")
            os.truncate(log, 0)
        for path in (Path(folder, self.known["mark"]) for folder in FOR_ALL):
            if path.exists():
                path.unlink()
                done.append(f"left something in {path.parent}")
        done += [f"reached {name}" for name in self._reached()]
        done += self._harm_of_victim()
        return done

    def received(self, name: str) -> bytes:
        """Return what came on the first connection to the listener *name*; the attacker has had its time."""
        listener = self._listeners[name]
        listener.settimeout(10)
        with listener.accept()[0] as connection:
            connection.settimeout(10)
            return connection.recv(1024)

    def look_again(self) -> None:
        """Take what is there now as it should be: something was installed."""
        if self._state() == self._before:
            return
        shutil.rmtree(self.spare, ignore_errors=True)
        subprocess.run(["cp", "-a", str(self.person.folder), str(self.spare)], check=True)
        self._before = self._state()

    def _state(self) -> State:
        """Return the state of every file in the home folder but what is the attacker's own to change. The kernel alone
        sets a change time, so that two that are equal say more than the content.
        """
        own = self._own()
        seen: State = {}
        folders = [str(self.person.folder)]
        for folder in folders:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.path in own:
                        continue
                    found = entry.stat(follow_symlinks=False)
                    seen[entry.path] = (found.st_ino, found.st_mode, found.st_uid, found.st_ctime_ns, found.st_size)
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
        return seen

    def _own(self) -> set[str]:
        """Return what changes without harm: the attacker's data, and what grows whenever a plugin is started."""
        hired = (mercenary.NAME, mercenary.AGENT)
        grows = [self._plugins / name / file for name in (*hired, "victim") for file in ("plugin.log", "audit.jsonl")]
        return {str(path) for path in (*grows, *(self._plugins / name / "data" for name in hired))}

    def _mend(self, changed: list[str]) -> None:
        for path in changed:
            whole = self.spare / os.path.relpath(path, self.person.folder)
            if os.path.isdir(path) and not os.path.islink(path):
                if not whole.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
            elif os.path.lexists(path):
                os.unlink(path)
            if not whole.is_dir() and os.path.lexists(whole):
                subprocess.run(["cp", "-a", str(whole), path], check=True)
            elif whole.is_dir():
                os.makedirs(path, exist_ok=True)
                shutil.copystat(whole, path)
                os.chown(path, self.person.uid, self.person.uid)
        self._before = self._state()

    def _mend_own(self) -> None:
        """Take away links that lie where the attacker's own was: the next attempt's would be in the home folder."""
        for path in map(Path, self._own()):
            if path.is_symlink():
                path.unlink()
        moved = self.data.with_name("data.old")
        if moved.is_dir() and not self.data.exists():
            moved.rename(self.data)

    def _reached(self) -> list[str]:
        found = []
        for name, listener in self._listeners.items():
            while select.select([listener], [], [], 0)[0]:
                found.append(name)
                if listener.type == socket.SOCK_STREAM:
                    listener.accept()[0].close()
                else:
                    listener.recv(1024)
        return list(dict.fromkeys(found))

    def _harm_of_victim(self) -> list[str]:
        assert self._victim is not None
        if self._victim.poll() is not None:
            harm = ["ended the victim"]
        elif os.getpriority(os.PRIO_PROCESS, self._victim.pid) != 0:
            harm = ["slowed the victim"]
        else:
            return []
        self.end_victim()
        self._begin_victim()
        return harm

    def end_victim(self) -> None:
        """End the process with the secret, if it runs."""
        if self._victim is not None:
            self._victim.kill()
            self._victim.wait()

    def _begin_victim(self) -> None:
        self._victim = subprocess.Popen(
            [str(self.person.house.python), "-I", "-S", "-c", VICTIM, f"token={self.token}", self.token.encode().hex()],
            env={"TOKEN": self.token},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            **self.person.identity,
        )
        assert self._victim.stdout is not None
        with self._victim.stdout as said:
            self.known |= {"victim": self._victim.pid, "address": int(said.readline())}


@contextmanager
def treasures_of(person: Person, spare: Path) -> Iterator[Treasures]:
    """Lay out what *person*, in whose home plugins are installed already, has to lose. *spare* is a folder to make."""
    token = secrets.token_hex(16)
    for name in PERSONS_FILES:
        person.write(name, f"{token} of {name}\n")
    person.write("llm/keys.json", f'{{"openai": "sk-{token}"}}\n')
    person.write("llm/templates/mine.yaml", f"prompt: {token}\n")
    person.write("llm/plugins/victim/data/notes", f"{token} of another plugin\n")
    victims = next((person.folder / "llm" / "plugins" / "victim").glob("generations/*/.venv"))
    person.write(str(victims.relative_to(person.folder) / "note"), f"{token} of another environment\n")
    person.write(f"letters/{token}", "a name that tells all\n")
    room = Room(person, "off")
    room.ok("-m", "honest", token)
    room.ok("embed", "private", "one", "-m", "toy", "-c", token, "--store")
    letters = str(person.folder / "letters")
    room.ok("plugins", "allow", "victim", "--read", letters)
    found = Treasures(person, token, spare)
    llm = person.folder / "llm"
    own = next(llm.glob(f"plugins/{mercenary.NAME}/generations/*"))
    with ExitStack() as stack:
        found._listeners = _listeners(stack, person.folder.parent)
        ports = {name: found._listeners[name].getsockname() for name in found._listeners}
        databases = ("--database", "logs", "--database", "embeddings")
        host = f"localhost:{ports['granted'][1]}"
        room.ok("plugins", "allow", mercenary.AGENT, "--key", "openai", *databases, "--read", letters, "--net", host)
        found.known = {
            "home": str(person.folder),
            "llm": str(llm),
            "cache": str(person.folder / ".cache" / "uv"),
            "generation": str(own),
            "site": str(next(own.glob(".venv/lib/python*/site-packages"))),
            "bootstrap": str(person.house.host / "confinement" / "bootstrap"),
            "python": str(person.house.python),
            "beacon": f"beacon-{secrets.token_hex(8)}",
            "mark": f"mark-{secrets.token_hex(8)}",
            "tcp": ports["tcp"][1],
            "granted": ports["granted"][1],
            "udp": ports["udp"][1],
            "stream": ports["stream"],
            "datagram": ports["datagram"],
            "abstract": ports["abstract"].decode("ascii"),
        }
        beacon = Path("/tmp", found.known["beacon"])
        beacon.touch()
        stack.callback(beacon.unlink)
        stack.callback(found.end_victim)
        found._begin_victim()
        found.look_again()
        yield found


def _listeners(stack: ExitStack, folder: Path) -> dict[str, socket.socket]:
    kinds: dict[str, tuple[int, int, Any]] = {
        "tcp": (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
        "granted": (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
        "udp": (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
        "stream": (socket.AF_UNIX, socket.SOCK_STREAM, str(folder / "stream")),
        "datagram": (socket.AF_UNIX, socket.SOCK_DGRAM, str(folder / "datagram")),
        "abstract": (socket.AF_UNIX, socket.SOCK_STREAM, f"\0{secrets.token_hex(8)}"),
    }
    made = {}
    for name, (family, kind, address) in kinds.items():
        listener = made[name] = stack.enter_context(socket.socket(family, kind))
        listener.bind(address)
        if kind == socket.SOCK_STREAM:
            listener.listen()
        if isinstance(address, str) and not address.startswith("\0"):
            os.chmod(address, 0o777)
    return made
