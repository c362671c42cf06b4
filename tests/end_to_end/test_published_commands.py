"""Published plugins with commands, unmodified: they ask models of other plugins, run programs, own the terminal."""

from __future__ import annotations

import json
import shutil

import pytest

from .inn import Inn


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Inn:
    """A home with llm-jq, llm-cmd and llm-echo; the first two may run the programs that they are about."""
    inn = Inn(tmp_path_factory.mktemp("tools") / "home")
    inn.ok("install", "llm-jq", "llm-cmd", "llm-echo")
    inn.ok("plugins", "allow", "llm-cmd", "--run", "/bin/sh")
    return inn


def test_jq_has_its_program_written_by_a_model(tools: Inn) -> None:
    program = tools.ok("jq", "-m", "echo", "--output", "first names", stdin='{"a": 1}')

    asked = json.loads(program)
    assert asked["prompt"] == 'first names\n\nExample JSON snippet:\n{"a": 1}'
    assert asked["system"].startswith("Based on the example JSON snippet")


@pytest.mark.skipif(shutil.which("jq") is None, reason="needs the program jq")
def test_jq_runs_its_program_over_what_is_piped_in(tools: Inn) -> None:
    assert "PermissionError" in tools.fails("jq", "-m", "echo", "x", stdin='{"a": 1}')

    tools.ok("plugins", "allow", "llm-jq", "--run", "jq")
    outcome = tools.run("jq", "-m", "echo", '{"raw": ".a[] | . * 2"}', "--length", "0", stdin='{"a": [1, 2]}')

    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, "2\n4\n", ".a[] | . * 2\n")


def test_cmd_offers_a_command_to_be_edited_and_runs_it(tools: Inn) -> None:
    terminal = tools.at_terminal("cmd", "-m", "echo", '{"raw": "echo hi-$((6*7))"}')
    terminal.expect_exact("6*7")
    terminal.expect_exact("\x1b[?25h")
    terminal.send("; echo and-$((6*8))\r")
    terminal.expect_exact("hi-42\r\nand-48\r\n")
    terminal.expect_exact("\n")
    terminal.wait()

    assert terminal.exitstatus == 0


def test_cmd_without_a_terminal_is_aborted(tools: Inn) -> None:
    outcome = tools.run("cmd", "-m", "echo", "anything")

    assert outcome.status == 1
    assert outcome.stderr.endswith("Aborted!\n")
