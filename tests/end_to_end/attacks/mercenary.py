"""A hostile plugin for hire: its model does whatever the prompt's orders say, one after the other, in one process.

The orders come through a pipe in its data directory, and what came of each goes back as a line of the model's answer.
So a hundred attacks cost one start, and what each did can be looked at before the next.
"""

from __future__ import annotations

import itertools
import json
import os
import select
import subprocess
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from .people import Room

NAME = "mercenary"

AGENT = "agent"
"""The same plugin under another name, which the person allows what the mercenary is after: the control."""

CODE = '''
import json, os, sys
import click, llm

NAME = "a-name"

@llm.hookimpl
def register_models(register):
    register(Mercenary())
    register(Needy())

@llm.hookimpl
def register_commands(cli):
    @cli.command(name=f"{NAME}-does")
    @click.argument("code")
    @click.argument("known")
    def does(code, known):
        print(attempt(code, json.loads(known)))

class Mercenary(llm.Model):
    model_id = NAME
    can_stream = True

    def execute(self, prompt, stream, response, conversation):
        with open(os.path.join(str(llm.user_dir()), prompt.prompt)) as orders:
            yield json.dumps({"pid": os.getpid()}) + "\\n"
            for line in orders:
                yield json.dumps(carry_out(**json.loads(line))) + "\\n"

class Needy(llm.KeyModel):
    """Is there for what it needs: who allows its key allows the variable."""
    model_id = f"{NAME}-needy"
    needs_key = "openai"
    key_env_var = "PERSONS_SECRET"

    def execute(self, prompt, stream, response, conversation, key):
        yield ""

def carry_out(code, known, apart, folder):
    """Run *code* in a new *folder*; return what it showed, or raised. *apart*: in a child, so that it spoils nothing
    for the next.
    """
    os.chdir(known["data"])
    os.mkdir(folder)
    os.chdir(folder)
    if not apart:
        return {"said": attempt(code, known)}
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.set_inheritable(writing, False)
        said = attempt(code, known)
        os.write(writing, said.encode("utf-8", "replace")[:60000])
        os._exit(0)
    os.close(writing)
    with open(reading, errors="replace") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return {"said": said}

def attempt(code, known):
    shown, here = [], os.open(".", os.O_PATH)

    def show(*things):
        shown.extend(one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in things)

    def won():
        "Say that something worked which leaves no trace of its own."
        os.close(os.open("won", os.O_CREAT | os.O_WRONLY, 0o600, dir_fd=here))

    names = {"y": type("Known", (), known), "show": show, "won": won}
    try:
        exec(compile(code, "attack", "exec"), names)
    except BaseException as error:
        shown.append(f"{type(error).__name__}: {error}")
    os.close(here)
    return " ".join(shown)
'''


def code_of(name: str) -> str:
    """Return the module of the plugin called *name*."""
    return CODE.replace("a-name", name)


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

WIRE = """
from innkeeper_protocol import codec, methods
from innkeeper_sdk.api.host import current_host
peer = current_host()._peer
core = peer._core

def send(payload, length=None):
    "Send bytes to the host, past everything that the SDK would say to it."
    core.link.send((len(payload) if length is None else length).to_bytes(4, "big") + payload)

def message(**fields):
    send(codec.encode({"jsonrpc": "2.0", **fields}))

def ask(method_name, /, **params):
    "Call a method of the host as the SDK does, with params of our own."
    import msgspec
    method = methods.METHODS[method_name]
    return peer.call(method, msgspec.convert(params, method.params), timeout_s=20)
"""

ANSWER_S = 30.0
"""For one order. The slowest floods take some seconds."""


@dataclass(frozen=True)
class Report:
    """What came of an order: what the attacker *said* of it, and whether its process *died* of it; if so, how `llm`
    ended, and what the person saw on stderr.
    """

    said: str
    died: bool = False
    status: int = 0
    stderr: str = ""


class Mercenary:
    """The plugin *name* in one room, started when it is first needed, and again when it died."""

    def __init__(self, name: str, room: Room, known: Mapping[str, Any], secret: str) -> None:
        """*known* is what every order tells it; *secret* stands in the person's environment."""
        self.name = name
        self.room = room
        self._known = known
        self._secret = secret
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None
        self._orders = -1
        self._buffer = b""
        self._numbers = itertools.count()

    @property
    def is_there(self) -> bool:
        return self._process is not None

    def begin(self) -> int:
        """See that it runs; return the number of the host's process."""
        if self._process is None:
            self._start()
        assert self._process is not None
        return self._process.pid

    def carry_out(self, code: str) -> Report:
        """Have *code* carried out by a process that is there already."""
        known = {**self._known, "host": self.begin(), "data": str(self.room.data(self.name))}
        folder = f"attempt-{self.room.tier}-{next(self._numbers)}"
        order = {"code": prelude_for(code) + code, "known": known, "apart": self.room.tier == "off", "folder": folder}
        os.write(self._orders, json.dumps(order).encode() + b"\n")
        line = self._line()
        if line is not None:
            return Report(**json.loads(line))
        status, stderr = self._end()
        return Report("", died=True, status=status, stderr=stderr)

    def dismiss(self) -> None:
        """End it, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._end()

    def _start(self) -> None:
        room = self.room
        pipe = room.data(self.name) / f"orders-{room.tier}"
        pipe.parent.mkdir(exist_ok=True)
        pipe.unlink(missing_ok=True)
        os.mkfifo(pipe, 0o600)
        room.person.own(pipe)
        self._orders = os.open(pipe, os.O_RDWR)  # for writing alone it would wait for the plugin
        self._errors = open(room.person.folder.parent / f"stderr-{self.name}-{room.tier}", "w+b")  # noqa: SIM115
        flags = ["--no-sandbox"] if room.tier == "off" else []
        self._process = subprocess.Popen(
            [room.program, "--no-log", "-m", self.name, *flags, pipe.name],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=room.environment({"PERSONS_SECRET": self._secret, "OPENAI_API_KEY": self._secret}),
            cwd=room.cwd,
            process_group=0,
            **room.identity,
        )
        self._buffer = b""
        ready = self._line()
        assert ready is not None, self._end()

    def _line(self) -> bytes | None:
        """Return the next line of the answer, None where there is no more."""
        assert self._process is not None
        assert self._process.stdout is not None
        while b"\n" not in self._buffer:
            ready, _, _ = select.select([self._process.stdout], [], [], ANSWER_S)
            if not ready:
                self.dismiss()
                raise AssertionError("the attack hangs, and the host with it")
            piece = os.read(self._process.stdout.fileno(), 1 << 16)
            if not piece:
                return None
            self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line or self._line()

    def _end(self) -> tuple[int, str]:
        """Wait for the host's end; return its exit status, and what it wrote on stderr."""
        assert self._process is not None
        assert self._process.stdout is not None
        assert self._errors is not None
        status = self._process.wait(ANSWER_S)
        self._process.stdout.close()
        self._process = None
        os.close(self._orders)
        self._errors.seek(0)
        with self._errors as errors:
            return status, errors.read().decode("utf-8", "replace")


@contextmanager
def hired(name: str, room: Room, known: Mapping[str, Any], secret: str) -> Iterator[Mercenary]:
    """Yield the mercenary *name* in *room*, who is gone afterwards."""
    mercenary = Mercenary(name, room, known, secret)
    try:
        yield mercenary
    finally:
        mercenary.dismiss()


def prelude_for(code: str) -> str:
    """Return what goes before *code*: the modules and helpers that it uses."""
    modules = ["os", "errno", "fcntl", "mmap", "signal", "socket", "stat", "struct", "sys", "time"]
    used = [name for name in modules if name == "os" or f"{name}." in code]
    return (
        "".join(f"import {name}\n" for name in used)
        + (CALLS if any(word in code for word in ("call(", "libc", "ctypes")) else "")
        + (WIRE if any(word in code for word in ("send(", "message(", "ask(", "peer", "core.")) else "")
    )


def dedented(code: str) -> str:
    return textwrap.dedent(code).strip("\n")
