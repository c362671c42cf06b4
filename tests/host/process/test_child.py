"""Children of the host: waited for, ended in bounded steps, reaped by whoever comes first."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import pytest
from innkeeper.process.child import Child, how_it_ended

IGNORES_SIGTERM = "import signal, time; signal.signal(15, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"
WAITS = "import time; print('ready', flush=True); time.sleep(600)"


def start(program: str) -> Child:
    """Start Python with *program*, and wait until it says that it is ready, where it does."""
    read, write = os.pipe()
    actions = [(os.POSIX_SPAWN_DUP2, write, 1)]
    pid = os.posix_spawn(
        sys.executable, [sys.executable, "-I", "-S", "-c", program], {}, file_actions=actions, setpgroup=0
    )
    os.close(write)
    if "ready" in program:
        assert os.read(read, 100) == b"ready\n"
    os.close(read)
    return Child(pid)


def is_gone(pid: int) -> bool:
    return not os.path.exists(f"/proc/{pid}")


def test_child_that_leaves_is_reaped_with_its_status() -> None:
    child = start("raise SystemExit(7)")

    assert child.wait(20)
    assert child.status == 7
    assert is_gone(child.pid)


def test_waiting_for_one_that_stays_is_bounded() -> None:
    child = start(WAITS)

    assert not child.wait(0.01)

    child.kill()
    assert child.status == -signal.SIGKILL


LEAVES_ONE = """
import os, time
reader, writer = os.pipe()
if os.fork() == 0:
    os.write(writer, b"up")
    time.sleep(600)
os.read(reader, 2)
"""


def signal_without_end(group: int) -> None:
    """Until it is gone: the kernel takes a moment, which the test's own limit bounds."""
    while True:
        os.killpg(group, 0)


def test_what_a_child_leaves_in_its_group_ends_with_it() -> None:
    child = start(LEAVES_ONE)

    assert child.wait(20)

    assert child.status == 0
    with pytest.raises(ProcessLookupError):
        signal_without_end(child.pid)


def test_ending_asks_before_it_kills() -> None:
    child = start(WAITS)

    child.end(leave_s=0, terminate_s=20)

    assert child.status == -signal.SIGTERM
    assert is_gone(child.pid)


def test_one_that_ignores_the_asking_is_killed() -> None:
    child = start(IGNORES_SIGTERM)

    child.end(leave_s=0, terminate_s=0.05)

    assert child.status == -signal.SIGKILL
    assert is_gone(child.pid)


def test_many_threads_may_wait_for_the_same_child() -> None:
    child = start(WAITS)
    seen: list[int | None] = []
    threads = [threading.Thread(target=lambda: seen.append(child.status if child.wait(20) else None)) for _ in range(8)]
    for thread in threads:
        thread.start()

    child.signal_group(signal.SIGKILL)
    for thread in threads:
        thread.join(20)

    assert seen == [-signal.SIGKILL] * 8


def test_signals_after_the_end_reach_nobody() -> None:
    child = start("pass")
    assert child.wait(20)
    began = time.monotonic()

    child.signal_group(signal.SIGKILL)
    child.end(leave_s=60, terminate_s=60)

    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (0, "It exited with status 0."),
        (7, "It exited with status 7."),
        (-9, "It was ended by SIGKILL."),
        (139, "It was ended by SIGSEGV."),
        (None, "It is still running."),
    ],
)
def test_an_end_is_told_in_words(status: int | None, sentence: str) -> None:
    """bubblewrap, which stands between, says 128 + N of a plugin that signal N ended."""
    assert how_it_ended(status) == sentence
