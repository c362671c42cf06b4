"""Models that misbehave while they answer: one clear error that names the plugin, soon, and the host goes on."""

from __future__ import annotations

import pytest

from .inn import Inn


def test_what_a_plugin_prints_goes_to_its_log(rogues: Inn) -> None:
    assert rogues.ok("-m", "prints", "hi") == "the answer\n"

    log = rogues.log("rogue-prints")
    assert "stray print\n" in log
    assert "stray write\n" in log


def test_exception_of_a_model_is_one_sentence_and_its_traceback_in_the_log(rogues: Inn) -> None:
    outcome = rogues.run("-m", "raises", "hi")

    assert outcome.status == 1
    assert outcome.stdout.strip() == "so far"
    assert "boom" in outcome.stderr
    assert "rogue-raises" in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert "Traceback" in rogues.log("rogue-raises")


def test_plugin_that_is_killed_says_so_with_its_last_words(rogues: Inn) -> None:
    outcome = rogues.run("-m", "dies", "hi")

    assert outcome.status == 1
    assert outcome.stdout.strip() == "so far"
    assert "rogue-dies" in outcome.stderr
    assert "last words" in outcome.stderr


def test_plugin_that_exits_says_its_status(rogues: Inn) -> None:
    message = rogues.fails("-m", "leaves", "hi")

    assert "rogue-leaves" in message
    assert "7" in message


@pytest.mark.parametrize("name", ["deaf", "babbles"])
def test_plugin_that_breaks_its_channel_is_ended(rogues: Inn, name: str) -> None:
    message = rogues.fails("-m", name, "hi", timeout_s=30)

    assert f"rogue-{name}" in message


def test_answer_of_the_wrong_type_is_refused(rogues: Inn) -> None:
    message = rogues.fails("-m", "numbers", "hi")

    assert "rogue-numbers" in message


def test_after_all_of_them_the_others_still_answer(rogues: Inn) -> None:
    rogues.fails("-m", "leaves", "hi")

    assert rogues.ok("-m", "prints", "hi") == "the answer\n"
