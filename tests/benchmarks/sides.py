"""The two programs called `llm` that are compared: run on commands, and at a terminal, with what came of it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pexpect
from exercises import Exercise
from innkeeper.untrusted import cleaned
from registrations import CONTROL

COMMAND_S = 120.0
TERMINAL_S = 30.0

REASON_LETTERS = 300

EACH_TIME_ANOTHER = re.compile(r"\btc_\w{26}\b|/tmp/tmp\w+|\b[0-9a-f]{8,}\b")
"""Ids of tool calls, temporary files, and what else is made of random digits."""


@dataclass(frozen=True)
class Outcome:
    """How a command ended, and what it printed."""

    status: int
    stdout: str
    stderr: str

    def reason(self) -> str:
        """Return what went wrong, in the command's words: the last line on stderr that is not set in."""
        lines = [line for line in self.stderr.splitlines() if line.strip()]
        chosen = next((line for line in reversed(lines) if not line[0].isspace()), "it said nothing")
        return cleaned(chosen, REASON_LETTERS)

    def text(self) -> str:
        """Return what was printed, without what is another each time."""
        return EACH_TIME_ANOTHER.sub("...", CONTROL.sub(" ", self.stdout))

    def why_not(self, exercise: Exercise) -> str:
        """Return why *exercise* is not done by this; "" where it is."""
        if exercise.status is not None and self.status != exercise.status:
            return f"exit {self.status}: {self.reason()}"
        if exercise.expects not in self.stdout + self.stderr:
            return f"no {exercise.expects!r} in {cleaned(self.stdout + self.stderr, REASON_LETTERS)!r}"
        return ""


@dataclass(frozen=True)
class Side:
    """A program with its whole environment, run in the folder *cwd*."""

    llm: str
    environment: Mapping[str, str]
    cwd: Path

    def given(self, more: Mapping[str, str]) -> Side:
        """Return this with *more* variables."""
        return replace(self, environment={**self.environment, **more})

    def run(self, *argv: str, stdin: str = "", limit_s: float = COMMAND_S) -> Outcome:
        """Run ``llm ARGV`` to its end, or for *limit_s* seconds."""
        try:
            done = subprocess.run(
                [self.llm, *argv],
                input=stdin.encode(),
                capture_output=True,
                env=dict(self.environment),
                cwd=self.cwd,
                timeout=limit_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Outcome(-1, "", f"It took more than {limit_s:.0f} s.")
        return Outcome(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))

    def do(self, exercise: Exercise) -> Outcome:
        """Run the command of *exercise*."""
        return self._at_terminal(exercise) if exercise.keys else self.run(*exercise.argv, stdin=exercise.stdin)

    def _at_terminal(self, exercise: Exercise) -> Outcome:
        environment = {**self.environment, "TERM": "xterm"}
        with pexpect.spawn(
            self.llm, list(exercise.argv), env=environment, cwd=str(self.cwd), encoding="utf-8", timeout=TERMINAL_S
        ) as terminal:
            try:
                terminal.expect_exact(exercise.prompt)
                terminal.send(exercise.keys)
                terminal.expect_exact(exercise.expects)
                terminal.expect(pexpect.EOF)
            except pexpect.ExceptionPexpect:
                return Outcome(-1, "", f"At the terminal: {terminal.before!r}")
        return Outcome(int(terminal.exitstatus or 0), exercise.expects, "")
