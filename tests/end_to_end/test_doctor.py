"""What ``llm doctor`` says; and that a machine which can enforce too little starts plugins at a person's word alone."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .asking_plugin import asking_plugin
from .inn import LLM, Inn, Outcome
from .plugin_source import write_plugin

POOR_MACHINE = str(Path(__file__).parent / "poor_machine.py")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Inn:
    """Return a home with a plugin that was installed on a machine that has all it takes."""
    folder = tmp_path_factory.mktemp("doctor")
    inn = Inn(folder / "home")
    inn.ok("install", asking_plugin(folder))
    return inn


def without(inn: Inn, missing: str, *arguments: str, environment: dict[str, str] | None = None) -> Outcome:
    """Run ``llm ARGUMENTS`` where *missing* is, and nothing is remembered of another machine."""
    (inn.home / "cache" / "confinement.json").unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, POOR_MACHINE, missing, LLM, *arguments],
        capture_output=True,
        encoding="utf-8",
        env=inn.environment(environment),
        timeout=60,
        check=False,
    )
    (inn.home / "cache" / "confinement.json").unlink(missing_ok=True)
    return Outcome(done.returncode, done.stdout, done.stderr)


def examined(outcome: Outcome) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(outcome.stdout)
    return found


def test_a_machine_that_has_all_of_it(installed: Inn) -> None:
    outcome = installed.run("doctor", "--json")

    found = examined(outcome)
    assert outcome.status == 0
    assert found["tier"] in ("ns", "inproc")
    assert (found["system"], found["kernel"]) == ("Linux", platform.release())
    assert found["is_root"] is (os.geteuid() == 0)
    assert found["landlock"] >= 2
    assert found["seccomp"] is True
    assert found["missing"] == [] or found["tier"] == "inproc"
    assert found["home"] == str(installed.home)
    assert found["problems"] == {}
    text = installed.ok("doctor")
    assert f"Landlock: version {found['landlock']}\n" in text
    assert "Nothing is wrong with any plugin.\n" in text
    assert all(f"  {sentence}\n" in text for sentence in found["open"])
    assert any("You are root" in sentence for sentence in found["open"]) is found["is_root"]


def test_without_user_namespaces_there_is_the_weaker_tier(installed: Inn) -> None:
    outcome = without(installed, "namespaces", "doctor", "--json")

    found = examined(outcome)
    assert (outcome.status, found["tier"], found["bubblewrap"]) == (0, "inproc", None)
    assert found["failures"]
    assert any("names, sizes and times" in sentence for sentence in found["open"])
    assert "the lock-down alone (the weaker tier)" in without(installed, "namespaces", "doctor").stdout
    assert without(installed, "namespaces", "-m", "asker", "env X").stdout == "unset\n\n"


def test_without_landlock_there_is_no_weaker_tier(installed: Inn) -> None:
    """With namespaces alone the plugin sees nothing but its own, so they do."""
    if not examined(installed.run("doctor", "--json"))["bubblewrap"]:
        pytest.skip("user namespaces do not work here")

    found = examined(without(installed, "landlock", "doctor", "--json"))

    assert (found["tier"], found["landlock"], found["missing"]) == ("ns", 0, [])
    assert without(installed, "landlock", "-m", "asker", "env X").stdout == "unset\n\n"


def test_a_machine_that_cannot_confine_refuses_and_says_why(installed: Inn) -> None:
    outcome = without(installed, "landlock,namespaces", "-m", "asker", "env X")

    assert (outcome.status, outcome.stdout) == (1, "")
    first, *_, tried, hint = outcome.stderr.splitlines()
    assert first == "Error: This machine cannot confine plugins, so none is started."
    assert tried.endswith("Landlock has version 0 here and 2 is needed")
    assert (
        hint == "  What is missing: llm doctor. To run a plugin unconfined all the same, at your own risk: --no-sandbox"
    )

    doctor = without(installed, "landlock,namespaces", "doctor", "--json")
    found = examined(doctor)
    assert (doctor.status, found["tier"], found["landlock"]) == (1, "", 0)
    assert "The weaker tier needs version 2 of Landlock (Linux 5.19), and there is none." in found["missing"]
    assert found["open"] == ["Everything, with --no-sandbox; without it no plugin is started."]
    assert "nothing works here" in without(installed, "landlock,namespaces", "doctor").stdout


WARNING = "Warning: plugin 'llm-asker' runs unconfined"


@pytest.mark.parametrize("how", ["the option", "the variable"])
def test_at_the_person_s_word_it_runs_and_every_run_says_so(installed: Inn, how: str) -> None:
    options, environment = (["--no-sandbox"], None) if how == "the option" else ([], {"INNKEEPER_NO_SANDBOX": "1"})

    for _ in range(2):
        outcome = without(
            installed, "landlock,namespaces", "-m", "asker", *options, "env PATH", environment=environment
        )
        assert (outcome.status, outcome.stderr) == (0, f"{WARNING} (the sandbox is off, at your word).\n")
        assert "env" not in outcome.stdout


def test_the_recorded_word_counts_only_where_nothing_can_confine(tmp_path: Path) -> None:
    inn = Inn(tmp_path / "home")
    inn.ok("install", asking_plugin(tmp_path))
    inn.ok("plugins", "allow", "asker", "--without-sandbox")

    poor = without(inn, "landlock,namespaces", "-m", "asker", "read /etc/hostname")
    assert poor.stderr == f"{WARNING} (this machine cannot confine it: llm doctor).\n"
    assert poor.status == 0
    rich = inn.run("-m", "asker", "quietly read /etc/hostname")
    assert (rich.stdout, rich.stderr) == ("gave up\n\n", "")
    assert "It would run unconfined" in inn.ok("doctor")


def test_a_plugin_that_is_trusted_runs_unconfined_and_is_named(tmp_path: Path) -> None:
    inn = Inn(tmp_path / "home")
    inn.ok("install", asking_plugin(tmp_path))
    inn.ok("plugins", "allow", "asker", "--trust")
    (tmp_path / "a.txt").write_text("a")

    outcome = inn.run("-m", "asker", f"read {tmp_path}/a.txt")

    assert outcome.stdout == "a\n\n"
    assert outcome.stderr == f"{WARNING} (as you allowed it; to confine it: llm plugins deny llm-asker --trust).\n"
    assert "It runs unconfined, as you allowed it" in inn.ok("doctor")
    inn.ok("plugins", "deny", "asker", "--trust")
    assert inn.run("-m", "asker", f"quietly read {tmp_path}/a.txt").stdout == "gave up\n\n"


def test_what_is_wrong_with_a_plugin_is_said(tmp_path: Path) -> None:
    inn = Inn(tmp_path / "home")
    hiding = 'import llm\n@llm.hookimpl\ndef register_commands(cli):\n    cli.command(name="models")(lambda: None)\n'
    failing = "import llm\n@llm.hookimpl\ndef register_models(register):\n    raise ValueError('no key')\n"
    inn.ok("install", write_plugin(tmp_path, "llm-hiding", hiding), write_plugin(tmp_path, "llm-failing", failing))
    (tmp_path / "book").write_text("x")
    inn.ok("plugins", "allow", "hiding", "--read", str(tmp_path / "book"))
    (tmp_path / "book").unlink()
    (inn.home / "plugins" / "llm-failing" / "grants.json").write_text("{")
    (inn.home / "keys.json").write_text("{}")
    (inn.home / "keys.json").chmod(0o644)

    problems = examined(inn.run("doctor", "--json"))["problems"]

    assert list(problems) == ["innkeeper", "llm-hiding", "llm-failing"]
    assert "others on this machine can read them" in problems["innkeeper"][0]
    hidden, unreadable = problems["llm-hiding"]
    assert "llm plugins run llm-hiding models" in hidden
    assert unreadable == f"It may use {tmp_path}/book, and there is nothing."
    failed, broken = problems["llm-failing"]
    assert "no key" in failed
    assert "The grants of plugin 'llm-failing' cannot be read" in broken
