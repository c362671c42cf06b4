"""For every test: signals as at a terminal; and the real `llm` in an environment of its own, the reference."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

VERSION = "0.36"


def pytest_configure() -> None:
    """Let Ctrl-C reach what tests start: a shell's background job is born deaf to it, and so are all its children."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def real_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The interpreter of an environment that has the real llm."""
    environment = tmp_path_factory.mktemp("real-llm") / "venv"
    uv = str(Path(sys.executable).parent / "uv")
    python = str(environment / "bin" / "python")
    for command in (
        [uv, "venv", "--quiet", "--python", sys.executable, str(environment)],
        [uv, "pip", "install", "--quiet", "--python", python, f"llm=={VERSION}", "llm-echo"],
    ):
        subprocess.run(command, check=True)
    return python


@pytest.fixture
def real(real_python: str, tmp_path: Path) -> Callable[..., str]:
    """Run a program with the real llm, whose home is the test's own folder; return what it printed."""

    def run(program: str, *arguments: str, stdin: str = "") -> str:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("LLM_", "PYTHON"))}
        done = subprocess.run(
            [real_python, "-c", program, *arguments],
            env={**environment, "LLM_USER_PATH": str(tmp_path)},
            cwd=tmp_path,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
