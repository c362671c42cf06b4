"""Commands are described from click's own objects and end as click programs end."""

from __future__ import annotations

import os
from pathlib import Path

import click
import llm
import pytest
from innkeeper_protocol import methods
from innkeeper_protocol.errors import CallFailed, ErrorCode
from innkeeper_protocol.payloads.commands import CommandInfo, ParameterInfo, RunCommandParams
from innkeeper_sdk.testing import running


class Weather:
    """A plugin with a command and a group."""

    @llm.hookimpl
    def register_commands(self, cli: click.Group) -> None:
        @cli.command(name="weather")
        @click.argument("place", required=False)
        @click.option("-d", "--days", type=int, default=3, show_default=True, help="How far to look")
        @click.option("--secret", hidden=True, is_flag=True)
        def weather(place: str | None, days: int, secret: bool) -> None:
            "Tell the weather. For people who are about to go out."
            click.secho(f"{days} days of rain in {place} {Path.cwd().name}", fg="red")
            if place == "exit":
                raise SystemExit(7)
            if place == "click":
                raise click.ClickException("no such place")
            if place == "abort":
                raise click.Abort
            if place == "interrupt":
                raise KeyboardInterrupt
            if place == "python":
                raise ValueError("odd place")
            if place == "text":
                raise SystemExit("left in anger")

        @cli.group()
        def station() -> None:
            "Weather stations"

        @station.command(name="list")
        @click.option("--kind", "kinds", type=click.Choice(["wind", "rain"]), multiple=True)
        def list_stations(kinds: tuple[str, ...]) -> None:
            "List them"
            click.echo(" ".join(kinds))


def test_commands_are_described_with_their_help() -> None:
    with running(Weather()) as plugin:
        weather, station = plugin.describe().commands

    assert weather == CommandInfo(
        name="weather",
        short_help="Tell the weather.",
        help="Tell the weather. For people who are about to go out.",
        full_help=(
            "Usage: llm weather [OPTIONS] [PLACE]\n\n"
            "  Tell the weather. For people who are about to go out.\n\n"
            "Options:\n"
            "  -d, --days INTEGER  How far to look  [default: 3]\n"
            "  -h, --help          Show this message and exit."
        ),
        parameters=(
            ParameterInfo(name="place", kind="argument", declarations=("place",), metavar="[PLACE]"),
            ParameterInfo(
                name="days",
                kind="option",
                declarations=("-d", "--days"),
                metavar="INTEGER",
                help="How far to look",
                default=3,
            ),
            ParameterInfo(
                name="secret",
                kind="option",
                declarations=("--secret",),
                metavar="BOOLEAN",
                is_flag=True,
                hidden=True,
                default=False,
            ),
        ),
    )
    assert (station.name, station.is_group, station.short_help) == ("station", True, "Weather stations")
    [listing] = station.commands
    assert listing.full_help.startswith("Usage: llm station list [OPTIONS]\n")
    assert [(one.name, one.multiple, one.choices) for one in listing.parameters] == [("kinds", True, ("wind", "rain"))]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "error"),
    [
        (["weather", "here", "-d", "2"], 0, ""),
        (["weather", "exit"], 7, ""),
        (["weather", "click"], 1, "Error: no such place\n"),
        (["weather", "abort"], 1, "Aborted!\n"),
        (["weather", "interrupt"], 1, "\nAborted!\n"),
        (["weather", "text"], 1, "left in anger\n"),
        (["station", "list", "--kind", "wind", "--kind", "rain"], 0, ""),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_command_ends_as_a_click_program_does(
    arguments: list[str], exit_code: int, error: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with running(Weather()) as plugin:
        assert plugin.run_command(*arguments) == exit_code
    assert capfd.readouterr().err == error


def test_wrong_use_is_2_and_names_the_program(capfd: pytest.CaptureFixture[str]) -> None:
    with running(Weather()) as plugin:
        assert plugin.run_command("weather", "--nights", "3") == 2
    assert capfd.readouterr().err.startswith("Usage: llm weather [OPTIONS] [PLACE]\nTry 'llm weather -")


def test_exception_is_the_hosts_to_show_with_its_traceback_for_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    with running(Weather()) as plugin, pytest.raises(CallFailed) as caught:
        plugin.run_command("weather", "python")
    assert (caught.value.code, caught.value.message) == (ErrorCode.PLUGIN_EXCEPTION, "ValueError: odd place")
    assert caught.value.data["type"] == "ValueError"
    assert caught.value.data["traceback"].endswith("ValueError: odd place\n")
    assert capfd.readouterr().err == ""


def test_help_is_printed_by_the_command_itself(capfd: pytest.CaptureFixture[str]) -> None:
    with running(Weather()) as plugin:
        info = plugin.describe().commands[0]
        assert plugin.run_command("weather", "--help") == 0
    assert capfd.readouterr().out == info.full_help + "\n"


@pytest.mark.parametrize(("colour", "shown"), [(True, "\x1b[31m"), (False, "3 days")])
def test_colours_and_directory_are_the_persons(
    colour: bool, shown: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = os.getcwd()
    try:
        with running(Weather()) as plugin:
            params = RunCommandParams(name="weather", arguments=("x",), cwd=str(tmp_path), colour=colour)
            assert plugin.peer.call(methods.RUN_COMMAND, params).exit_code == 0
    finally:
        os.chdir(before)
    output = capfd.readouterr().out
    assert output.startswith(shown)
    assert tmp_path.name in output


def test_unknown_command_is_not_found() -> None:
    with running(Weather()) as plugin, pytest.raises(CallFailed) as caught:
        plugin.run_command("wether")
    assert (caught.value.code, caught.value.message) == (ErrorCode.NOT_FOUND, "no command 'wether'")
