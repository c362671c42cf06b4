"""``python -m tests.conformance [--role host] COMMAND...``: try an implementation of the protocol, in any language."""

from __future__ import annotations

import argparse
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence

from .dialogue import PATIENCE_S, attempts


@contextlib.contextmanager
def started(command: Sequence[str], role: str) -> Iterator[socket.socket]:
    """Start the peer under test; yield the tester's end of its channel. It must leave when that is closed."""
    ours, theirs = socket.socketpair()
    environment = {**os.environ, "INNKEEPER_CHANNEL": str(theirs.fileno()), "INNKEEPER_ROLE": role}
    with ours, subprocess.Popen(command, pass_fds=[theirs.fileno()], env=environment) as process:
        theirs.close()
        try:
            yield ours
        finally:
            ours.close()
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()


def main() -> int:
    """Print a line for each dialogue; return 1 if any went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--role", choices=["plugin", "host"], default="plugin", help="what to try it as")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="what starts the peer under test")
    arguments = parser.parse_args()
    if not arguments.command:
        parser.error("which command starts the peer under test?")
    wrong = 0
    for name, problem in attempts(arguments.role, lambda: started(arguments.command, arguments.role)):
        print(f"{'WRONG' if problem else 'ok':6}{name}{': ' if problem else ''}{problem}", flush=True)
        wrong += bool(problem)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
