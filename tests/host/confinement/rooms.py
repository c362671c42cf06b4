"""Rooms to put an attacker in: every tier that works here, as root and as an ordinary user, and no tier at all.

A script of the test runs as a plugin would, through `confine`. What an ordinary user needs to read is copied where
everyone can, since the interpreter of the tests may lie in root's home.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from innkeeper.confinement.broker import Broker
from innkeeper.confinement.confine import Confined, Run, confine
from innkeeper.confinement.policy import Policy
from innkeeper.confinement.tier import Tier, probe

TIMEOUT_S = 30
NOBODY = 65534

USERS = ["root", "user"] if os.geteuid() == 0 else ["user"]


@dataclass(frozen=True)
class Interpreter:
    """A base interpreter and its prefix, readable by everyone, and what a copy needs in its environment to be one."""

    program: str
    base_prefix: str
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Room:
    """A tier and who is in it. *folder* is the plugin's part of the disk, owned by that user."""

    tier: str
    user: str
    interpreter: Interpreter
    folder: Path

    @property
    def uid(self) -> int:
        return NOBODY if os.geteuid() == 0 and self.user == "user" else os.geteuid()

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    @property
    def venv(self) -> Path:
        return self.folder / "venv"

    @property
    def site_packages(self) -> Path:
        return self.venv / "lib" / "site-packages"

    @property
    def identity(self) -> dict[str, object]:
        """What makes subprocess start a process as the user of this room."""
        return {"user": self.uid, "group": self.uid, "extra_groups": []} if self.uid != os.geteuid() else {}

    def own(self, *paths: Path) -> None:
        """Give *paths*, and what is below them, to the user of this room."""
        for path in paths:
            for one in [path, *path.rglob("*")]:
                os.chown(one, self.uid, self.uid, follow_symlinks=False)

    def confined(self, run: Run, policy: Policy, **options: object) -> Confined:
        defaults = {
            "interpreter": self.interpreter.program,
            "base_prefix": self.interpreter.base_prefix,
            "data_dir": str(self.data_dir),
            "venv": str(self.venv),
            "site_packages": str(self.site_packages),
            "environ": {},
        }
        policy = policy._replace(environment=policy.environment + self.interpreter.environment)
        confined = confine(self.tier, policy, run=run, **{**defaults, **options})  # type: ignore[arg-type]
        if confined.tmp_dir:
            self.own(Path(confined.tmp_dir))
        return confined

    def start(self, confined: Confined, **options: object) -> subprocess.Popen[bytes]:
        """Start *confined* as the user of this room."""
        defaults = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        process = subprocess.Popen(  # type: ignore[call-overload]
            confined.argv,
            env=confined.environment,
            pass_fds=confined.pass_fds,
            **{**defaults, **options, **self.identity},
        )
        confined.started()
        return process  # type: ignore[no-any-return]

    def run(self, code: str, *arguments: object, policy: Policy | None = None, **options: object) -> Outcome:
        """Run *code* as a plugin, and return what came of it once it has ended."""
        script = self.folder / "attempt" / "attempt.py"
        script.parent.mkdir(exist_ok=True)
        script.write_text(code, encoding="utf-8")
        policy = policy or Policy("attacker")
        confined = self.confined(Run(script=str(script), argv=tuple(map(str, arguments))), policy, **options)
        denials: list[tuple[str, str, int]] = []
        try:
            with self.broker(confined, policy, denials):
                process = self.start(confined)
                try:
                    output, _ = process.communicate(timeout=TIMEOUT_S)
                finally:
                    process.kill()
                    process.wait(TIMEOUT_S)
        finally:
            confined.cleanup()
        return Outcome(process.returncode, output, denials)

    @contextmanager
    def broker(self, confined: Confined, policy: Policy, denials: list[tuple[str, str, int]]) -> Iterator[None]:
        if confined.broker_fd is None:
            yield
            return
        broker = Broker(
            confined.broker_fd,
            policy,
            environ={},
            on_denied=lambda plugin, host, port, _: denials.append((plugin, host, port)),
        )
        broker.start()
        try:
            yield
        finally:
            broker.close()


@dataclass(frozen=True)
class Outcome:
    status: int
    output: bytes
    denials: list[tuple[str, str, int]]

    @property
    def text(self) -> str:
        return self.output.decode("utf-8", "replace").strip()


@cache
def bubblewrap_here() -> str | None:
    with tempfile.TemporaryDirectory() as folder:
        found: str | None = probe(folder)["bubblewrap"]
        return found


def working_tiers() -> list[str]:
    """Return the tiers that this machine can enforce; tier ns only where bubblewrap works."""
    return ["ns", "inproc"] if bubblewrap_here() else ["inproc"]


def with_bubblewrap(tier: str) -> Tier:
    named = Tier(tier)
    named.bubblewrap = bubblewrap_here()
    return named


def everyones_interpreter(folder: Path) -> Iterator[Interpreter]:
    """Yield this interpreter, copied into *folder* when an ordinary user could not read it."""
    program, prefix = Path(os.path.realpath(sys._base_executable)), Path(sys.base_prefix)  # type: ignore[attr-defined]
    if os.geteuid() != 0 or all(path.stat().st_mode & 0o001 for path in (program, *program.parents)):
        yield Interpreter(str(program), str(prefix))
        return
    library = Path(sysconfig.get_path("stdlib"))
    unneeded = shutil.ignore_patterns(
        "site-packages", "test", "tests", "idlelib", "tkinter", "ensurepip", "config-*", "lib2to3"
    )
    shutil.copytree(library, folder / "lib" / library.name, ignore=unneeded, symlinks=True)
    for shared in library.parent.glob("libpython*.so*"):
        shutil.copy2(shared, folder / "lib" / shared.name, follow_symlinks=False)
    (folder / "bin").mkdir()
    shutil.copy2(program, folder / "bin" / program.name)
    libraries = ("LD_LIBRARY_PATH", str(folder / "lib"))  # the program itself names the folder that was copied
    yield Interpreter(str(folder / "bin" / program.name), str(folder), (libraries,))
