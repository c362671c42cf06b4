"""A model's words on a terminal show text and do nothing else, wherever a sequence is cut in two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from innkeeper.cli.terminal_text import HELD_LETTERS, TerminalText

DANGEROUS = set("\x1b\x07\x9b\x9d\x90\r\x08\x7f\u202e\u2066\u061c")


def shown(*pieces: str) -> str:
    text = TerminalText()
    return "".join([text.clean(piece) for piece in pieces]) + text.rest()


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        ("plain text, with\n\ttabs: ünïcödé, 日本語, 👩‍👩‍👧", "plain text, with\n\ttabs: ünïcödé, 日本語, 👩‍👩‍👧"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;owned\x07title", "title"),
        ("\x1b]8;;https://example.com\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b2Jcleared", "cleared"),
        ("\x1bPq#0;2\x1b\\sixel", "sixel"),
        ("over\rwritten\x08", "overwritten"),
        ("\u202etxet\u2066", "txet"),
        ("\x1b[", "["),
        ("half a sequence \x1b]0;never ends", "half a sequence ]0;never ends"),
    ],
)
def test_sequences_vanish_and_text_stays(said: str, seen: str) -> None:
    assert shown(said) == seen
    assert shown(*said) == seen


@given(st.lists(st.text(alphabet=st.sampled_from("ab;[]0m\n\\" + "".join(sorted(DANGEROUS))))))
def test_nothing_dangerous_gets_through_however_it_is_cut(pieces: list[str]) -> None:
    assert not DANGEROUS & set(shown(*pieces))


def test_a_title_without_an_end_does_not_swallow_the_answer() -> None:
    assert shown("\x1b]0;", *["words " * 10] * 20).count("words") > HELD_LETTERS // 6
