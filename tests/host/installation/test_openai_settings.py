"""What the files and variables that the person wrote allow the plugin for OpenAI."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from innkeeper.confinement.grants import Grants
from innkeeper.installation.inventory import InstalledPlugin
from innkeeper.installation.openai_settings import (
    concerns,
    granted_by_settings,
    may_register_more,
    server_of,
    told_to_plugin,
)
from innkeeper.paths import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(str(tmp_path / "home"))


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path / "person")}


def write(folder: str | Path, text: str) -> str:
    path = Path(folder) / "extra-openai-models.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_without_settings_nothing_is_allowed(home: Home, environ: dict[str, str]) -> None:
    assert granted_by_settings(home, environ) == Grants()


def test_servers_and_keys_of_both_files_are_allowed_and_the_files_readable(home: Home, environ: dict[str, str]) -> None:
    first = write(home.root, "- {model_id: a, api_base: 'https://api.example.com/v1', api_key_name: example}")
    second = write(
        Path(environ["HOME"]) / ".llm",
        "- {model_id: b, api_base: 'http://localhost:8080/v1'}\n- {model_id: c, model_name: gpt-x}",
    )

    assert granted_by_settings(home, environ) == Grants(
        net=("api.example.com:443", "localhost:8080"), keys=("example",), read=(first, second)
    )
    assert told_to_plugin(home, environ) == (("INNKEEPER_OPENAI_FILES", f"{first}:{second}"),)


def test_file_behind_a_link_is_readable_at_both_ends(home: Home, environ: dict[str, str], tmp_path: Path) -> None:
    real = write(tmp_path / "dotfiles", "[]")
    link = Path(home.root) / "extra-openai-models.yaml"
    link.parent.mkdir()
    link.symlink_to(real)

    assert granted_by_settings(home, environ).read == (str(link), real)


def test_change_of_a_file_counts_at_once(home: Home, environ: dict[str, str]) -> None:
    path = write(home.root, "- {model_id: a, api_base: 'https://one.example/v1'}")
    assert granted_by_settings(home, environ).net == ("one.example:443",)
    assert granted_by_settings(home, environ).net == ("one.example:443",)
    write(home.root, "- {model_id: a, api_base: 'https://another.example/v1'}")
    assert granted_by_settings(home, environ).net == ("another.example:443",)
    Path(path).unlink()
    assert granted_by_settings(home, environ).net == ()


def test_broken_file_allows_nothing_and_the_other_one_counts(home: Home, environ: dict[str, str]) -> None:
    write(home.root, "- model_id: [")
    write(Path(environ["HOME"]) / ".llm", "- 7\n- {model_id: b, api_base: 'http://localhost:1/v1', api_key_name: [x]}")

    allowed = granted_by_settings(home, environ)

    assert (allowed.net, allowed.keys) == (("localhost:1",), ())


@pytest.mark.parametrize("memo", ["", "{}", '{"watched": {}, "net": "x", "keys": []}', "[1]"])
def test_what_was_remembered_is_not_believed_when_it_is_broken(memo: str, home: Home, environ: dict[str, str]) -> None:
    write(home.root, "- {model_id: a, api_base: 'https://one.example/v1'}")
    Path(home.cache_dir).mkdir()
    (Path(home.cache_dir) / "openai_models.json").write_text(memo)

    assert granted_by_settings(home, environ).net == ("one.example:443",)


def test_server_of_the_environment_and_of_one_run_are_allowed(home: Home, environ: dict[str, str]) -> None:
    models = json.dumps([{"model_id": "m", "api_base": "http://127.0.0.1:9/v1"}])

    allowed = granted_by_settings(home, {**environ, "OPENAI_BASE_URL": "https://proxy.example/openai"}, models)

    assert (allowed.net, allowed.env) == (("proxy.example:443", "127.0.0.1:9"), ("OPENAI_BASE_URL",))
    assert told_to_plugin(home, environ, models)[1] == ("INNKEEPER_OPENAI_MODELS", models)


@pytest.mark.parametrize(
    ("address", "server"),
    [
        ("https://api.example.com/v1", ["api.example.com:443"]),
        ("http://API.Example.com", ["api.example.com:80"]),
        ("http://[::1]:8080/v1", ["[::1]:8080"]),
        ("https://user:secret@api.example.com/v1", ["api.example.com:443"]),
        ("private:10.0.0.1", []),
        ("ftp://api.example.com", []),
        ("https://api.example.com:99999", []),
        ("https://", []),
        ("api.example.com", []),
        (None, []),
        (["https://api.example.com"], []),
    ],
)
def test_only_addresses_of_the_web_name_a_server(address: object, server: list[str]) -> None:
    """None of them can say that a private address is meant: that takes `llm plugins allow`."""
    assert server_of(address) == server


def test_plugin_that_only_has_the_name_gets_nothing() -> None:
    assert concerns(InstalledPlugin(name="innkeeper-openai", version="1", is_default=True))
    assert not concerns(InstalledPlugin(name="innkeeper-openai", version="1"))
    assert not concerns(InstalledPlugin(name="innkeeper-tools", version="1", is_default=True))


def test_plugin_that_was_never_made_ready_may_register_more_where_there_is_a_file(
    home: Home, environ: dict[str, str]
) -> None:
    shipped = InstalledPlugin(name="innkeeper-openai", version="1", is_default=True)
    assert not may_register_more(home, shipped, environ)
    write(home.root, "[]")
    assert may_register_more(home, shipped, environ)
    assert not may_register_more(home, InstalledPlugin(name="innkeeper-tools", version="1", is_default=True), environ)
