"""Keys that were handed out, taken out of texts and of JSON."""

from __future__ import annotations

from innkeeper.masking import Mask, holds_secret


def test_every_key_is_masked_the_longest_first() -> None:
    mask = Mask(["sk-12345678", None, ""])
    mask.add("sk-12345678-and-more")

    assert mask("a sk-12345678, b sk-12345678-and-more") == "a [key], b [key]"
    assert mask("nothing") == "nothing"


def test_what_is_too_short_to_be_a_key_stays() -> None:
    assert Mask(["short"])("a short text") == "a short text"


def test_json_is_masked_in_all_its_strings() -> None:
    mask = Mask(['quo"ted\\key', "größer-als-nötig"])

    value = {'a quo"ted\\key': ["größer-als-nötig!", 1, None, {"b": True}]}

    assert mask.value(value) == {"a [key]": ["[key]!", 1, None, {"b": True}]}
    assert mask.value(None) is None
    untouched = {"a": [1]}
    assert mask.value(untouched) is untouched


def test_variables_are_secret_by_their_names() -> None:
    assert all(map(holds_secret, ["OPENAI_API_KEY", "github_token", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD"]))
    assert not any(map(holds_secret, ["OLLAMA_HOST", "COLOUR"]))
