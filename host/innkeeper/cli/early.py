"""Starts the plugin that the arguments are going to need, before click and most of the host are imported.

A guess, right for nearly every prompt and for every plugin's command. A wrong one costs a process that is ended again;
what is wrong with the arguments, or with the plugin, is said later by those whose business it is.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from innkeeper.errors import InnkeeperError

from .names import COMMANDS, ENDPOINT, MODEL_VARIABLE

if TYPE_CHECKING:
    from innkeeper.remote.host import Host

MODEL_FROM_ELSEWHERE = frozenset(
    [
        "-t",
        "--template",
        "-c",
        "--continue",
        "--cid",
        "--conversation",
        "-q",
        "--query",
        "--options",
        "--save",
        "--help",
    ]
)
"""Options with which the model is not that of ``-m``, or none is asked."""

GROUP_OPTIONS = frozenset(["--version", "-h", "--help"])


def start_early(arguments: Sequence[str]) -> Host | None:
    """Return a host with the plugin started in it, or None where none is sure to be needed."""
    first = arguments[0] if arguments else ""
    if first in GROUP_OPTIONS or (first in COMMANDS and first not in ("prompt", "chat")):
        return None
    if "--no-sandbox" in arguments:
        return None  # only who reads them in earnest knows whether that is said to us, or to a plugin's command
    from innkeeper.paths import find_home
    from innkeeper.remote.host import Host

    from .run import working_directory

    no_sandbox = os.environ.get("INNKEEPER_NO_SANDBOX") == "1"
    host = Host(find_home(), no_sandbox=no_sandbox, cwd=working_directory())
    try:
        if not _start_command(host, arguments):
            _start_model(host, arguments)
    except (InnkeeperError, OSError):
        host.close()
        return None
    return host


def _start_command(host: Host, arguments: Sequence[str]) -> bool:
    """Say whether *arguments* name a command of a plugin; if they do, start it, unless help may be all they ask for."""
    name, rest = (arguments[0], arguments[1:]) if arguments else ("", ())
    if not name or name.startswith("-"):
        return False
    from innkeeper.remote.commands import find_command, shown_paths

    command = find_command(host.index, COMMANDS, name)
    if command is None:
        return False
    if (command.plugin.name, name, *rest[:1]) == ENDPOINT:
        return True
    if command.plugin.is_ready and "--help" not in rest and "-h" not in rest:
        host.launch_early(command.plugin, read=shown_paths(host, command.plugin, rest), terminal=True)
    return True


def _start_model(host: Host, arguments: Sequence[str]) -> None:
    wanted = asks_model(arguments)
    if wanted is not None:
        plugin = host.find_model(wanted or os.environ.get(MODEL_VARIABLE) or None).plugin
        if plugin.is_ready:
            host.launch_early(plugin)


def asks_model(arguments: Sequence[str]) -> str | None:
    """Return the name of the model that a prompt of *arguments* is put to, "" for the default one; None: who knows."""
    model = ""
    for number, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument.partition("=")[0] in MODEL_FROM_ELSEWHERE or argument == "-h":
            return None
        if argument in ("-m", "--model"):
            model = arguments[number + 1] if number + 1 < len(arguments) else ""
        elif argument.startswith("--model="):
            model = argument.removeprefix("--model=")
        elif argument.startswith("-m") and not argument.startswith("--"):
            model = argument[2:]
    return model
