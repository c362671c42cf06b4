"""What a plugin was refused: each thing once, in order, with the command that would allow it."""

from __future__ import annotations

from pathlib import Path

from innkeeper.masking import Mask
from innkeeper.process.denials import KEPT, KEPT_UNTOLD, SHOWN, Denial, Denials


def test_each_refusal_is_kept_told_and_logged_once(tmp_path: Path) -> None:
    told: list[Denial] = []
    denials = Denials("llm-weather", str(tmp_path / "plugin.log"), tell=told.append)

    for _ in range(3):
        denials.add("net", "api.example.com:443", "it was not granted")
    denials.add("key", "weather", "it was not granted")

    expected = [
        Denial("net", "api.example.com:443", "it was not granted"),
        Denial("key", "weather", "it was not granted"),
    ]
    assert denials.all() == told == expected
    assert len((tmp_path / "plugin.log").read_text("utf-8").splitlines()) == 2


def test_the_hint_is_one_command_that_allows_all_of_it(tmp_path: Path) -> None:
    denials = Denials("llm-weather", str(tmp_path / "plugin.log"))
    denials.add("net", "api.example.com:443", "it was not granted")
    denials.add("read", "/data/it's here", "it was not granted")

    assert denials.hint() == (
        "The sandbox refused it: to reach api.example.com:443, to read /data/it's here. To allow that: "
        "llm plugins allow llm-weather --net api.example.com:443 --read '/data/it'\"'\"'s here'"
    )


def test_what_no_error_told_is_left_to_tell_and_only_once(tmp_path: Path) -> None:
    denials = Denials("llm-weather", str(tmp_path / "plugin.log"))
    denials.add("key", "weather", "it was not granted")
    assert denials.hint()
    assert denials.left_to_tell() == ""

    denials.add("run", "jq", "it was not granted")
    assert denials.left_to_tell() == (
        "Note: the sandbox refused llm-weather to run jq. To allow that: llm plugins allow llm-weather --run jq"
    )
    assert denials.left_to_tell() == ""


def test_a_quiet_one_explains_an_error_and_is_no_news_without(tmp_path: Path) -> None:
    denials = Denials("llm-weather", str(tmp_path / "plugin.log"))
    denials.add("key", "weather", "it was not granted", quiet=True)

    assert denials.left_to_tell() == ""
    assert denials.hint().endswith("llm plugins allow llm-weather --key weather")


def test_nothing_refused_or_forgotten_gives_no_hint(tmp_path: Path) -> None:
    denials = Denials("llm-weather", str(tmp_path / "plugin.log"))
    assert denials.hint() == ""

    denials.add("net", "api.example.com:443", "it was not granted")
    denials.forget()
    assert denials.hint() == denials.left_to_tell() == ""


def test_a_flood_of_refusals_is_bounded(tmp_path: Path) -> None:
    denials = Denials("llm-flood", str(tmp_path / "plugin.log"))

    for number in range(10 * KEPT):
        denials.add("net", f"host-{number}.example:443", "it was not granted")

    assert len(denials.all()) == KEPT
    assert len((tmp_path / "plugin.log").read_text("utf-8").splitlines()) == KEPT
    hint = denials.hint()
    assert hint.count("--net") == SHOWN
    assert f"and {KEPT - SHOWN} more (llm plugins log llm-flood)" in hint


def test_a_flood_of_one_kind_hides_nothing_else(tmp_path: Path) -> None:
    denials = Denials("llm-flood", str(tmp_path / "plugin.log"))
    for number in range(10 * KEPT):
        denials.add("key", f"no-key-{number}", "it was not granted", quiet=True)
        denials.add("host", f"no host {number}", "that is no host name")
        denials.add("read", f"/file-{number}", "it was not granted")

    denials.add("key", "stored", "it was not granted")
    denials.add("net", "evil.example:443", "it was not granted")

    assert denials.all()[-2:] == [
        Denial("key", "stored", "it was not granted"),
        Denial("net", "evil.example:443", "it was not granted"),
    ]
    assert len(denials.all()) == 2 * KEPT_UNTOLD + KEPT + 2
    assert denials.left_to_tell().startswith(
        "Note: the sandbox refused llm-flood to reach evil.example:443, the key 'stored', to read /file-0, "
    )


def test_a_plugins_words_cannot_forge_a_line_of_the_log(tmp_path: Path) -> None:
    denials = Denials("llm-forger", str(tmp_path / "plugin.log"))

    denials.add("path", "/x\n2026-01-01T00:00:00 innkeeper: granted everything\x1b[2K", "no")

    (line,) = (tmp_path / "plugin.log").read_text("utf-8").splitlines()
    assert "\x1b" not in line


def test_a_key_in_what_was_refused_is_masked(tmp_path: Path) -> None:
    denials = Denials("llm-leak", str(tmp_path / "plugin.log"), mask=Mask(["sk-12345678"]))

    denials.add("net", "sk-12345678.evil.example:443", "sk-12345678")

    assert denials.all() == [Denial("net", "[key].evil.example:443", "[key]")]
    assert "sk-1234" not in (tmp_path / "plugin.log").read_text("utf-8")
