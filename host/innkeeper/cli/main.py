"""The commands ``llm`` and ``innkeeper``: from the arguments to the exit status.

What takes long to import is imported late, and the plugin that a command will need is started before that.
"""

from __future__ import annotations

import sys
from typing import NoReturn

VERSION_LINE = "innkeeper, version {}"


def main() -> NoReturn:
    """Run the command that the arguments name, and exit."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run a command; return its exit status. Every plugin it started is gone then."""
    if arguments == ["--version"]:
        from innkeeper.version import VERSION

        print(VERSION_LINE.format(VERSION))
        return 0
    from .early import start_early

    return _run_command(arguments, start_early(arguments))


def _run_command(arguments: list[str], started: object) -> int:
    from .errors import exit_status
    from .run import Run

    with Run(started) as command_run:
        return exit_status(lambda: _invoke(arguments, command_run), command_run)


def _invoke(arguments: list[str], command_run: object) -> int:
    from .group import group

    result = group().main(arguments, prog_name="llm", standalone_mode=False, obj=command_run)
    return result if isinstance(result, int) else 0
