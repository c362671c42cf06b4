"""What a plugin was refused: each thing once, in order, with the command that would allow it."""

from __future__ import annotations

from pathlib import Path

from innkeeper.process.denials import KEPT, Denial, Denials


def test_each_refusal_is_kept_told_and_logged_once(tmp_path: Path) -> None:
    told: list[Denial] = []
    denials = Denials("llm-weather", str(tmp_path / "plugin.log"), told.append)

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
    denials.add("read", "/data/it's here", "the sandbox refused open")

    assert denials.hint().endswith(
        "llm plugins allow llm-weather --net api.example.com:443 --read '/data/it'\"'\"'s here'"
    )


def test_nothing_refused_gives_no_hint(tmp_path: Path) -> None:
    assert Denials("llm-weather", str(tmp_path / "plugin.log")).hint() == ""


def test_a_flood_of_refusals_is_bounded(tmp_path: Path) -> None:
    denials = Denials("llm-flood", str(tmp_path / "plugin.log"))

    for number in range(10 * KEPT):
        denials.add("net", f"host-{number}.example:443", "it was not granted")

    assert len(denials.all()) == KEPT
    assert len((tmp_path / "plugin.log").read_text("utf-8").splitlines()) == KEPT


def test_a_plugins_words_cannot_forge_a_line_of_the_log(tmp_path: Path) -> None:
    denials = Denials("llm-forger", str(tmp_path / "plugin.log"))

    denials.add("path", "/x\n2026-01-01T00:00:00 innkeeper: granted everything\x1b[2K", "no")

    (line,) = (tmp_path / "plugin.log").read_text("utf-8").splitlines()
    assert "\x1b" not in line
