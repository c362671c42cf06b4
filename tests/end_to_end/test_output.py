"""Where output goes when it cannot go anywhere: a full disk, a closed descriptor."""

from __future__ import annotations

import subprocess

import pytest

from .inn import LLM, Inn


@pytest.mark.parametrize(
    "arguments", [("--version",), ("--help",), ("models",), ("-m", "markov", "-o", "delay", "0", "some words here")]
)
def test_full_disk_behind_stdout_is_said(published: Inn, arguments: tuple[str, ...]) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [LLM, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            env=published.environment(),
            timeout=60,
            check=False,
        )

    assert done.returncode == 1
    assert done.stderr.decode().splitlines() == [
        "Error: A disk is full.",
        "  [Errno 28] No space left on device",
        "  Make room, and try again.",
    ]


@pytest.mark.parametrize("closed", ["", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_descriptor_is_nobody_listening(published: Inn, closed: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f'"$0" -m markov -o delay 0 "some words here" {closed}', LLM],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=published.environment(),
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, b"")
    assert bool(done.stdout) == (">&-" not in closed.replace("2>&-", ""))
