"""Commands: described from click's own objects, run as click runs them, on the descriptors the process was given."""

from __future__ import annotations

import signal
import sys
import threading
import traceback
from typing import Any

import click
import msgspec
from innkeeper_protocol.errors import CallFailed, ErrorCode
from innkeeper_protocol.payloads.commands import CommandInfo, ParameterInfo, RunCommandParams, RunCommandResult

from innkeeper_sdk.api_in_use import is_real
from innkeeper_sdk.failures import name_and_text
from innkeeper_sdk.prompt_command import NAME as PROMPT
from innkeeper_sdk.prompt_command import PromptStandIn, new_prompt_command
from innkeeper_sdk.registry import Registry
from innkeeper_sdk.stdio import flush_streams

PROGRAM = "llm"

HELP_COLUMNS = 78
"""click leaves two columns of a terminal free, so this is what its help looks like at 80."""

SHORT_HELP_LETTERS = 60
"""What is left for a command's help line beside its name in a list of that width."""


def new_group() -> click.Group:
    """Return the group that plugins add their commands to. They inherit its settings: ``-h`` is help, too.

    It has a stand-in for ``prompt``, for commands that build on that one; nobody but they can run it.
    """
    if is_real():
        from innkeeper_sdk.real_llm.runtime import command_line

        return command_line()  # type: ignore[no-any-return]
    group = CommandLine(name=PROGRAM, context_settings={"help_option_names": ["-h", "--help"]})
    group.add_command(new_prompt_command())
    return group


class CommandLine(click.Group):
    """A group whose commands may be left out: then it is a prompt, as on the real command line.

    The host names a command each time; the tests that plugins come with do not, when they run ``llm.cli.cli``.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``prompt`` before arguments that begin with no command."""
        names_one = bool(args) and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if names_one else [PROMPT, *args])


def infos(registry: Registry) -> tuple[CommandInfo, ...]:
    """Describe every command that the plugin registered."""
    group = registry.commands()
    context = _context(group, PROGRAM, None)
    return tuple(_info(name, command, context) for name, command in group.commands.items() if _is_registered(command))


def _is_registered(command: click.Command | None) -> bool:
    if command is None or isinstance(command, PromptStandIn):
        return False
    if not is_real():
        return True
    from innkeeper_sdk.real_llm.runtime import is_built_in

    return not is_built_in(command)


def _context(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    """Return what click makes before it runs *command*, without looking at arguments."""
    settings = {**command.context_settings, "terminal_width": HELP_COLUMNS}
    return command.context_class(command, info_name=name, parent=parent, **settings)


def _info(name: str, command: click.Command, parent: click.Context) -> CommandInfo:
    context = _context(command, name, parent)
    children: list[tuple[str, click.Command]] = []
    if isinstance(command, click.Group):
        for child_name in command.list_commands(context):
            child = command.get_command(context, child_name)
            if child is not None:
                children.append((child_name, child))
    return CommandInfo(
        name=name,
        short_help=command.get_short_help_str(SHORT_HELP_LETTERS),
        help=command.help or "",
        full_help=command.get_help(context),
        hidden=bool(command.hidden),
        is_group=isinstance(command, click.Group),
        interspersed=context.allow_interspersed_args,
        parameters=tuple(_parameter(parameter, context) for parameter in command.params),
        commands=tuple(_info(child_name, child, context) for child_name, child in children),
    )


def _parameter(parameter: click.Parameter, context: click.Context) -> ParameterInfo:
    choices = parameter.type.choices if isinstance(parameter.type, click.Choice) else ()
    is_flag = bool(getattr(parameter, "is_flag", False))
    default = _as_json(None if callable(parameter.default) else parameter.default)
    return ParameterInfo(
        name=parameter.name or "",
        kind=parameter.param_type_name,
        declarations=(*parameter.opts, *parameter.secondary_opts),
        metavar=_metavar(parameter, context),
        help=getattr(parameter, "help", None),
        required=bool(parameter.required),
        multiple=bool(parameter.multiple or parameter.nargs == -1),
        is_flag=is_flag,
        hidden=bool(getattr(parameter, "hidden", False)),
        default=False if is_flag and default is None else default,
        choices=tuple(str(choice) for choice in choices),
    )


def _metavar(parameter: click.Parameter, context: click.Context) -> str | None:
    try:
        return parameter.make_metavar(context)
    except TypeError:  # click before 8.2 takes no context
        return parameter.make_metavar()  # type: ignore[call-arg]


def _as_json(value: Any) -> Any:
    """Return *value* as JSON could hold it: a default may be any object at all, and click has one that means none."""
    try:
        return msgspec.json.decode(msgspec.json.encode(value))
    except (TypeError, ValueError):
        return None


def run(registry: Registry, params: RunCommandParams) -> RunCommandResult:
    """Run one command to its end; what it prints goes where descriptors 1 and 2 go.

    Errors end as they do for any click program: its own are shown with their exit code, Ctrl-C is ``Aborted!`` and 1.
    Raises CallFailed for any other exception, with its traceback for the log (stderr is the person's here), and for a
    command that is not registered.
    """
    group = registry.commands()
    if not _is_registered(group.commands.get(params.name)):
        raise registry.missing(f"no command '{params.name}'")
    _take_interrupts()
    arguments = [params.name, *params.arguments]
    try:
        group.main(arguments, prog_name=params.program, color=True if params.colour else None)
    except SystemExit as exit_:
        return RunCommandResult(exit_code=_exit_code(exit_))
    except KeyboardInterrupt:
        print("Aborted!", file=sys.stderr)
        return RunCommandResult(exit_code=1)
    except Exception as error:
        data = {"type": type(error).__name__, "traceback": "".join(traceback.format_exception(error))}
        raise CallFailed(ErrorCode.PLUGIN_EXCEPTION, name_and_text(error), data) from error
    finally:
        flush_streams()
    return RunCommandResult()


def _take_interrupts() -> None:
    """Have Ctrl-C raise KeyboardInterrupt, as in any Python program; until now it ended this process silently."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) == signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _exit_code(exit_: SystemExit) -> int:
    """Return what a shell sees for ``sys.exit(...)``: a text is printed and counts as 1."""
    if exit_.code is None:
        return 0
    if isinstance(exit_.code, int):
        return exit_.code & 0xFF
    print(exit_.code, file=sys.stderr)
    return 1
