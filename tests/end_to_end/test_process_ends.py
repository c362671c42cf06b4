"""No plugin outlives its host, and none is left behind dead: however the host ends."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from .inn import Inn
from .processes import Watched, descendants

GONE_S = 5.0
"""The kernel kills them at once; this is for a busy machine."""


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.mark.parametrize("model", ["waits", "stubborn"])
def test_plugin_dies_with_a_host_that_is_killed(rogues: Inn, model: str) -> None:
    with rogues.running("-m", model, "hi") as host:
        assert first_line(host) == "ready\n"
        plugin = Watched(descendants(host.pid))

        host.kill()

        assert plugin.left_after(GONE_S) == []


def test_interrupt_ends_the_call_and_the_plugin(rogues: Inn) -> None:
    with rogues.running("-m", "waits", "hi") as host:
        assert first_line(host) == "ready\n"
        plugin = Watched(descendants(host.pid))

        host.send_signal(signal.SIGINT)
        status = host.wait(20)

        assert status == 130
        assert plugin.left_after(GONE_S) == []


def test_interrupt_before_a_command_runs_is_no_traceback(rogues: Inn, tmp_path: Path) -> None:
    """What is imported first of all sends it: a person's Ctrl-C comes then about once in twenty."""
    (tmp_path / "msgspec.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGINT)")

    outcome = rogues.run("-m", "waits", "hi", environment={"PYTHONPATH": str(tmp_path)})

    assert (outcome.status, outcome.stdout, outcome.stderr) == (130, "", "\nAborted!\n")


def test_second_interrupt_ends_a_stubborn_plugin_at_once(rogues: Inn) -> None:
    with rogues.running("-m", "stubborn", "hi") as host:
        assert first_line(host) == "ready\n"
        plugin = Watched(descendants(host.pid))

        host.send_signal(signal.SIGINT)
        host.send_signal(signal.SIGINT)
        _, said = host.communicate(timeout=20)

        assert (host.returncode, said.count("Aborted!"), "Traceback" in said) == (130, 1, False)
        assert plugin.left_after(GONE_S) == []


def test_reader_that_leaves_ends_a_flood(rogues: Inn) -> None:
    with rogues.running("-m", "floods", "hi") as host:
        assert host.stdout is not None
        assert host.stdout.read(5000) == "x" * 5000
        plugin = Watched(descendants(host.pid))

        host.stdout.close()
        host.wait(20)

        assert plugin.left_after(GONE_S) == []


def test_stopping_the_host_tidily_ends_the_plugin(rogues: Inn) -> None:
    with rogues.running("-m", "waits", "hi") as host:
        assert first_line(host) == "ready\n"
        plugin = Watched(descendants(host.pid))

        host.terminate()
        host.wait(20)

        assert plugin.left_after(GONE_S) == []
