"""One home, and the real `llm` command run in it: what a person at a shell would do, and what came of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pexpect

LLM = str(Path(sys.executable).parent / "llm")

COMMAND_S = 110.0
"""Longer than anything here takes, shorter than a test's own limit. The first install of all waits for downloads."""


@dataclass(frozen=True)
class Outcome:
    """How a command ended, and what it wrote."""

    status: int
    stdout: str
    stderr: str


class Inn:
    """A home in a folder of its own. Nothing of the person who runs the tests leaks in: no keys, no settings."""

    program = LLM
    identity: Mapping[str, Any] = {}
    """What makes `subprocess` start a process as another user, where the person is not who runs the tests."""
    cwd: Path | None = None
    """Where the person is, unless a test says so."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LLM_", "INNKEEPER_", "PYTEST_", "COV_")) and not name.endswith("_API_KEY")
        }
        inherited.pop("PYTHONDONTWRITEBYTECODE", None)
        return {**inherited, "LLM_USER_PATH": str(self.home), **(more or {})}

    def run(
        self,
        *arguments: str,
        stdin: str | bytes = b"",
        environment: Mapping[str, str] | None = None,
        timeout_s: float = COMMAND_S,
        cwd: Path | None = None,
    ) -> Outcome:
        """Run ``llm ARGUMENTS`` to its end. Output that is no UTF-8 comes back with surrogates."""
        done = subprocess.run(
            [self.program, *arguments],
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            env=self.environment(environment),
            timeout=timeout_s,
            cwd=cwd or self.cwd,
            check=False,
            **self.identity,
        )
        return Outcome(
            done.returncode,
            done.stdout.decode("utf-8", "surrogateescape"),
            done.stderr.decode("utf-8", "surrogateescape"),
        )

    def ok(self, *arguments: str, **how: Any) -> str:
        """Run ``llm ARGUMENTS``, which must succeed; return what it wrote on stdout."""
        outcome = self.run(*arguments, **how)
        assert outcome.status == 0, outcome
        return outcome.stdout

    def fails(self, *arguments: str, status: int = 1, **how: Any) -> str:
        """Run ``llm ARGUMENTS``, which must fail with *status* and a message, not a traceback; return stderr."""
        outcome = self.run(*arguments, **how)
        assert outcome.status == status, outcome
        assert outcome.stderr.startswith("Error: ") or "\nError: " in outcome.stderr or status == 2, outcome
        assert "Traceback" not in outcome.stderr, outcome
        return outcome.stderr

    @contextmanager
    def running(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """Start ``llm ARGUMENTS`` in a process group of its own, as a shell does; it is gone at the end."""
        process = subprocess.Popen(
            [self.program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=self.environment(),
            process_group=0,
            cwd=self.cwd,
            **self.identity,
        )
        with process:
            try:
                yield process
            finally:
                process.kill()

    def at_terminal(self, *arguments: str, columns: int = 80) -> pexpect.spawn[str]:
        """Start ``llm ARGUMENTS`` with a terminal of its own."""
        return pexpect.spawn(
            LLM,
            list(arguments),
            env={**self.environment(), "TERM": "xterm"},
            encoding="utf-8",
            timeout=30,
            echo=False,
            dimensions=(24, columns),
        )

    def plugins(self) -> dict[str, dict[str, Any]]:
        """Return what ``llm plugins`` says of each installed plugin, by name."""
        return {plugin["name"]: plugin for plugin in json.loads(self.ok("plugins"))}

    def log(self, plugin: str) -> str:
        return (self.home / "plugins" / plugin / "plugin.log").read_text("utf-8", "replace")
