"""The commands ``llm`` and ``innkeeper``: from the arguments to the exit status.

What takes long to import is imported late, and the plugin that a command will need is started before that.
"""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from .run import Run

VERSION_LINE = "innkeeper, version {}"
INTERRUPTED = 130
"""The exit status of what Ctrl-C ended."""

GARBAGE_OBJECTS = 50_000
"""New objects after which Python looks for cycles among them: more than a prompt makes. With the 700 of older versions
a twentieth of all imports is spent on looking, in vain."""


def main() -> NoReturn:
    """Run the command that the arguments name, and leave.

    That is by ``os._exit``, once exit functions have run and streams are flushed: tearing the interpreter down would
    cost a tenth of a short run, and free nothing that the end of the process does not.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # started with it closed: what is written is for nobody
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  # until we leave
    gc.set_threshold(GARBAGE_OBJECTS)
    try:
        status = run(sys.argv[1:])
    except KeyboardInterrupt:  # before there is a command that could take it, or when it is over
        print("\nAborted!", file=sys.stderr)
        status = INTERRUPTED
    import atexit

    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # a reader that left was seen to; a full disk, too
            stream.flush()
    os._exit(status)


def run(arguments: list[str]) -> int:
    """Run a command; return its exit status. Every plugin it started is gone then."""
    if arguments == ["--version"]:
        from innkeeper.version import VERSION

        with suppress(OSError):  # where it cannot be written, the command below says why
            print(VERSION_LINE.format(VERSION), flush=True)
            return 0
    from .early import start_early

    return _run_command(arguments, start_early(arguments))


def _run_command(arguments: list[str], started: object) -> int:
    from .errors import exit_status
    from .run import Run

    status = 0
    try:
        with Run(started) as command_run:
            status = exit_status(lambda: _invoke(arguments, command_run), command_run)
    except KeyboardInterrupt:
        if status != INTERRUPTED:  # else it is the second one, and it was said
            raise
    return status


def _invoke(arguments: list[str], command_run: Run) -> int:
    from .plain_prompt import plain_prompt

    if command_run.has_begun:
        from innkeeper_protocol.msgspec_alone import import_msgspec

        import_msgspec()
    given = plain_prompt(arguments, command_run.has_command)
    if given is None:
        from .group import invoke

        return invoke(arguments, command_run)
    from .ask import ask
    from .prompt_request import Request

    ask(Request(run=command_run, **given))
    return 0
