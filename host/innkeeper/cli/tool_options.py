"""The options that give a model tools, for a prompt and for a chat, and what they show and ask on the way.

What a tool was called with are a model's words, and what it gave a plugin's: both are shown without control characters,
and whole, since who approves a call has to see all of it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from innkeeper.errors import ChainPaused, UsageError
from innkeeper.untrusted import cleaned, one_line

from .names import DEBUG_VARIABLE
from .run import Run

if TYPE_CHECKING:
    from innkeeper_protocol.payloads.content import Attachment, ToolCall, ToolResult
    from innkeeper_protocol.payloads.models import ToolDefinition

    from innkeeper.conversation.chain_tools import Tools
    from innkeeper.conversation.wanted import Wanted
    from innkeeper.remote.catalogue import Found

F = TypeVar("F", bound=Callable[..., Any])


class ToolChoice(msgspec.Struct, frozen=True, kw_only=True):
    """What the options say: *tools* by name, Python code or files of it, and how a chain of calls is to go."""

    tools: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    tools_debug: bool = False
    tools_approve: bool = False
    chain_limit: int = 5

    def offered(
        self, run: Run, model: Found, *, more: Sequence[Wanted] = (), more_functions: Sequence[str] = ()
    ) -> Tools | None:
        """Return the tools for *model*, those that templates add before them; None where there are none.

        They are not open yet. Raises UsageError for a file of functions that cannot be read.
        """
        wanted, functions = [*more, *self.tools], [*more_functions, *map(code_in, self.functions)]
        if not wanted and not functions:
            return None
        from innkeeper.conversation.chain_tools import Tools

        return Tools(run.host, wanted, functions=functions, model=model)

    def how(self, run: Run) -> dict[str, Any]:
        """Return what a chain takes besides its tools."""
        return {
            "chain_limit": self.chain_limit,
            "before_call": _ask_about_calls(run) if self.tools_approve else None,
            "after_call": _show_calls(run) if self.tools_debug else None,
        }


def tool_options(command: F) -> F:
    """Add the options of which a `ToolChoice` is made, by the names of its fields."""
    import click

    options = (
        click.option("tools", "-T", "--tool", multiple=True, help="Name of a tool to make available to the model"),
        click.option(
            "--functions",
            multiple=True,
            help="Python code block or file path defining functions to register as tools",
        ),
        click.option(
            "tools_debug",
            "--td",
            "--tools-debug",
            is_flag=True,
            envvar=DEBUG_VARIABLE,
            help="Show full details of tool executions",
        ),
        click.option(
            "tools_approve", "--ta", "--tools-approve", is_flag=True, help="Manually approve every tool execution"
        ),
        click.option(
            "chain_limit",
            "--cl",
            "--chain-limit",
            type=click.IntRange(min=0),
            default=5,
            help="How many chained tool responses to allow, default 5, set 0 for unlimited",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def code_in(code_or_path: str) -> str:
    """Return Python code: what was given, or what is in the file that it names. Raises UsageError."""
    if "\n" in code_or_path or not code_or_path.endswith(".py"):
        return code_or_path
    try:
        with open(os.path.expanduser(code_or_path), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        found = UsageError(f"File not found: {code_or_path}", why="--functions takes Python code, or a file of it.")
    except (OSError, UnicodeDecodeError) as error:
        found = UsageError(f"{code_or_path} cannot be read.", why=str(error))
    found.exit_code = 1
    raise found


@contextmanager
def pauses_told() -> Iterator[None]:
    """Turn the pause of a chain, in this block, into an error for the person."""
    try:
        yield
    except Exception as pause:
        from innkeeper_sdk.api.tools import PauseChain

        if not isinstance(pause, PauseChain):
            raise
        name = one_line(pause.tool_call.name) if pause.tool_call is not None else "a tool"
        raise ChainPaused(f"{name} paused the chain: {cleaned(str(pause)) or 'it did not say why'}") from pause


def _ask_about_calls(run: Run) -> Callable[[ToolDefinition | None, ToolCall], None]:
    from innkeeper_sdk.api.tools import CancelToolCall

    def ask(tool: ToolDefinition | None, call: ToolCall) -> None:
        run.progress.clear()
        _echo(f"Tool call: {_written(call)}", "yellow")
        answer = _answer_at_terminal("Approve tool call? [y/N]: ")
        if answer is None:
            _echo("Not approved: there is no terminal to ask on (--ta).", "red")
            raise CancelToolCall("there is nobody to approve tool calls")
        if answer.strip().lower() not in ("y", "yes"):
            raise CancelToolCall("User cancelled tool call")

    return ask


def _answer_at_terminal(question: str) -> str | None:
    """Return what the person types; None where there is no terminal. Their stdin may be the prompt, and not that."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        os.write(terminal, question.encode())
        return os.read(terminal, 1000).decode("utf-8", "replace")
    finally:
        os.close(terminal)


def _show_calls(run: Run) -> Callable[[ToolDefinition, ToolCall, ToolResult], None]:
    def show(tool: ToolDefinition, call: ToolCall, result: ToolResult) -> None:
        run.progress.clear()
        _echo(f"\nTool call: {_written(call)}", "yellow")
        _echo(_indented(_readable(result.output) + _listed(result.attachments)), "green")
        if result.exception:
            _echo(f"  Exception: {_whole(result.exception)}", "red")
        else:
            print(file=sys.stderr)

    return show


def _written(call: ToolCall) -> str:
    return f"{one_line(call.name)}({_whole(repr(call.arguments))})"


def _readable(output: str) -> str:
    import json

    try:
        return _whole(json.dumps(json.loads(output), indent=2, ensure_ascii=False))
    except (ValueError, RecursionError):
        return _whole(output)


def _listed(attachments: tuple[Attachment, ...]) -> str:
    if not attachments:
        return ""
    lines = [
        f"  {one_line(one.type or 'a file')}, {one_line(one.url or f'{len(one.content or bytes())} bytes')}"
        for one in attachments
    ]
    return "\n".join(["\n\nAttachments:", *lines])


def _whole(text: str) -> str:
    return cleaned(text, len(text) + 1)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" if line else "" for line in text.split("\n"))


def _echo(text: str, colour: str) -> None:
    import click

    is_coloured = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    click.echo(click.style(text, fg=colour, bold=True) if is_coloured else text, err=True)
