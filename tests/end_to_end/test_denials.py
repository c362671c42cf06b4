"""A refusal explains itself: what was tried, that the sandbox refused, and the one command that allows it."""

from __future__ import annotations

import json
import os
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from .asking_plugin import asking_plugin, greeting_server
from .inn import Inn


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with greeting_server() as port:
        yield port


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Inn:
    """Return a home in which the plugin may do nothing. Tests that grant something take it back."""
    folder = tmp_path_factory.mktemp("bare")
    inn = Inn(folder / "home")
    inn.ok("install", asking_plugin(folder))
    return inn


@pytest.fixture
def desk() -> Iterator[Path]:
    """Return a folder of the person's, with a file. Not below /tmp, of which every plugin has one of its own."""
    with tempfile.TemporaryDirectory(prefix="innkeeper-test-", dir=Path.home()) as folder:
        (Path(folder) / "a.txt").write_text("what a says")
        yield Path(folder)


REFUSALS = {
    "net": ("net http://localhost:{port}/", "to reach localhost:{port}", "--net localhost:{port}", "hello"),
    "read": ("read {desk}/a.txt", "to read {desk}/a.txt", "--read {desk}/a.txt", "what a says"),
    "list": ("list {desk}", "to read {desk}", "--read {desk}", "a.txt"),
    "write": ("write {desk}/a.txt", "to write {desk}/a.txt", "--write {desk}/a.txt", "4"),
    "new": ("write {desk}/new.txt", "to write {desk}", "--write {desk}", "4"),
    "run": ("run uname", "to run uname", "--run uname", os.uname().sysname),
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_an_error_says_what_was_refused_and_its_command_works(bare: Inn, desk: Path, port: int, kind: str) -> None:
    prompt, what, option, answer = (text.format(desk=desk, port=port) for text in REFUSALS[kind])

    error = bare.fails("-m", "asker", prompt)

    hint = f"The sandbox refused it: {what}. To allow that: llm plugins allow llm-asker {option}"
    assert error.splitlines()[-1] == f"  {hint}"
    assert "Note:" not in error
    assert f"innkeeper: refused {option.split()[0].removeprefix('--')} " in bare.log("llm-asker")

    bare.ok(*shlex.split(hint.partition("To allow that: llm ")[2]))
    assert bare.ok("-m", "asker", prompt).strip() == answer
    bare.ok("plugins", "deny", "asker", "--all")


def test_an_error_of_its_own_about_a_file_that_it_cannot_see_says_so(bare: Inn, desk: Path) -> None:
    """Where there are namespaces; without them it sees that the file is there, and fails when it opens it."""
    error = bare.fails("-m", "asker", f"look {desk}/a.txt")

    command = f"llm plugins allow llm-asker --read {desk}/a.txt"
    assert error.splitlines()[-1] == f"  The sandbox refused it: to read {desk}/a.txt. To allow that: {command}"


def test_files_beside_the_system_s_count_where_an_error_is_about_them(bare: Inn) -> None:
    with tempfile.NamedTemporaryFile(dir="/var/tmp") as file:
        assert bare.fails("-m", "asker", f"read {file.name}").endswith(
            f"llm plugins allow llm-asker --read {file.name}\n"
        )
        assert bare.run("-m", "asker", f"quietly read {file.name}").stderr == ""


def test_for_innkeepers_own_files_no_command_is_proposed(bare: Inn) -> None:
    error = bare.fails("-m", "asker", f"read {bare.home}/index.json")

    assert "plugins allow" not in error
    assert f"refused file {bare.home}/index.json" in bare.log("llm-asker")


def test_traceback_of_a_refused_connection_adds_nothing(bare: Inn, port: int) -> None:
    """What Python reads for it are lines of the host's own, among them the stand-in for sockets."""
    error = bare.fails("-m", "asker", f"traced http://localhost:{port}/")

    assert error.splitlines()[-1].endswith(f"llm plugins allow llm-asker --net localhost:{port}")


@pytest.mark.parametrize("kind", REFUSALS)
def test_what_a_plugin_swallows_is_a_line_at_the_end(bare: Inn, desk: Path, port: int, kind: str) -> None:
    prompt, what, option, _ = (text.format(desk=desk, port=port) for text in REFUSALS[kind])

    outcome = bare.run("-m", "asker", f"quietly {prompt}")

    assert (outcome.status, outcome.stdout) == (0, "gave up\n\n")
    command = f"llm plugins allow llm-asker {option}"
    assert outcome.stderr == f"Note: the sandbox refused llm-asker {what}. To allow that: {command}\n"


def test_several_are_one_line_with_one_command(bare: Inn, desk: Path, port: int) -> None:
    lines = [f"quietly net http://localhost:{port}/", f"quietly read {desk}/a.txt", f"quietly read {desk}/a.txt"]

    said = bare.run("-m", "asker", "\n".join(lines)).stderr

    assert said.count("\n") == 1
    assert said.endswith(f"llm plugins allow llm-asker --net localhost:{port} --read {desk}/a.txt\n")


def test_a_command_that_swallows_it_is_told_of_too(bare: Inn, desk: Path) -> None:
    outcome = bare.run("asker-try", "read", "a.txt", cwd=desk)
    assert (outcome.status, outcome.stdout) == (0, "what a says\n")  # the person named it

    outcome = bare.run("asker-try", "run", "uname", cwd=desk)
    assert (outcome.status, outcome.stdout) == (0, "gave up\n")
    assert outcome.stderr.endswith("to run uname. To allow that: llm plugins allow llm-asker --run uname\n")


def test_a_key_that_is_there_is_a_refusal_until_the_person_decided(tmp_path: Path) -> None:
    inn = Inn(tmp_path / "home")
    source = asking_plugin(tmp_path)
    inn.ok("install", source)
    assert inn.run("-m", "asker", "key asker").stderr == ""

    inn.ok("keys", "set", "asker", "--value", "stored-key-1")
    refused = inn.run("-m", "asker", "key asker")
    assert refused.stdout == "None\n\n"
    assert refused.stderr == (
        "Note: the sandbox refused llm-asker the key 'asker'. To allow that: llm plugins allow llm-asker --key asker\n"
    )

    question = inn.at_terminal("install", "--force-reinstall", source)
    question.expect("Allow it")
    question.sendline("n")
    question.expect(pexpect.EOF)
    assert inn.run("-m", "asker", "key asker").stderr == ""
    assert "llm plugins allow llm-asker --key asker" in inn.fails("-m", "asker", "key asker\nread /missing")


def test_what_is_not_there_or_not_the_person_s_either_is_no_refusal(bare: Inn, desk: Path) -> None:
    tries = [f"read {desk}/missing", "read /etc/os-release", "run no-such-program-anywhere", f"write {desk}/no/x"]

    outcome = bare.run("-m", "asker", "\n".join(f"quietly {line}" for line in tries))

    assert outcome.stdout == "gave up\n" * len(tries) + "\n"
    assert outcome.stderr == ""


def test_its_own_files_and_what_it_was_allowed_are_no_refusal(bare: Inn, desk: Path) -> None:
    bare.ok("plugins", "allow", "asker", "--read", str(desk), "--run", "uname")
    tries = [
        f"read {desk}/a.txt",
        "run uname",
        "write ~~/mine",
        "read ~~/mine",
        "list /tmp",
        "write /tmp/x",
        "read /tmp/x",
    ]
    data = bare.home / "plugins" / "llm-asker" / "data"

    outcome = bare.run("-m", "asker", "\n".join(tries).replace("~~", str(data)))

    assert outcome.status == 0, outcome
    assert outcome.stderr == ""
    bare.ok("plugins", "deny", "asker", "--all")


def test_the_audit_lists_what_was_allowed_used_and_refused_with_times(tmp_path: Path, port: int) -> None:
    inn = Inn(tmp_path / "home")
    inn.ok("keys", "set", "asker", "--value", "stored-key-1")
    inn.ok("install", asking_plugin(tmp_path), "--allow-key", "asker", "--allow-net", f"localhost:{port}")
    inn.ok("-m", "asker", f"net http://localhost:{port}/\nnet http://localhost:{port}/\nkey asker")
    inn.run("-m", "asker", "quietly net http://evil.example.net/")
    inn.ok("plugins", "deny", "asker", "--net", "localhost")

    entries = json.loads(inn.ok("plugins", "audit", "asker", "--json"))["entries"]

    assert all(entry["plugin"] == "llm-asker" and entry["time"].endswith("Z") for entry in entries)
    said = [
        {name: value for name, value in entry.items() if name not in ("plugin", "time", "tier", "reason")}
        for entry in entries
        if entry["event"] != "started"
    ]
    key = {"event": "used", "kind": "key", "what": "asker"}
    granted = {"net": [f"localhost:{port}"], "keys": ["asker"], "key_variables": ["ASKER_KEY"]}
    assert said == [
        key,  # when it said what it registers
        {"event": "allowed", "grants": granted},
        key,
        {"event": "used", "kind": "net", "what": f"localhost:{port}"},
        key,
        {"event": "refused", "kind": "net", "what": "evil.example.net:80"},
        {"event": "denied", "grants": {"net": [f"localhost:{port}"]}},
        key,
    ]
    starts = [entry for entry in entries if entry["event"] == "started"]
    assert starts[0]["grants"] == {"net": [f"localhost:{port}"], "keys": ["asker"]}
    assert starts[-1]["grants"] == {"keys": ["asker"], "key_variables": ["ASKER_KEY"]}

    lines = inn.ok("plugins", "audit", "-n", "3").splitlines()
    assert [" ".join(line.split()[1:3]) for line in lines] == ["llm-asker may", "llm-asker started,", "llm-asker used"]
    assert "stored-key-1" not in (inn.home / "plugins" / "llm-asker" / "audit.jsonl").read_text()


def test_a_plugin_cannot_reach_its_audit_or_its_grants(bare: Inn) -> None:
    own = bare.home / "plugins" / "llm-asker"
    bare.ok("plugins", "allow", "asker", "--env", "SOME_COLOUR")
    before = {name: (own / name).read_bytes() for name in ("grants.json", "audit.jsonl", "plugin.log")}

    tries = [f"read {own}/audit.jsonl", f"write {own}/audit.jsonl", f"write {own}/grants.json", f"list {own}"]
    outcome = bare.run("-m", "asker", "\n".join(f"quietly {line}" for line in tries))

    assert outcome.stdout.startswith("gave up\n")
    assert (own / "grants.json").read_bytes() == before["grants.json"]
    assert all((own / name).read_bytes().startswith(content) for name, content in before.items())
