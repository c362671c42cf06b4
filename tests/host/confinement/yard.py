"""What an attacker is after, and how it is seen whether he got it: by what changed or leaked, not by his word.

The yard belongs to the same user as the attacker, as a person's files and processes would; nothing but confinement
protects it.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import select
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from innkeeper.confinement.confine import BOOTSTRAP

from .rooms import Room

VICTIM = """
import signal, sys
secret = bytearray(bytes.fromhex(sys.argv[2]))
print(f"{id(secret)} {len(secret)}", flush=True)
signal.pause()
"""


@dataclass
class Yard:
    """The things to protect. *token* is what may not be learned, by its parts in files, arguments and memory."""

    room: Room
    token: str
    victim: subprocess.Popen[bytes] | None = None
    listeners: dict[str, socket.socket] = field(default_factory=dict)
    before: dict[str, tuple[object, ...]] = field(default_factory=dict)
    known: dict[str, object] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.room.folder / "home"

    def damage(self, output: bytes) -> list[str]:
        """Return what the attacker achieved, in words."""
        done = []
        if self.token.encode() in output:
            done.append("learned the secret")
        after = _snapshot(self.home, self.room.venv)
        changed = sorted(path for path in {*self.before, *after} if self.before.get(path) != after.get(path))
        done += [f"changed {Path(path).name}" for path in changed]
        data = self.room.data_dir
        if (data / "won").exists():
            done.append("won")
        if any(os.lstat(path).st_mode & 0o6000 for path in data.rglob("*")):
            done.append("made a set-id file")
        reached = select.select(list(self.listeners.values()), [], [], 0)[0]
        done += [f"reached {name}" for name, listener in self.listeners.items() if listener in reached]
        if self.victim is not None and (_is_killed(self.victim.pid) or self.victim.poll() is not None):
            done.append("ended the victim")
        elif self.victim is not None and os.getpriority(os.PRIO_PROCESS, self.victim.pid) != 0:
            done.append("slowed the victim")
        return done


def _is_killed(pid: int) -> bool:
    """Say whether a signal that ends *pid* is under way: on a busy machine it dies a moment later."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    pending = [int(line.split()[1], 16) for line in status.splitlines() if line.startswith(("SigPnd:", "ShdPnd:"))]
    return any(pending)


def _snapshot(*folders: Path) -> dict[str, tuple[object, ...]]:
    seen: dict[str, tuple[object, ...]] = {}
    for folder in folders:
        for path in [folder, *sorted(folder.rglob("*"))]:
            found = path.lstat()
            content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() and not path.is_symlink() else ""
            attributes = tuple(os.listxattr(path, follow_symlinks=False))
            times = found.st_mtime_ns if path.is_file() else 0
            seen[str(path)] = (
                found.st_mode,
                found.st_uid,
                found.st_nlink if path.is_file() else 0,
                times,
                content,
                attributes,
            )
    return seen


@contextmanager
def yard_of(room: Room, *, with_victim: bool = True) -> Iterator[Yard]:
    """Lay out a yard for the user of *room*; the attacker knows all of it but the token."""
    token = secrets.token_hex(16)
    home = room.folder / "home"
    for name in ("secret", "keys.json", "other-plugin/data/notes", ".ssh/id_ed25519", ".bashrc", f"folder/{token}"):
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{token} of {name}\n", encoding="utf-8")
        path.chmod(0o600)
    room.own(home)
    with ExitStack() as stack:
        yard = Yard(room, token, None, _listeners(stack, room), _snapshot(home, room.venv))
        yard.known = {
            "home": str(home),
            "secret": str(home / "secret"),
            "venv": str(room.venv),
            "data": str(room.data_dir),
            "bootstrap": BOOTSTRAP,
            "host": os.getpid(),
            "tcp": yard.listeners["tcp"].getsockname()[1],
            "udp": yard.listeners["udp"].getsockname()[1],
            "stream": yard.listeners["stream"].getsockname(),
            "datagram": yard.listeners["datagram"].getsockname(),
            "abstract": yard.listeners["abstract"].getsockname().decode("ascii"),
        }
        if with_victim:
            _add_victim(stack, yard)
        yield yard


def _add_victim(stack: ExitStack, yard: Yard) -> None:
    room, token = yard.room, yard.token
    victim = stack.enter_context(
        subprocess.Popen(  # type: ignore[call-overload]
            [room.interpreter.program, "-I", "-S", "-c", VICTIM, f"token={token}", token.encode().hex()],
            env={"TOKEN": token, **dict(room.interpreter.environment)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            **room.identity,
        )
    )
    stack.callback(victim.kill)
    address, _ = victim.stdout.readline().split()
    yard.victim = victim
    yard.known |= {"victim": victim.pid, "address": int(address)}


def _listeners(stack: ExitStack, room: Room) -> dict[str, socket.socket]:
    kinds = {
        "tcp": (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
        "udp": (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
        "stream": (socket.AF_UNIX, socket.SOCK_STREAM, str(room.folder / "stream.socket")),
        "datagram": (socket.AF_UNIX, socket.SOCK_DGRAM, str(room.folder / "datagram.socket")),
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


PRELUDE = """
import os, sys

class Yard:
    def __init__(self, known):
        self.__dict__.update(known)

y = Yard(eval(sys.argv[1]))

def won():
    "Say that something worked which leaves no trace of its own."
    os.close(os.open(y.data + "/won", os.O_CREAT | os.O_WRONLY, 0o600))

def show(data):
    os.write(1, data if isinstance(data, bytes) else str(data).encode("utf-8", "replace"))
"""

CALLS = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)

def call(number, *arguments):
    "Make a system call; win if it works."
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    won()
    return result
"""


def prelude_for(code: str) -> str:
    """Return what goes before *code*: only what it uses, since every import adds to hundreds of starts."""
    modules = [name for name in ("errno", "mmap", "signal", "stat", "struct", "time") if f"{name}." in code]
    return (
        PRELUDE
        + "".join(f"import {name}\n" for name in modules)
        + (CALLS if any(word in code for word in ("call(", "libc", "ctypes")) else "")
    )


def attack(yard: Yard, code: str, **options: object) -> tuple[list[str], str]:
    """Run the attack *code*; return the damage, and what it said."""
    lines = code.splitlines()
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    script = prelude_for(code) + "\n".join(line[indent:] for line in lines)
    outcome = yard.room.run(script, repr(yard.known), **options)  # type: ignore[arg-type]
    return yard.damage(outcome.output), outcome.text
