"""Plugins that need the real `llm` get it, and nothing else is different for the person."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.end_to_end.inn import Inn
from tests.end_to_end.plugin_source import write_plugin

from .real_llm_plugins import NEWER, OLDER, PARROT


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Inn:
    folder = tmp_path_factory.mktemp("real")
    inn = Inn(folder / "home")
    sources = [
        write_plugin(folder, "parrot", PARROT),
        write_plugin(folder, "newer", NEWER),
        write_plugin(folder, "older", OLDER, dependencies=("llm<0.20",)),
    ]
    inn.ok("install", *sources, "llm-echo")
    return inn


def test_who_runs_on_what_is_shown(real: Inn) -> None:
    assert {name: plugin["runtime"] for name, plugin in real.plugins().items()} == {
        "parrot": "sdk",
        "newer": "llm",
        "older": "llm",
        "llm-echo": "sdk",
    }
    assert [plugin.get("problems") for plugin in real.plugins().values()] == [None] * 4


def test_a_prompt_reaches_a_model_of_the_real_llm_whole(real: Inn, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a file", "utf-8")

    outcome = real.run(
        "-m", "really", "hi", "-s", "sys", "-o", "loud", "1", "--at", str(tmp_path / "a.txt"), "text/plain", "-u"
    )

    assert json.loads(outcome.stdout) == {
        "prompt": "hi",
        "system": "sys",
        "loud": True,
        "parts": 2,
        "before": [],
        "files": ["a file"],
        "results": [],
    }
    assert "thinking" in outcome.stderr
    assert "1 input, 2 output" in outcome.stderr


def test_its_options_are_checked_in_its_own_words(real: Inn) -> None:
    assert "unable to interpret input" in real.fails("-m", "real", "hi", "-o", "loud", "perhaps")


def test_a_conversation_goes_on(real: Inn) -> None:
    first = real.ok("-m", "real", "one")
    second = json.loads(real.ok("-c", "two"))

    assert (second["prompt"], second["before"]) == ("two", [first.rstrip("\n")])


def test_its_async_model_answers(real: Inn) -> None:
    assert real.ok("-m", "real", "--async", "hi") == "async hi\n"


def test_its_model_gets_the_key_of_the_call(real: Inn) -> None:
    assert real.ok("-m", "real-key", "--key", "K1", "hi") == "key K1\n"
    assert "No key found" in real.fails("-m", "real-key", "hi")


def test_its_model_uses_tools_of_others_and_others_use_its_own(real: Inn) -> None:
    result = json.loads(real.ok("-m", "real", "-T", "llm_version", "call llm_version"))["results"]
    assert result[0]

    calls = [
        {"name": name, "arguments": {"text": "hi"}} for name in ("RealCounter_more", "real_shout", "RealCounter_more")
    ]
    answer = real.ok(
        "-m", "echo", "-T", "real_shout", "-T", "RealCounter(start=5)", json.dumps({"prompt": "x", "tool_calls": calls})
    )
    assert '"output": "HI"' in answer
    assert '{\\"count\\": 7, \\"text\\": \\"hi\\"}' in answer


def test_its_embedding_model_embeds(real: Inn) -> None:
    assert json.loads(real.ok("embed", "-m", "real-numbers", "-c", "four")) == [4.0, 1.0]


def test_its_loaders_load(real: Inn) -> None:
    told = json.loads(real.ok("-m", "real", "-t", "real:there", "-f", "real:x", "hi"))

    assert told["prompt"] == "text of x\nSay hi"
    assert told["system"] == "of there"


def test_its_command_runs_on_the_real_command_line_and_asks_the_host(real: Inn) -> None:
    version, *rest = real.ok("real-version").split()

    assert version != "0"
    assert rest == ["hi", "0", "data", "LogStore"]
    assert "Say which llm this is" in real.ok("real-version", "--help")
    assert real.plugins()["newer"]["commands"] == ["real-version"]


def test_its_model_asks_models_of_others(real: Inn) -> None:
    assert real.ok("-m", "real-relay", "hi") == "sys hi 0 and again 1 and async async\n"


def test_a_model_that_is_nowhere_is_unknown_to_it(real: Inn) -> None:
    assert real.ok("-m", "real-lost", "hi") == "lost: Unknown model: no-such-model-anywhere\n"


def test_an_old_release_is_spoken_for_as_well(real: Inn) -> None:
    """It knows neither parts nor stream events nor tools."""
    assert real.ok("-m", "old", "-o", "times", "2", "hi") == "hi []hi []\n"
    assert real.ok("-c", "ho") == "ho ['hi []hi []']\n"
    assert json.loads(real.ok("embed", "-m", "old-numbers", "-c", "four")) == [4.0]
