"""The README's first command: a prompt to the model that runs here, with no key and no network."""

from __future__ import annotations

import json

from .inn import Inn


def test_first_prompt_makes_the_model_ready_and_answers(default_only: Inn) -> None:
    outcome = default_only.run("Three names for a pet pelican", "-o", "max_tokens", "60", "-u")

    assert outcome.status == 0, outcome
    assert len(outcome.stdout.split()) > 3
    assert "MB" in outcome.stderr, "the first run says what it fetches"
    assert "Token usage: 37 input, " in outcome.stderr


def test_second_prompt_says_nothing_of_installing(default_only: Inn) -> None:
    default_only.ok("-o", "max_tokens", "1", "hi")

    outcome = default_only.run("-o", "max_tokens", "5", "hi")

    assert (outcome.status, outcome.stderr) == (0, "")


def test_temperature_0_gives_the_same_answer_twice(default_only: Inn) -> None:
    arguments = ("-m", "smollm2", "-o", "temperature", "0", "-o", "max_tokens", "30", "Name three colours.")

    assert default_only.ok(*arguments) == default_only.ok(*arguments)


def test_a_seed_decides_the_answer(default_only: Inn) -> None:
    def answer(seed: int) -> str:
        options = ("-o", "temperature", "1.5", "-o", "max_tokens", "30", "-o", "seed", str(seed))
        return default_only.ok("-m", "local", *options, "Tell me a story")

    first = answer(1)

    assert answer(1) == first
    assert answer(2) != first


def test_streamed_whole_and_async_answers_are_the_same(default_only: Inn) -> None:
    arguments = ("-m", "SmolLM2", "-o", "temperature", "0", "-o", "max_tokens", "30", "-s", "You are a pirate", "hi")

    streamed = default_only.ok(*arguments)

    assert default_only.ok(*arguments, "--no-stream") == streamed
    assert default_only.ok(*arguments, "--async") == streamed


def test_options_are_validated_in_the_words_of_the_plugin(default_only: Inn) -> None:
    message = default_only.fails("-m", "smollm2", "-o", "temperature", "3", "hi")

    assert "temperature" in message
    assert "less than or equal to 2" in message


def test_a_conversation_that_cannot_fit_is_refused_at_once(default_only: Inn) -> None:
    message = default_only.fails("-m", "smollm2", stdin="pelican " * 1_000_000, timeout_s=20)

    assert "too long: 8,000,000 bytes" in message


def test_a_conversation_with_too_many_tokens_is_refused(default_only: Inn) -> None:
    message = default_only.fails("-m", "smollm2", "a b " * 3000)

    assert "too long: 6,031 tokens, and smollm2 holds 4,096" in message


def test_listing_models_before_the_first_use_installs_nothing(inn: Inn) -> None:
    models = json.loads(inn.ok("models", "list", "--json"))

    assert "smollm2" in [model["model_id"] for model in models]
    assert not list(inn.home.glob("plugins/*/generations/*"))
