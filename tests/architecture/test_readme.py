"""README.md against the command line: each command it shows exists, with the options it is shown with."""

from __future__ import annotations

import re
import shlex

import click
import pytest
from innkeeper.cli.group import group
from innkeeper.cli.names import COMMANDS, DEFAULT
from innkeeper.cli.run import Run

from .imports import REPOSITORY

README = (REPOSITORY / "README.md").read_text("utf-8")


def shown_commands() -> list[list[str]]:
    """Return the words of every ``llm ...`` in the README's shell blocks, without comments, pipes and redirections."""
    blocks = re.findall(r"```bash\n(.*?)```", README, re.DOTALL)
    found = []
    for line in "\n".join(blocks).splitlines():
        for part in re.split(r"\s(?:&&|\|)\s", line):
            words = shlex.split(part, comments=True)
            if "llm" in words[:3]:
                found.append(words[words.index("llm") + 1 :])
    return found


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    """Return the command that *words* run, and its arguments."""
    command: click.Command = group()
    context = click.Context(command, info_name="llm", obj=Run())
    while isinstance(command, click.Group):
        name, inner, words = command.resolve_command(context, words or [DEFAULT])
        assert inner is not None, name
        command = inner
        context = click.Context(command, info_name=name, parent=context)
        if isinstance(command, click.Group) and (not words or command.get_command(context, words[0]) is None):
            words = [getattr(command, "default", ""), *words]
    return command, words


@pytest.mark.parametrize("words", shown_commands(), ids=" ".join)
def test_command_of_the_readme_exists_with_its_options(words: list[str]) -> None:
    command, arguments = command_of(words)

    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    used = {word.partition("=")[0] for word in arguments if re.match(r"--?[a-zA-Z]", word)}
    assert used - known - {"-h", "--help"} == set()


def test_the_readme_shows_commands_at_all() -> None:
    shown = {words[0] for words in shown_commands() if words}
    assert {"install", "models", "keys", "plugins", "doctor"} <= shown & set(COMMANDS)


def test_the_test_command_is_the_one_that_the_gate_runs() -> None:
    gate = (REPOSITORY / ".ci/run").read_text("utf-8")
    (command,) = set(re.findall(r"uv run pytest", README))
    assert command in gate


def test_every_link_of_the_readme_leads_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", README)
    local = [target for target in targets if "://" not in target]
    assert local
    assert [target for target in local if not (REPOSITORY / target).exists()] == []
