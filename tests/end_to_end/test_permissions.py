"""What a plugin may touch is the person's to say: asked for at installation, granted, taken back, and looked at."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from .asking_plugin import asking_plugin, greeting_server
from .inn import Inn
from .plugin_source import write_plugin


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with greeting_server() as port:
        yield port


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, port: int) -> tuple[Inn, str]:
    """Return a home in which the plugin was installed by a script, and what that wrote."""
    folder = tmp_path_factory.mktemp("asker")
    inn = Inn(folder / "home")
    source = asking_plugin(
        folder,
        f'request.net("localhost:{port}")',
        'request.keys("asker")',
        'request.env("ASKER_COLOUR")',
        'request.reason("It looks\\nthings up\\x1b[2J.")',
    )
    outcome = inn.run("install", source)
    assert outcome.status == 0, outcome
    return inn, outcome.stderr


def test_a_script_grants_nothing_and_reads_the_command_that_would(installed: tuple[Inn, str], port: int) -> None:
    inn, said = installed

    lines = said.partition("llm-asker asks to:\n")[2].splitlines()
    command = f"llm plugins allow llm-asker --net localhost:{port} --key asker --env ASKER_COLOUR"
    assert lines == [
        f"  reach localhost:{port} (a server on this machine)",
        "  use the key 'asker'",
        "  use a key from the variable ASKER_KEY",
        "  see the variable ASKER_COLOUR",
        "  It says why: It looks things up [2J.",
        f"  It may not. To allow it: {command}",
    ]
    assert inn.run("-m", "asker", "key asker").stdout == "None\n\n"
    assert "may not connect" in inn.fails("-m", "asker", f"net http://localhost:{port}/")


def test_what_was_said_and_allowed_is_listed(installed: tuple[Inn, str], port: int) -> None:
    inn, _ = installed

    listed = json.loads(inn.ok("plugins", "permissions", "asker", "--json"))

    wanted = {
        "net": [f"localhost:{port}"], "keys": ["asker"], "key_variables": ["ASKER_KEY"], "env": ["ASKER_COLOUR"]
    }  # fmt: skip
    assert listed == {
        "plugins": [
            {
                "name": "llm-asker",
                "source": f"folder:{inn.home.parent / 'llm-asker'}",
                "granted": {},
                "granted_once": {},
                "requested": wanted,
                "is_guess": False,
                "reason": "It looks\nthings up [2J.",
                "not_granted": wanted,
            }
        ]
    }
    table = inn.ok("plugins", "permissions")
    assert "nothing" in table
    assert "llm plugins allow llm-asker --net" in table


def test_the_command_that_is_named_allows_it(tmp_path: Path, port: int) -> None:
    """And a model that is there only for who has the key is there at once."""
    inn = Inn(tmp_path / "home")
    source = asking_plugin(tmp_path, f'request.net("localhost:{port}")', 'request.keys("asker")')
    command = inn.run("install", source).stderr.rpartition("To allow it: llm ")[2]
    environment = {"ASKER_KEY": "from-the-environment"}

    allowed = inn.run(*shlex.split(command)).stderr

    assert "llm-asker may now use the key 'asker'\n" in allowed
    assert "llm-asker may now use a key from the variable ASKER_KEY\n" in allowed
    assert inn.ok("-m", "asker", f"net http://localhost:{port}/") == "hello\n\n"
    assert inn.ok("-m", "asker", "key asker/ASKER_KEY", environment=environment) == "from-the-environment\n\n"
    inn.ok("keys", "set", "asker", "--value", "stored-key-1")
    assert inn.ok("-m", "asker-extra", "hi", environment=environment) == "extra with stored-key-1\n"

    inn.ok("plugins", "deny", "asker", "--key", "asker")
    assert inn.ok("-m", "asker", "key asker/ASKER_KEY", environment=environment) == "None\n\n"
    assert inn.ok("-m", "asker", f"net http://localhost:{port}/") == "hello\n\n"
    inn.ok("plugins", "deny", "asker", "--all")
    assert json.loads(inn.ok("plugins", "permissions", "asker", "--json"))["plugins"][0]["granted"] == {}


def test_on_a_terminal_the_person_is_asked_once_and_again_when_it_wants_more(tmp_path: Path) -> None:
    inn = Inn(tmp_path / "home")
    source = asking_plugin(tmp_path, 'request.net("api.example.net:443")')

    first = inn.at_terminal("install", source)
    first.expect("llm-asker asks to:\r\n  reach api.example.net:443\r\nAllow it\\? \\[y/N\\]: ")
    first.sendline("y")
    first.expect("llm-asker may now reach api.example.net:443")
    first.expect(pexpect.EOF)
    first.close()
    assert first.exitstatus == 0

    again = inn.at_terminal("install", "--force-reinstall", source)
    again.expect(pexpect.EOF)
    assert "Allow it" not in again.before

    asking_plugin(tmp_path, 'request.net("api.example.net:443", "more.example.net:443")', version="0.2.0")
    upgrade = inn.at_terminal("install", "-U", source)
    upgrade.expect("Installed llm-asker 0.2.0\r\nllm-asker asks to:\r\n  reach more.example.net:443\r\nAllow it")
    upgrade.sendline("n")
    upgrade.expect("To allow it: llm plugins allow llm-asker --net more.example.net:443")
    upgrade.expect(pexpect.EOF)

    once_more = inn.at_terminal("install", "--force-reinstall", source)
    once_more.expect("It asks for more than it may.")
    once_more.expect(pexpect.EOF)
    assert "Allow it" not in once_more.before
    granted = json.loads(inn.ok("plugins", "permissions", "asker", "--json"))["plugins"][0]["granted"]
    assert granted == {"net": ["api.example.net:443"]}


def test_a_plugin_that_says_nothing_is_guessed_at_and_yes_accepts_the_guess(tmp_path: Path) -> None:
    inn = Inn(tmp_path / "home")

    outcome = inn.run("install", asking_plugin(tmp_path), "--yes")

    assert outcome.status == 0
    said = outcome.stderr.partition("llm-asker seems to need to:\n")[2].splitlines()
    assert said[:3] == [
        "  use the key 'asker'",
        "  use a key from the variable ASKER_KEY",
        "  (A guess from its source: it does not say what it needs.)",
    ]
    listed = json.loads(inn.ok("plugins", "permissions", "asker", "--json"))["plugins"][0]
    assert listed["is_guess"]
    assert listed["granted"] == {"keys": ["asker"], "key_variables": ["ASKER_KEY"]}
    assert listed["not_granted"] == {}


def test_grants_given_at_installation_are_there_when_it_says_what_it_registers(tmp_path: Path, port: int) -> None:
    inn = Inn(tmp_path / "home")
    inn.ok("keys", "set", "asker", "--value", "stored-key-1")
    (tmp_path / "book.txt").write_text("once upon a time")
    options = ["--allow-net", f"localhost:{port}", "--allow-key", "asker", "--allow-read", str(tmp_path / "book.txt")]

    outcome = inn.run("install", asking_plugin(tmp_path, 'request.keys("asker")'), *options)

    assert outcome.status == 0
    assert "asks to" not in outcome.stderr
    assert "llm-asker may now read" in outcome.stderr
    assert set(inn.plugins()["llm-asker"]["models"]) == {"asker", "asker-extra"}
    tried = inn.ok("-m", "asker", f"net http://localhost:{port}/\nread {tmp_path}/book.txt\nkey asker")
    assert tried.split("\n")[:3] == ["hello", "once upon a time", "stored-key-1"]


def test_a_plugin_that_cannot_be_loaded_without_a_grant_is_told_how(tmp_path: Path, port: int) -> None:
    inn = Inn(tmp_path / "home")
    code = f"""
        import urllib.request
        import llm
        greeting = urllib.request.urlopen("http://localhost:{port}/").read().decode()
        class Greeted(llm.Model):
            model_id = greeting
            def execute(self, prompt, stream, response, conversation):
                yield greeting
        @llm.hookimpl
        def register_models(register):
            register(Greeted())
        """
    source = write_plugin(tmp_path, "llm-greeted", code)

    message = inn.fails("install", source)

    assert "Plugin 'llm-greeted' cannot be loaded." in message
    hint = message.splitlines()[-1]
    assert hint == f"  To allow what it tried: llm install {source} --allow-net localhost:{port}"
    inn.ok(*shlex.split(hint.partition("llm ")[2]))
    assert inn.ok("-m", "hello", "hi") == "hello\n"


def test_a_plugin_of_the_same_name_from_elsewhere_starts_with_none(tmp_path: Path) -> None:
    inn = Inn(tmp_path / "home")
    inn.ok("keys", "set", "asker", "--value", "stored-key-1")
    inn.ok("install", asking_plugin(tmp_path / "honest"), "--yes")
    assert inn.ok("-m", "asker", "key asker") == "stored-key-1\n\n"

    impostor = asking_plugin(tmp_path / "impostor", version="9.0.0")
    said = inn.run("install", impostor).stderr

    assert "What llm-asker was allowed before was for the one from folder:" in said
    assert "seems to need to" in said
    assert inn.ok("-m", "asker", "key asker") == "None\n\n"


def test_once_is_for_one_run_with_all_that_it_starts(tmp_path: Path, port: int) -> None:
    inn = Inn(tmp_path / "home")
    inn.ok("install", asking_plugin(tmp_path))
    (tmp_path / "a.txt").write_text("a")

    inn.ok("plugins", "allow", "asker", "--net", f"localhost:{port}", "--once")
    assert "in its next run: reach localhost" in inn.ok("plugins", "permissions", "asker")
    assert inn.ok("-m", "asker", f"net http://localhost:{port}/") == "hello\n\n"
    assert "may not connect" in inn.fails("-m", "asker", f"net http://localhost:{port}/")

    inn.ok("plugins", "allow", "asker", "--read", str(tmp_path / "a.txt"), "--once")
    inn.ok("plugins", "deny", "asker", "--all")
    assert "gave up" in inn.ok("-m", "asker", f"quietly read {tmp_path}/a.txt")


def test_what_makes_no_sense_is_said_so(installed: tuple[Inn, str]) -> None:
    inn, _ = installed

    assert "There is nothing to allow" in inn.fails("plugins", "allow", "asker", status=2)
    assert "There is nothing to deny" in inn.fails("plugins", "deny", "asker", status=2)
    assert "was not allowed that" in inn.fails("plugins", "deny", "asker", "--net", "x.example", status=2)
    assert "Innkeeper's own files" in inn.fails("plugins", "allow", "asker", "--read", str(inn.home), status=2)
    assert "is no size" in inn.fails("plugins", "allow", "asker", "--memory", "lots", status=2)
    assert "There is no plugin 'nobody'" in inn.fails("plugins", "allow", "nobody", "--key", "x")
