"""Commands of plugins: listed and explained without a start, run with the person's stdin, stdout, stderr and status."""

from __future__ import annotations

import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from .command_plugins import COMMANDER
from .inn import LLM, Inn
from .plugin_source import write_plugin
from .processes import Watched, descendants


@pytest.fixture
def stopped(commands: Inn, tmp_path: Path) -> Inn:
    """The home with commands, without the environments: no plugin in it can be started."""
    home = tmp_path / "home"
    shutil.copytree(commands.home, home, ignore=shutil.ignore_patterns(".venv", "locks"))
    return Inn(home)


def test_help_lists_them_with_their_line(stopped: Inn) -> None:
    shown = stopped.ok("--help")

    _, _, of_plugins = shown.partition("Commands of plugins:\n")
    lines = [line.split(maxsplit=1) for line in of_plugins.splitlines()]
    assert lines[lines.index(["my-command", "Documentation for my command"]) :] == [
        ["my-command", "Documentation for my command"],
        ["try", "Try what a command can do"],
        ["wrap"],
    ]


def test_their_own_help_starts_no_plugin(stopped: Inn) -> None:
    group = stopped.ok("try", "--help")
    command = stopped.ok("try", "shout", "--help")
    behind_an_argument = stopped.ok("try", "leave", "somehow", "-h")

    assert group.startswith("Usage: llm try [OPTIONS] COMMAND [ARGS]...\n\n  Try what a command can do\n")
    assert "\n  shout          Shout what is piped in\n" in group
    assert command == (
        "Usage: llm try shout [OPTIONS]\n\n"
        "  Shout what is piped in\n\n"
        "Options:\n"
        "  --loud         Louder\n"
        "  --prefix TEXT  Put before each line\n"
        "  -h, --help     Show this message and exit.\n"
    )
    assert behind_an_argument.startswith("Usage: llm try leave [OPTIONS] HOW NUMBER\n")


def test_help_that_is_meant_for_another_program_reaches_the_plugin(commands: Inn) -> None:
    assert commands.ok("wrap", "git", "--help") == "git --help\n"
    assert commands.ok("try", "shout", "--prefix", "--help", stdin="a\n") == "--helpA\n"


def test_command_of_the_documentation(commands: Inn) -> None:
    assert commands.ok("my-command") == "Command output\n"


def test_a_pipe_goes_in_and_comes_out(commands: Inn) -> None:
    outcome = commands.run("try", "shout", "--prefix", "> ", stdin="one\ntwo\n")

    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, "> ONE\n> TWO\n", "done\n")


def test_files_go_in_and_come_out(commands: Inn, tmp_path: Path) -> None:
    (tmp_path / "in").write_text("one\n", "utf-8")
    with open(tmp_path / "in", "rb") as stdin, open(tmp_path / "out", "wb") as stdout:
        done = subprocess.run(
            [LLM, "try", "shout"],
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            env=commands.environment(),
            timeout=60,
            check=False,
        )

    assert done.returncode == 0
    assert sorted((tmp_path / "out").read_text("utf-8").splitlines()) == ["ONE", "done"]


@pytest.mark.parametrize(
    ("how", "status", "said"),
    [
        (("exit", "7"), 7, ""),
        (("at-once", "9"), 9, ""),
        (("click", "0"), 1, "Error: not today\n"),
        (
            ("killed", "11"),
            139,
            "Error: Plugin 'commander' stopped while it ran `llm try`.\n  It was ended by SIGSEGV.\n",
        ),
        (
            ("raising", "0"),
            1,
            "Error: Plugin 'commander' failed: ValueError: odd\n"
            "  Its log has the traceback: llm plugins log commander\n",
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_every_end_of_a_command_is_the_end_of_ours(commands: Inn, how: tuple[str, ...], status: int, said: str) -> None:
    outcome = commands.run("try", "leave", *how)

    assert (outcome.status, outcome.stdout, outcome.stderr) == (status, "", f"last words\n{said}")


def test_traceback_of_a_command_is_in_the_log(commands: Inn) -> None:
    commands.fails("try", "leave", "raising", "0")

    log = commands.ok("plugins", "log", "commander", "-n", "2")
    assert log.endswith('raise ValueError("odd")\nValueError: odd\n')


def test_wrong_use_is_2_in_the_words_of_the_plugin(commands: Inn) -> None:
    assert commands.fails("try", "shout", "--quietly", status=2) == (
        "Usage: llm try shout [OPTIONS]\nTry 'llm try shout --help' for help.\n\nError: No such option '--quietly'.\n"
    )


def test_command_that_breaks_the_protocol_is_ended(commands: Inn) -> None:
    said = commands.fails("try", "leave", "babbling", "0")

    assert said.startswith("last words\n")
    assert "Error: Plugin 'commander' said something that no plugin may say, and was ended.\n" in said


def test_reader_that_leaves_ends_a_flood(commands: Inn) -> None:
    with commands.running("try", "pour") as host:
        assert host.stdout is not None
        assert host.stdout.readline() == "more\n"
        plugin = Watched(descendants(host.pid))

        host.stdout.close()

        assert host.wait(20) == 1
        assert plugin.left_after(5) == []
        assert host.stderr is not None
        assert host.stderr.read() == ""


def test_being_told_to_end_lets_the_command_tidy_up(commands: Inn) -> None:
    with commands.running("try", "wait") as host:
        assert host.stdout is not None
        assert host.stdout.readline() == "ready\n"
        plugin = Watched(descendants(host.pid))

        host.send_signal(signal.SIGTERM)

        assert host.stdout.read() == "tidied up\n"
        assert host.wait(20) == 128 + signal.SIGTERM
        assert plugin.left_after(5) == []


@pytest.mark.parametrize("command", ["wait", "deaf"])
def test_command_dies_with_a_host_that_is_killed(commands: Inn, command: str) -> None:
    with commands.running("try", command) as host:
        assert host.stdout is not None
        assert host.stdout.readline() == "ready\n"
        plugin = Watched(descendants(host.pid))

        host.kill()

        assert plugin.left_after(5) == []


def test_deaf_command_is_ended_all_the_same(commands: Inn) -> None:
    with commands.running("try", "deaf") as host:
        assert host.stdout is not None
        assert host.stdout.readline() == "ready\n"
        plugin = Watched(descendants(host.pid))

        host.send_signal(signal.SIGTERM)

        assert host.wait(20) == 128 + signal.SIGTERM
        assert plugin.left_after(5) == []


def test_file_that_an_argument_names_can_be_read(commands: Inn, tmp_path: Path) -> None:
    (tmp_path / "named.txt").write_text("what it holds", "utf-8")
    (tmp_path / "beside.txt").write_text("what is none of its business", "utf-8")

    assert commands.ok("try", "read", "named.txt", cwd=tmp_path) == "what it holds\n"
    assert "beside.txt" in commands.fails("try", "read", "./elsewhere/../beside.txt", cwd=tmp_path)


def test_command_asks_a_model_of_another_plugin(commands: Inn) -> None:
    assert commands.ok("try", "ask-model", "hello") == "you said \nhello\n"


def test_name_that_is_taken_keeps_its_meaning(commands: Inn) -> None:
    assert "a stranger" not in commands.ok("models")
    assert commands.ok("my-command") == "Command output\n"

    assert commands.ok("plugins", "run", "shadow", "models") == "the models of a stranger\n"
    assert commands.ok("plugins", "run", "shadow", "my-command", "--more", "x") == "the other one x\n"
    assert commands.ok("backstage") == "hidden, but there\n"


def test_what_is_hidden_is_said_with_the_way_to_run_it(commands: Inn) -> None:
    assert commands.plugins()["shadow"]["hidden_commands"] == {
        "models": "llm plugins run shadow models",
        "my-command": "llm plugins run shadow my-command",
    }
    assert "hidden_commands" not in commands.plugins()["commander"]
    help_of_hidden = commands.ok("plugins", "run", "shadow", "my-command", "--help")
    assert help_of_hidden.startswith("Usage: llm plugins run shadow my-command [OPTIONS]\n")
    assert commands.fails("plugins", "run", "shadow", "nothing", status=2) == (
        "Error: Plugin 'shadow' has no command 'nothing'.\n  It has: models, my-command, backstage, wrap\n"
    )


def test_install_says_which_commands_are_hidden(inn: Inn, tmp_path: Path) -> None:
    first = write_plugin(tmp_path, "first", COMMANDER.partition("    @cli.group")[0])
    second = write_plugin(tmp_path, "second", COMMANDER.partition("    @cli.group")[0].replace("my-command", "models"))

    outcome = inn.run("install", first, second)

    assert outcome.status == 0, outcome
    assert outcome.stderr.endswith(
        "Installed second 0.1.0\n"
        "  Note: its command 'models' is hidden by the built-in one; to run it: llm plugins run second models\n"
    )


def test_what_a_command_changed_of_the_registrations_is_listed_at_once(inn: Inn, tmp_path: Path) -> None:
    inn.ok("install", write_plugin(tmp_path, "commander", COMMANDER))
    assert "parakeet" not in inn.ok("models")

    inn.ok("try", "learn", "parakeet")

    assert "parakeet" in inn.ok("models")
    assert inn.ok("-m", "parakeet", "hi") == "parakeet\n"


def test_folder_that_is_gone_is_no_reason_not_to_run(commands: Inn, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run(
        ["sh", "-c", 'rmdir "$PWD" && exec "$0" my-command', LLM],
        capture_output=True,
        encoding="utf-8",
        env=commands.environment(),
        cwd=gone,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "Command output\n", "")
