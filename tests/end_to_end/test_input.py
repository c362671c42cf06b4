"""What people type and pipe, and what they get wrong."""

from __future__ import annotations

import json
import os

from .inn import Inn


def prompt_seen(answer: str) -> str:
    return str(json.loads(answer)["prompt"])


def test_empty_prompt_is_asked_all_the_same(published: Inn) -> None:
    assert prompt_seen(published.ok("-m", "echo", "")) == ""


def test_piped_text_comes_before_the_prompt(published: Inn) -> None:
    """As the real one puts them together: with a space between."""
    assert prompt_seen(published.ok("-m", "echo", "summarise", stdin="a,b\n1,2\n")) == "a,b\n1,2\n summarise"


def test_ten_megabytes_on_stdin_arrive_whole(published: Inn) -> None:
    text = "0123456789abcde\n" * (10 * 1024 * 1024 // 16)

    assert prompt_seen(published.ok("-m", "echo", stdin=text)).rstrip("\n") == text.rstrip("\n")


def test_binary_on_stdin_is_refused_plainly(published: Inn) -> None:
    """The real command ends in a traceback here."""
    message = published.fails("-m", "echo", "hi", stdin=b"\x89PNG\r\n\xff\xfe\x00")

    assert message.splitlines()[0] == "Error: What came on stdin is not text, so it cannot be part of a prompt."
    assert "llm -a FILE, or -a - for stdin" in message


def test_unknown_option_is_named(published: Inn) -> None:
    message = published.fails("-m", "markov", "-o", "lenght", "8", "hi")

    assert "lenght" in message


def test_option_of_the_wrong_type_is_refused_before_anything_is_sent(published: Inn) -> None:
    message = published.fails("-m", "markov", "-o", "length", "abc", "hi")

    assert "length" in message
    assert "valid integer" in message


def test_option_out_of_range_is_refused_in_the_models_words(published: Inn) -> None:
    message = published.fails("-m", "markov", "-o", "length", "1", "hi")

    assert message == "Error: length\n  length must be >= 2\n"


def test_bytes_that_are_no_text_are_refused_plainly(published: Inn) -> None:
    message = published.fails("-m", "echo", os.fsdecode(b"caf\xe9"))

    assert "not text" in message
    assert "UTF-8" in message


def test_model_is_named_by_the_environment_where_no_option_does(published: Inn) -> None:
    assert prompt_seen(published.ok("hi", environment={"LLM_MODEL": "echo"})) == "hi"


def test_unknown_model_gets_the_nearest_name(published: Inn) -> None:
    message = published.fails("-m", "markof", "hi")

    assert "markof" in message
    assert "markov" in message.replace("markof", "")
