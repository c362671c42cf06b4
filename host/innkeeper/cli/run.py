"""One run of the command line: the home, the host when a command needs one, and how the person is spoken to."""

from __future__ import annotations

import os
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any

from innkeeper.errors import InnkeeperError
from innkeeper.paths import Home, find_home

from .names import COMMANDS

if TYPE_CHECKING:
    from innkeeper.installation.inventory import InstalledPlugin
    from innkeeper.remote.host import Host

    from .progress import Progress


def working_directory() -> str | None:
    """Return where the person stands; None where that was deleted, so that paths relative to it name nothing."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return None


class Run:
    """Passed to every command as click's ``obj``. *started* is the host of `early`, or None.

    *as_json* says that the command was asked for JSON, which then tells of failures, too.
    """

    def __init__(self, started: Any = None) -> None:
        self.home: Home = started.home if started is not None else find_home()
        self.no_sandbox = os.environ.get("INNKEEPER_NO_SANDBOX") == "1"
        self.as_json = False
        self._host: Host | None = started
        self._progress: Progress | None = None
        self._is_told = False

    @property
    def has_begun(self) -> bool:
        """Whether there is a host, so that a plugin is likely to be spoken with."""
        return self._host is not None

    @property
    def host(self) -> Host:
        """The host; made when first asked for, closed when the run ends."""
        if self._host is None:
            from innkeeper.remote.host import Host

            self._host = Host(self.home, no_sandbox=self.no_sandbox, cwd=working_directory())
        if not self._is_told:
            self._is_told = True
            self._host.progress = self.progress.show
            self._host.notice = self._say
            for name in self._host.not_installed:
                print(f"Warning: LLM_LOAD_PLUGINS names '{name}', and no such plugin is installed.", file=sys.stderr)
        return self._host

    def has_command(self, name: str) -> bool:
        """Say whether a plugin has a command *name*."""
        from innkeeper.remote.commands import find_command

        return find_command(self.host.index, COMMANDS, name) is not None

    @property
    def progress(self) -> Progress:
        """Where lines about what takes long go."""
        if self._progress is None:
            from .progress import Progress

            self._progress = Progress(sys.stderr)
        return self._progress

    def _say(self, line: str) -> None:
        """Write a line to the person, below whatever is being done."""
        self.progress.clear()
        print(line, file=sys.stderr, flush=True)

    def refresh(self, plugin: InstalledPlugin) -> None:
        """Have *plugin* say anew what it registers. What led to that stands, whatever comes of this."""
        try:
            self.host.refresh(plugin)
        except InnkeeperError as error:
            self.progress.clear()
            print(f"Warning: {error}", file=sys.stderr)
        self.progress.clear()

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.clear()
        if self._host is not None:
            self._host.close()
            for line in self._host.left_to_tell():
                print(line, file=sys.stderr)
