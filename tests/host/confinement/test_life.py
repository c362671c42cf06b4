"""How a confined process lives and ends: with its host, whatever that dies of, and on Ctrl-C only if it wants to."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from innkeeper.confinement.confine import BOOTSTRAP, LOCKDOWN_FAILED, Run
from innkeeper.confinement.policy import Policy

from .rooms import Room

HOST = """
import os, signal, subprocess, sys, time
sys.path.insert(0, sys.argv[1])
from innkeeper.confinement.confine import Run, confine
from innkeeper.confinement.policy import Policy
from innkeeper.confinement.tier import Tier
tier = Tier(sys.argv[2])
tier.bubblewrap = sys.argv[3]
confined = confine(
    tier, Policy("orphan", environment=eval(sys.argv[10]), run=tuple(sys.argv[11:])),
    interpreter=sys.argv[4], base_prefix=sys.argv[5], data_dir=sys.argv[6],
    run=Run(script=sys.argv[7]), environ={"TMPDIR": sys.argv[8]},
)
plugin = subprocess.Popen(
    confined.argv, env=confined.environment, pass_fds=(*confined.pass_fds, int(sys.argv[9])), process_group=0
)
confined.started()
os.close(int(sys.argv[9]))
time.sleep(60)
"""

DEATH_TIMEOUT_S = 10


def package_root() -> str:
    return str(Path(BOOTSTRAP).parents[2])


ALONE = "import os, time\nos.write({writer}, b'up')\ntime.sleep(60)\n"

WITH_A_PROGRAM = """
import os, subprocess, time
program = subprocess.Popen(["sleep", "60"], pass_fds=[{writer}])
if os.fork() == 0:
    time.sleep(60)
os.write({writer}, b"up")
time.sleep(60)
"""


@pytest.mark.parametrize("code", [ALONE, WITH_A_PROGRAM], ids=["alone", "with a program"])
def test_a_plugin_dies_with_a_host_that_is_killed(room: Room, code: str) -> None:
    """Their ends of the pipe close when, and only when, all of them are gone."""
    reader, writer = os.pipe()
    script = room.folder / "attempt" / "orphan.py"
    script.parent.mkdir()
    script.write_text(code.format(writer=writer), encoding="utf-8")
    programs = [str(shutil.which("sleep"))] if code == WITH_A_PROGRAM else []
    program = room.interpreter.program
    arguments = [package_root(), str(room.tier), getattr(room.tier, "bubblewrap", None) or "", program]
    arguments += [room.interpreter.base_prefix, str(room.data_dir), str(script), "/tmp", str(writer)]
    libraries = dict(room.interpreter.environment)
    host = subprocess.Popen(
        [program, "-c", HOST, *arguments, repr(room.interpreter.environment), *programs],
        pass_fds=(writer,),
        env=libraries,
        **room.identity,
    )
    with host:
        os.close(writer)
        try:
            assert select.select([reader], [], [], DEATH_TIMEOUT_S)[0], "the plugin did not come up"
            assert os.read(reader, 10) == b"up"
        finally:
            host.kill()
    assert select.select([reader], [], [], DEATH_TIMEOUT_S)[0], "the plugin outlived its host"
    assert os.read(reader, 10) == b""
    os.close(reader)


def test_a_plugin_whose_host_is_gone_already_does_not_start(room: Room) -> None:
    """Between its start and the kernel's promise to kill it lies a moment, so it looks whether its parent is there."""
    if room.tier == "ns":
        return  # bubblewrap keeps the promise there
    confined = room.confined(Run(script="/nonexistent"), Policy("orphan"))
    code = """
import os, sys
reader, writer = os.pipe()
if os.fork():
    os._exit(0)
os.close(writer)
os.read(reader, 1)  # until the parent is gone
os.execv(sys.argv[1], sys.argv[1:])
"""
    with subprocess.Popen(
        [sys.executable, "-c", code, *confined.argv],
        env=confined.environment,
        pass_fds=confined.pass_fds,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        confined.started()
        output, _ = process.communicate(timeout=DEATH_TIMEOUT_S)
    confined.cleanup()

    assert output == b""


INTERRUPTED = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit("asked to leave"))
try:
    print("up", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize(
    ("number", "answer"),
    [(signal.SIGINT, (b"interrupted\n", [0])), (signal.SIGTERM, (b"asked to leave\n", [1])), (9, (b"", [-9, 137]))],
)
def test_a_signal_to_the_group_reaches_the_plugin(room: Room, number: int, answer: tuple[bytes, list[int]]) -> None:
    """And not bubblewrap round it, which would take the plugin down with it."""
    script = room.folder / "attempt" / "interrupted.py"
    script.parent.mkdir()
    script.write_text(INTERRUPTED, encoding="utf-8")
    confined = room.confined(Run(script=str(script)), Policy("patient"))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, confined.blocked_signals)
    try:
        process = room.start(confined, process_group=0)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        os.killpg(process.pid, number)
        output, _ = process.communicate(timeout=DEATH_TIMEOUT_S)
    finally:
        process.kill()
        process.wait(DEATH_TIMEOUT_S)
        confined.cleanup()

    assert output == answer[0]
    assert process.returncode in answer[1]


def test_what_cannot_be_locked_down_does_not_run(room: Room) -> None:
    """A limit above what the host itself may have: the kernel refuses to set it, so the plugin must not start."""
    confined = room.confined(Run(script=str(room.folder / "never.py")), Policy("unlucky"))
    (room.folder / "never.py").write_text("print('ran')", encoding="utf-8")
    import marshal

    descriptor = confined.pass_fds[0]
    spec = marshal.loads(os.pread(descriptor, 1 << 20, 0))
    spec["lockdown"]["limits"] = [(99, 1)]
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, marshal.dumps(spec, 2), 0)
    process = room.start(confined)
    output, _ = process.communicate(timeout=DEATH_TIMEOUT_S)
    confined.cleanup()

    assert process.returncode == LOCKDOWN_FAILED
    assert output == b"innkeeper: could not lock this process down: [Errno 22] prlimit(99): Invalid argument\n"


def test_the_private_tmp_is_gone_afterwards(room: Room) -> None:
    outcome = room.run(
        "import tempfile, os\nopen(tempfile.mkdtemp() + '/file', 'w').close()\nprint(os.environ['TMPDIR'])"
    )

    assert outcome.status == 0
    assert room.tier == "ns" or not os.path.exists(outcome.text)


def test_the_tmp_of_a_host_that_was_killed_is_swept_by_the_next(tmp_path: Path) -> None:
    from innkeeper.confinement.private_tmp import make_private_tmp, remove_private_tmp

    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    mine = make_private_tmp({"TMPDIR": str(tmp_path)})
    left = mine.replace(f"-{os.getpid()}-", f"-{gone.pid}-")
    os.makedirs(os.path.join(left, "folder"))
    (tmp_path / "innkeeper-notes").mkdir()

    remove_private_tmp(mine)

    assert os.listdir(tmp_path) == ["innkeeper-notes"]


def test_every_descriptor_is_closed_in_the_end(room: Room) -> None:
    before = sorted(os.listdir("/proc/self/fd"))

    room.run("pass")

    assert sorted(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("version", ["3.10", "3.11", "3.12", "3.13", "3.14"])
def test_it_starts_on_every_python_that_plugins_may_need(version: str, tmp_path: Path) -> None:
    """On those of them that this machine has."""
    for program in _pythons(version):
        code = "import sys; print(sys.base_prefix)"
        done = subprocess.run([program, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
        _start_with(program, done.stdout.strip(), tmp_path)


def _pythons(version: str) -> list[str]:
    found = [str(path) for path in Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}")]
    found += [str(path) for path in Path.home().glob(f".local/share/uv/python/cpython-{version}.*/bin/python{version}")]
    if sys.version.startswith(version + "."):
        found.append(sys._base_executable)  # type: ignore[attr-defined]
    return found


def _start_with(program: str, prefix: str, folder: Path) -> None:
    from innkeeper.confinement.confine import confine

    from .rooms import with_bubblewrap, working_tiers

    script = folder / "hello.py"
    script.write_text(
        "import socket, sys\nprint(sys.version_info[1], sys.prefix)\n"
        "try:\n    socket.create_connection(('localhost', 1))\nexcept PermissionError as error:\n    print(error)\n"
        "try:\n    open('/etc/passwd')\nexcept OSError:\n    print('unreadable')",
        encoding="utf-8",
    )
    for tier in working_tiers():
        confined = confine(
            with_bubblewrap(tier),
            Policy("hello"),
            interpreter=program,
            base_prefix=prefix,
            data_dir=str(folder / "data"),
            venv="/the/venv",
            run=Run(script=str(script)),
        )
        options = {"env": confined.environment, "pass_fds": confined.pass_fds, "timeout": DEATH_TIMEOUT_S}
        done = subprocess.run(confined.argv, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
        confined.cleanup()
        minor = Path(program).name.removeprefix("python3.")
        refused = "[Errno 13] hello may not connect to localhost:1: it has no network here"
        assert (done.stdout.splitlines(), done.stderr) == ([f"{minor} /the/venv", refused, "unreadable"], ""), (
            program,
            tier,
        )
