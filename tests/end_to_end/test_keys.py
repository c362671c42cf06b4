"""Keys: kept where only the person can read them, handed out by name, and never seen anywhere else."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .asking_plugin import asking_plugin
from .inn import LLM, Inn

KEY = "sk-test-5ecret-4711"


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Inn:
    """Return a home with a plugin that may have the key ``asker``. For tests that only read."""
    folder = tmp_path_factory.mktemp("keyed")
    inn = Inn(folder / "home")
    inn.ok("keys", "set", "asker", stdin=KEY + "\n")
    inn.ok("install", asking_plugin(folder), "--allow-key", "asker")
    return inn


def everything_below(folder: Path) -> Iterator[Path]:
    """Yield every file of a home but those that cannot hold what was said in it: environments."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and "generations" not in path.parts and "cache" not in path.parts:
            yield path


def test_the_file_of_the_keys_is_the_person_s_alone(keyed: Inn) -> None:
    path = Path(keyed.ok("keys", "path").strip())

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["asker"] == KEY
    assert keyed.ok("keys") == "asker\n"
    assert keyed.ok("keys", "get", "asker") == f"{KEY}\n"


def test_keys_that_others_can_read_are_not_used(tmp_path: Path) -> None:
    inn = Inn(tmp_path / "home")
    inn.ok("keys", "set", "asker", "--value", KEY)
    inn.ok("install", asking_plugin(tmp_path), "--allow-key", "asker")
    path = inn.home / "keys.json"
    path.chmod(0o640)

    for command in (["keys"], ["keys", "get", "asker"], ["keys", "set", "other", "--value", "x"]):
        message = inn.fails(*command)
        assert "others on this machine can read them" in message
        assert f"chmod 600 {path}" in message
    assert f"chmod 600 {path}" in inn.fails("-m", "asker", "key asker")
    assert list(json.loads(path.read_text())) == ["// Note", "asker"]


def test_keys_that_are_set_at_once_are_all_kept(tmp_path: Path) -> None:
    inn = Inn(tmp_path / "home")
    names = [f"key-{number}" for number in range(8)]

    running = [
        subprocess.Popen([LLM, "keys", "set", name, "--value", f"value-of-{name}"], env=inn.environment())
        for name in names
    ]
    assert [process.wait(60) for process in running] == [0] * len(names)

    assert inn.ok("keys").split() == names
    assert stat.S_IMODE((inn.home / "keys.json").stat().st_mode) == 0o600


def test_a_key_that_a_plugin_says_is_masked_wherever_that_is_shown(keyed: Inn) -> None:
    """It may be printed, raised, logged and sent back; the person reads a mark, and no file holds it."""
    said = keyed.run("-m", "asker", "say asker")

    assert (said.status, said.stdout) == (1, "")
    assert said.stderr == "Error: [key]\n"
    assert "ModelError: ***" in keyed.ok("plugins", "log", "asker")
    holders = [path.name for path in everything_below(keyed.home) if KEY.encode() in path.read_bytes()]
    assert holders == ["keys.json"]


def test_a_key_in_an_answer_is_not_kept_in_the_log(keyed: Inn) -> None:
    """The person sees what the model said, since it may be what they asked for; the database keeps a mark."""
    assert keyed.ok("-m", "asker", "key asker").strip() == KEY

    with sqlite3.connect(keyed.home / "logs.db") as db:
        dump = "\n".join(db.iterdump())
    assert "key asker" in dump
    assert KEY not in dump


def test_a_plugin_is_given_no_key_by_its_environment_or_arguments(keyed: Inn) -> None:
    seen = keyed.ok("-m", "asker", "env ASKER_KEY\nread /proc/self/environ\nread /proc/self/cmdline", environment={
        "ASKER_KEY": KEY
    })  # fmt: skip

    assert seen.startswith("unset\n")
    assert "INNKEEPER_PLUGIN" in seen
    assert KEY not in seen


@pytest.fixture(scope="module")
def keyring_package(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a folder with the package ``keyring`` and a backend of it that keeps a file."""
    folder = tmp_path_factory.mktemp("keyring")
    uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", sys.executable, "--target", str(folder)]
    subprocess.run([*uv, "keyring", "keyrings.alt"], check=True, env={**os.environ, "VIRTUAL_ENV": ""})
    return str(folder)


def test_keys_may_live_in_the_keyring_of_the_system(tmp_path: Path, keyring_package: str) -> None:
    inn = Inn(tmp_path / "home")
    environment = {
        "PYTHONPATH": keyring_package,
        "PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring",
        "XDG_DATA_HOME": str(tmp_path / "xdg"),
        "PYTHONWARNINGS": "ignore",
    }
    inn.ok("keys", "set", "asker", "--value", "an-older-key")
    inn.ok("install", asking_plugin(tmp_path), "--allow-key", "asker")

    inn.ok("keys", "set", "asker", "--keyring", stdin=KEY, environment=environment)

    assert "an-older-key" not in (inn.home / "keys.json").read_text()
    assert [path for path in everything_below(inn.home) if KEY.encode() in path.read_bytes()] == []
    assert inn.ok("keys") == "asker\n"
    assert inn.ok("keys", "get", "asker", environment=environment) == f"{KEY}\n"
    assert inn.ok("-m", "asker", "key asker", environment=environment).strip() == KEY
    assert inn.run("-m", "asker", "say asker", environment=environment).stderr == "Error: [key]\n"

    without = inn.fails("keys", "get", "asker")
    assert "pip install 'innkeeper[keyring]'" in without
    broken = {**environment, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    assert "The keyring did not answer" in inn.fails("keys", "get", "asker", environment=broken)
    assert "The keyring did not answer" in inn.fails("keys", "set", "x", "--keyring", stdin=KEY, environment=broken)
    assert inn.ok("keys") == "asker\n"

    inn.ok("keys", "set", "asker", "--value", "back-in-the-file", environment=environment)
    assert inn.ok("keys", "get", "asker") == "back-in-the-file\n"


def test_keyring_without_its_package_is_refused_and_stores_nothing(inn: Inn) -> None:
    message = inn.fails("keys", "set", "asker", "--keyring", stdin=KEY)

    assert "The package `keyring` is not installed" in message
    assert inn.ok("keys") == "No keys found\n"
