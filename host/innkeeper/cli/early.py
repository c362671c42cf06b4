"""Starts the plugin that a prompt is going to need, before click and most of the host are imported.

A guess from the arguments, good enough for nearly every prompt. A wrong one costs a process that is ended again; what
is wrong with the arguments, or with the plugin, is said later by those whose business it is.
"""

from __future__ import annotations

import os

from innkeeper.errors import InnkeeperError

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


def start_early(arguments: list[str]) -> object:
    """Return a host with the plugin started in it, or None where none is sure to be needed."""
    wanted = asks_model(arguments)
    if wanted is None:
        return None
    from innkeeper.paths import find_home
    from innkeeper.remote.host import Host

    try:
        host = Host(find_home(), no_sandbox="--no-sandbox" in arguments, cwd=os.getcwd())
        plugin = host.find_model(wanted or None).plugin
        if plugin.is_ready:
            host.launch_early(plugin)
        return host
    except (InnkeeperError, OSError):
        return None


def asks_model(arguments: list[str]) -> str | None:
    """Return the name of the model that *arguments* put a prompt to, "" for the default one; None: perhaps to none."""
    if arguments and arguments[0] in GROUP_OPTIONS:
        return None
    if arguments and not arguments[0].startswith("-"):
        from .names import COMMANDS

        if arguments[0] in COMMANDS and arguments[0] not in ("prompt", "chat"):
            return None
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
