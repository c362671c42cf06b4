"""Commands: what a plugin adds to the command line, and one run of it.

A command's process gets the person's stdin, stdout and stderr as its own descriptors 0, 1 and 2 when it is started;
only its name, its arguments and its exit code travel here.
"""

from __future__ import annotations

from .base import JSON, Payload


class ParameterInfo(Payload, frozen=True, kw_only=True):
    """One option or argument, as much of it as ``--help`` shows."""

    name: str
    kind: str
    declarations: tuple[str, ...] = ()
    metavar: str | None = None
    help: str | None = None
    required: bool = False
    multiple: bool = False
    is_flag: bool = False
    hidden: bool = False
    default: JSON = None
    choices: tuple[str, ...] = ()


class CommandInfo(Payload, frozen=True, kw_only=True):
    """One command, or a group with its commands. *full_help* is click's rendering at 80 columns.

    *interspersed* says that options may stand behind arguments, ``--help`` among them.
    """

    name: str
    short_help: str = ""
    help: str = ""
    full_help: str = ""
    hidden: bool = False
    is_group: bool = False
    interspersed: bool = True
    parameters: tuple[ParameterInfo, ...] = ()
    commands: tuple[CommandInfo, ...] = ()


class RunCommandParams(Payload, frozen=True, kw_only=True):
    """Run a command. *arguments* are what follows its name. *program* is what ``Usage:`` lines begin with."""

    name: str
    arguments: tuple[str, ...] = ()
    program: str = "llm"
    cwd: str | None = None
    columns: int = 80
    lines: int = 24
    colour: bool = False


class RunCommandResult(Payload, frozen=True, kw_only=True):
    """How the command ended: what a shell would see in ``$?``."""

    exit_code: int = 0
