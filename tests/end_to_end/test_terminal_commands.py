"""Commands of plugins own the person's terminal: keys, signals, job control and pipelines work as for any program.

In each tier, with a terminal, and with a shell that knows jobs.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest

from .inn import LLM, Inn
from .processes import Watched, descendants

PROMPT = "ready> "

INTERRUPT = "\x03"
"""Sent as any key is, a moment after what was expected: Python misses one that comes just before it begins to read."""


@pytest.fixture(scope="module", params=["ns", "inproc"])
def tier(request: pytest.FixtureRequest, commands: Inn, tmp_path_factory: pytest.TempPathFactory) -> Inn:
    """The home with commands, on a machine that is remembered to have this tier."""
    remembered = json.loads((commands.home / "cache" / "confinement.json").read_text("utf-8"))
    if request.param == "ns" and remembered["tier"] != "ns":
        pytest.skip("user namespaces do not work here")
    home = tmp_path_factory.mktemp(request.param) / "home"
    shutil.copytree(commands.home, home, symlinks=True)
    remembered["tier"] = request.param
    (home / "cache" / "confinement.json").write_text(json.dumps(remembered), "utf-8")
    return Inn(home)


def ends(terminal: pexpect.spawn[str]) -> tuple[int | None, str]:
    """Wait for the end of what runs on *terminal*; return its exit status, and what it wrote that nobody expected."""
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.signalstatus is None
    return terminal.exitstatus, (terminal.before or "").replace("\r\n", "\n")


@contextmanager
def shell(inn: Inn, tmp_path: Path) -> Iterator[pexpect.spawn[str]]:
    """Start an interactive shell with job control, in which ``llm`` is ours."""
    environment = {
        **inn.environment(),
        "TERM": "xterm",
        "PS1": PROMPT,
        "PATH": f"{Path(LLM).parent}:{os.environ['PATH']}",
    }
    bash = pexpect.spawn(
        "bash", ["--norc", "--noprofile", "--noediting", "-i"], env=environment, encoding="utf-8", cwd=tmp_path
    )
    bash.setecho(False)
    bash.expect_exact(PROMPT)
    try:
        yield bash
    finally:
        bash.close(force=True)


def test_all_three_descriptors_are_the_terminal(tier: Inn) -> None:
    status, said = ends(tier.at_terminal("try", "look"))

    assert (status, said) == (0, f"True True True xterm {os.getcwd()}\n")


def test_question_is_answered(tier: Inn) -> None:
    terminal = tier.at_terminal("try", "ask")
    terminal.expect_exact("Name: ")
    terminal.sendline("Pelican")

    assert ends(terminal) == (0, "Hello Pelican\n")


def test_line_is_edited_with_readline(tier: Inn) -> None:
    terminal = tier.at_terminal("try", "edit")
    terminal.expect_exact("> ")
    terminal.send("helo\x1b[Dl\r")
    terminal.expect_exact("got hello\r\n")

    assert ends(terminal)[0] == 0


def test_line_is_edited_with_prompt_toolkit(tier: Inn) -> None:
    terminal = tier.at_terminal("try", "toolkit")
    terminal.expect_exact("\x1b[?25h")  # the cursor is shown: it has drawn
    terminal.send("helo\x1b[Dl\r")
    terminal.expect_exact("got hello\r\n")

    assert ends(terminal)[0] == 0


def test_interrupt_is_the_commands_to_handle(tier: Inn) -> None:
    terminal = tier.at_terminal("try", "wait")
    terminal.expect_exact("ready\r\n")
    terminal.sendintr()

    assert ends(terminal) == (3, "tidied up\n")


def test_interrupt_gives_up_on_the_model_that_a_command_asks(tier: Inn) -> None:
    terminal = tier.at_terminal("try", "ask-model", "wait")
    terminal.expect_exact("you said \r\nwait\r\n")
    others = Watched(descendants(terminal.pid))
    terminal.send(INTERRUPT)

    assert ends(terminal) == (1, "\nAborted!\n")
    assert others.left_after(5) == []


def test_interrupted_question_is_aborted_as_click_does(tier: Inn) -> None:
    terminal = tier.at_terminal("try", "ask")
    terminal.expect_exact("Name: ")
    terminal.send(INTERRUPT)

    assert ends(terminal) == (1, "Aborted!\n")


def test_interrupt_while_a_plugin_is_imported_ends_it_without_a_traceback(tier: Inn) -> None:
    terminal = tier.at_terminal("linger")
    terminal.expect_exact("importing\r\n")
    terminal.sendintr()

    status, said = ends(terminal)
    assert status == 130
    assert "Traceback" not in said
    assert "Error" not in said


def test_new_size_of_the_window_reaches_the_command(tier: Inn) -> None:
    terminal = tier.at_terminal("try", "size")
    terminal.expect_exact("size 80 24\r\n")
    terminal.setwinsize(43, 132)

    assert ends(terminal) == (0, "size 132 43\n")


def test_wrecked_terminal_is_mended(tier: Inn, tmp_path: Path) -> None:
    """A command that is killed in raw mode, output stopped, reads that do not block, the cursor hidden."""
    with shell(tier, tmp_path) as bash:
        bash.sendline("python3 -c 'import termios; print(termios.tcgetattr(0))'")
        bash.expect_exact(PROMPT)
        before = bash.before
        bash.sendline("llm try wreck; echo status $?")
        bash.expect_exact("wrecked")
        bash.expect_exact("\x1b[?25h")
        bash.expect_exact("It was ended by SIGKILL.\r\n")
        bash.expect_exact("status 137\r\n")
        bash.expect_exact(PROMPT)
        bash.sendline("python3 -c 'import termios; print(termios.tcgetattr(0))'")
        bash.expect_exact(PROMPT)
        assert bash.before == before
        bash.sendline("python3 -c 'import os; print(os.get_blocking(0))'")
        bash.expect_exact("True\r\n")


def test_terminal_that_is_lent_is_not_given_away(tier: Inn) -> None:
    terminal = tier.at_terminal("try", "rampage")

    assert ends(terminal) == (
        5,
        "typing refused\nexclusive use refused\nanother size refused\nanother discipline refused\n"
        "console keys refused\nkilling the group refused\nstopping the group refused\n",
    )


def test_stopped_and_resumed_by_the_shell(tier: Inn, tmp_path: Path) -> None:
    with shell(tier, tmp_path) as bash:
        bash.sendline("llm try ask")
        bash.expect_exact("Name: ")
        bash.sendcontrol("z")
        bash.expect_exact("Stopped")
        bash.expect_exact(PROMPT)
        bash.sendline("fg")
        bash.expect_exact("llm try ask\r\n")
        bash.sendline("Pelican")
        bash.expect_exact("Hello Pelican\r\n")
        bash.expect_exact(PROMPT)


def test_in_the_background_it_runs_and_waits_to_be_asked_to_the_front(tier: Inn, tmp_path: Path) -> None:
    with shell(tier, tmp_path) as bash:
        bash.sendline("llm try look &")
        bash.expect_exact("True True True")
        bash.sendline("wait; echo status $?")
        bash.expect_exact("status 0\r\n")
        bash.sendline("llm try ask &")
        bash.expect_exact("Name: ")
        bash.sendline("")
        bash.expect_exact("Stopped")
        bash.sendline("fg")
        bash.expect_exact("llm try ask\r\n")
        bash.sendline("Pelican")
        bash.expect_exact("Hello Pelican\r\n")


def test_pager_behind_it_reads_the_terminal(tier: Inn, tmp_path: Path) -> None:
    """With the command in a foreground group of its own, the pager would be stopped."""
    with shell(tier, tmp_path) as bash:
        bash.sendline(
            "printf 'a\\nb\\n' | llm try shout 2> /dev/null | (cat; read answer < /dev/tty; echo pager got $answer)"
        )
        bash.expect_exact("A\r\nB\r\n")
        bash.sendline("q")
        bash.expect_exact("pager got q\r\n")
        bash.expect_exact(PROMPT)


def test_pager_keeps_its_keys_when_the_command_has_ended(tier: Inn, tmp_path: Path) -> None:
    """`less` takes single keys, in modes of its own; those are not the command's, and not to be mended."""
    with shell(tier, tmp_path) as bash:
        bash.sendline("(yes | head -200; sleep 0.3) | llm try shout 2> /dev/null | less")
        bash.expect_exact(":")
        bash.sendline("G")
        bash.expect_exact("(END)")
        bash.send("q")
        bash.expect_exact(PROMPT)
        assert "\x1b[?1047l" not in (bash.before or "")


def test_interrupt_ends_the_whole_pipeline(tier: Inn, tmp_path: Path) -> None:
    with shell(tier, tmp_path) as bash:
        bash.sendline("(echo before; sleep 600) | llm try shout | cat")
        bash.expect_exact("BEFORE\r\n")
        bash.sendintr()
        bash.expect_exact(PROMPT)
        bash.sendline("echo status ${PIPESTATUS[*]}")
        bash.expect_exact("status 130 1 130\r\n")


def test_command_in_a_pipeline_asks_on_the_terminal(tier: Inn, tmp_path: Path) -> None:
    with shell(tier, tmp_path) as bash:
        bash.sendline("echo | llm try from-terminal | cat")
        bash.expect_exact("on the terminal: ")
        bash.sendline("yes")
        bash.expect_exact("read yes\r\n")


@pytest.mark.parametrize(
    ("redirections", "terminals"),
    [
        ("< /dev/null", "False True True"),
        ("2> /dev/null", "True True False"),
        ("< /dev/null 2> /dev/null", "False True False"),
        ("| cat", "True False True"),
        ("2>&1 | cat", "True False False"),
        ("< /dev/null 2>&1 | cat", "False False False"),
    ],
)
def test_each_descriptor_is_what_the_shell_made_it(
    tier: Inn, tmp_path: Path, redirections: str, terminals: str
) -> None:
    with shell(tier, tmp_path) as bash:
        bash.sendline(f"llm try look {redirections}")
        bash.expect_exact(f"{terminals} xterm {tmp_path}\r\n")


def test_colours_are_shown_on_a_terminal(tier: Inn, tmp_path: Path) -> None:
    with shell(tier, tmp_path) as bash:
        bash.sendline("llm try shout < /dev/null")
        bash.expect_exact(PROMPT)
        assert bash.before == "\x1b[32mdone\x1b[0m\r\n"
