"""Plugins' commands: which one a name means, and one run of it on the person's terminal. Finding starts nothing.

No plugin takes a name that has a meaning already: the host's own commands come first, then those of the plugin that was
installed first. What is hidden in this way stays within reach: ``llm plugins run PLUGIN COMMAND``.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from innkeeper.installation.fingerprint import has_changed
from innkeeper.installation.inventory import Index, InstalledPlugin

if TYPE_CHECKING:
    from innkeeper_protocol.payloads.commands import CommandInfo, RunCommandParams

    from innkeeper.process.session import Session

    from .host import Host

BUILT_IN = "Innkeeper"
"""Stands for a plugin's name where it is the host's own command that hides another."""

MOST_FILES = 500
"""Of a plugin's data, looked at before and after a command; what holds more is a cache."""

TRACEBACK_LETTERS = 20_000
"""Of a traceback, whose end says most. One with a hundred frames has some 10,000."""

LOOK_AGAIN_S = 60.0
"""Between two looks whether a command that became another program (exec) has ended; its end wakes us by itself."""


class Command(NamedTuple):
    """A command of a plugin. *entry* is what the index says of it, *hidden_by* whose command its name means instead."""

    plugin: InstalledPlugin
    entry: dict[str, Any]
    hidden_by: str = ""

    @property
    def name(self) -> str:
        return str(self.entry["name"])

    @property
    def full_name(self) -> str:
        """What runs it, hidden or not, when typed after ``llm``."""
        return f"plugins run {self.plugin.name} {self.name}"


def all_commands(index: Index, built_in: Container[str]) -> Iterator[Command]:
    """Yield every command of every plugin, in the order of the index. *built_in* are the names of the host's own."""
    owners: dict[str, str] = {}
    for plugin in index.plugins:
        for entry in plugin.commands:
            name = str(entry["name"])
            owner = BUILT_IN if name in built_in else owners.setdefault(name, plugin.name)
            yield Command(plugin, entry, "" if owner == plugin.name else owner)


def find_command(index: Index, built_in: Container[str], name: str) -> Command | None:
    """Return the command of a plugin that *name* means, or None."""
    found = (command for command in all_commands(index, built_in) if command.name == name)
    return next((command for command in found if not command.hidden_by), None)


def command_info(host: Host, command: Command) -> CommandInfo | None:
    """Return what its plugin's manifest says of *command*. Raises StorageError."""
    from innkeeper.installation.manifest import read_manifest

    described = read_manifest(host.home, command.plugin).commands
    return next((info for info in described if info.name == command.name), None)


def shown_paths(host: Host, plugin: InstalledPlugin, arguments: Sequence[str]) -> tuple[str, ...]:
    """Return the files and folders that *arguments*, typed by the person, name: *plugin* may read them in this run.

    An argument may be any word, so one that names what no plugin may see is a word, and no error.
    """
    from innkeeper.errors import UsageError

    from .named_paths import named_paths

    found: dict[str, None] = {}
    for argument in arguments:
        text = argument.partition("=")[2] if argument.startswith("-") else argument
        try:
            found.update(dict.fromkeys(named_paths([text], plugin.name, home=host.home, cwd=host.cwd)))
        except UsageError:
            continue
    return tuple(found)


class Ended(NamedTuple):
    """How a command ended: its *exit_code*, and whether it *changed* files on which may hang what its plugin
    registers.
    """

    exit_code: int
    changed: bool


def run_command(
    host: Host,
    command: Command,
    arguments: Sequence[str],
    *,
    lend: Callable[[], None],
    program: str = "llm",
    models: str = "",
) -> Ended:
    """Run *command* to its end on this process's terminal; only for the main thread.

    *lend* is called when the plugin has started, before the command has the terminal. *program* is what its usage lines
    begin with, *models* what `Host.session` takes. Raises PluginStopped for a command that crashed, PluginCallFailed,
    and as `Host.session`.
    """
    from innkeeper_protocol.payloads.commands import RunCommandParams

    from innkeeper.process.terminal import signals_left_to_command

    plugin = command.plugin
    data_dir = host.home.data_dir(plugin.name)
    before = _state(data_dir)
    session = host.session(plugin, read=shown_paths(host, plugin, arguments), terminal=True, models=models)
    params = RunCommandParams(name=command.name, arguments=tuple(arguments), program=program, cwd=host.cwd)
    try:
        lend()
        with signals_left_to_command():
            exit_code = _exit_code(session, params)
    finally:
        session.close()
    changed = _state(data_dir) != before or has_changed(plugin.watched)
    return Ended(exit_code, changed)


def _state(folder: str) -> list[tuple[str, int, int]]:
    """Return path, modification time and size of what is in *folder*, of as much of it as can be configuration.

    A plugin that only asks whether a file is there leaves no trace of that when it is described, so all count.
    """
    found: list[tuple[str, int, int]] = []
    folders = [folder]
    while folders and len(found) < MOST_FILES:
        with suppress(OSError), os.scandir(folders.pop(0)) as entries:
            for entry in itertools.islice(entries, MOST_FILES - len(found)):
                state = entry.stat(follow_symlinks=False)
                found.append((entry.path, state.st_mtime_ns, state.st_size))
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
    return sorted(found)


def _exit_code(session: Session, params: RunCommandParams) -> int:
    """Run a command and return its exit code, however it came to one: by its answer, or by the end of its process."""
    from innkeeper_protocol import methods
    from innkeeper_protocol.errors import CallFailed, ConnectionLost

    with session.translating(methods.RUN_COMMAND):
        try:
            return session.peer.call(methods.RUN_COMMAND, params).exit_code & 0xFF
        except CallFailed as error:
            _log_traceback(session, error.data)
            raise
        except ConnectionLost as error:
            if not isinstance(session.peer.why_closed, ConnectionLost):
                raise  # it broke the protocol, and is ended for that
            return _exit_code_of_process(session, params, error)


def _log_traceback(session: Session, data: Any) -> None:
    """Keep the traceback of an exception in the log: the command's stderr is the person's."""
    from innkeeper.process.log import note

    text = data.get("traceback") if isinstance(data, dict) else None
    if isinstance(text, str):
        note(session.launched.log.path, f"the command raised an exception\n{text[-TRACEBACK_LETTERS:].rstrip()}")


def _exit_code_of_process(session: Session, params: RunCommandParams, error: Exception) -> int:
    """Wait for the end of a process that did not answer: ``os._exit``, or another program that it became by exec."""
    from innkeeper.errors import PluginStopped
    from innkeeper.process.child import ended_by, how_it_ended
    from innkeeper.process.terminal import ENDED_BY_SIGNAL, SIGINT, SIGPIPE

    child = session.launched.child
    while not child.wait(LOOK_AGAIN_S):
        pass
    signal = ended_by(child.status)
    if signal is None:
        return child.status or 0
    if signal in (SIGINT, SIGPIPE):
        return ENDED_BY_SIGNAL + signal  # without a word, as a shell has none for these
    stopped = PluginStopped(
        session.name,
        f"Plugin '{session.name}' stopped while it ran `{params.program} {params.name}`.",
        why=how_it_ended(child.status),
    )
    stopped.exit_code = ENDED_BY_SIGNAL + signal
    raise stopped from error
