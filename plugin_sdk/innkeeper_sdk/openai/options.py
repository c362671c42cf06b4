"""What people can set of models that speak OpenAI's API, with the types and limits that the real ``llm`` gives them.

This module imports pydantic, so it is itself imported when an option is given, or asked about (`options_when_asked`).
"""

from __future__ import annotations

import functools
import json
from enum import Enum
from typing import Any

from pydantic import Field, create_model, field_validator

from innkeeper_sdk.api.options import Options

from .option_values import (
    ImageDetailEnum,
    ImageDetailWithOriginalEnum,
    ReasoningEffortEnum,
    ReasoningSummaryEnum,
    VerbosityEnum,
)


class SharedOptions(Options):
    """The options that all of these models have."""

    temperature: float | None = Field(
        default=None, ge=0, le=2, description="How far to stray from the likeliest words: 0 hardly at all, 2 wildly."
    )
    max_tokens: int | None = Field(default=None, description="The most tokens to write.")
    top_p: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Choose among the likeliest tokens only, those that have this share of the probability together. "
        "Set this or temperature, not both.",
    )
    frequency_penalty: float | None = Field(
        default=None, ge=-2, le=2, description="Above 0, repeat less what was said often already; below 0, more."
    )
    presence_penalty: float | None = Field(
        default=None, ge=-2, le=2, description="Above 0, turn rather to what was not spoken of yet; below 0, less."
    )
    stop: str | None = Field(default=None, description="Stop writing at this text.")
    logit_bias: dict | str | None = Field(  # type: ignore[type-arg]  # the schema that the real one has
        default=None,
        description='Make tokens likelier or less likely, by their numbers and from -100 to 100: {"1712": -100}.',
    )
    seed: int | None = Field(default=None, description="A number; the same one makes the answers more alike.")

    @field_validator("logit_bias")
    @classmethod
    def validate_logit_bias(cls, logit_bias: Any) -> Any:
        """Return the numbers of tokens with their bias as whole numbers. Raises ValueError."""
        if logit_bias is None:
            return None
        if isinstance(logit_bias, str):
            try:
                logit_bias = json.loads(logit_bias)
            except json.JSONDecodeError:
                raise ValueError("Invalid JSON in logit_bias string") from None
        try:
            biases = {int(token): int(bias) for token, bias in logit_bias.items()}
        except (AttributeError, TypeError, ValueError):
            raise ValueError("Invalid key-value pair in logit_bias dictionary") from None
        if any(not -100 <= bias <= 100 for bias in biases.values()):
            raise ValueError("Invalid key-value pair in logit_bias dictionary")
        return biases


class CompletionOptions(SharedOptions, title="Options"):
    """The options of a model behind the old completions API."""

    logprobs: int | None = Field(
        default=None, le=5, description="Tell the log probabilities of so many of the likeliest tokens, each time."
    )


def _named(kind: type[Enum]) -> str:
    *others, last = [member.value for member in kind]
    return f"{', '.join(others)} or {last}"


@functools.cache
def build_options_class(
    *,
    reasoning: bool = False,
    reasoning_summary: bool = False,
    verbosity: bool = False,
    image_detail_original: bool = False,
    chat_completions: bool = False,
    service_tier: bool = False,
) -> type[SharedOptions]:
    """Return the options of a model with these abilities. Making such a class is slow, so each is made once."""
    detail = ImageDetailWithOriginalEnum if image_detail_original else ImageDetailEnum
    offered: list[tuple[bool, str, Any, str]] = [
        (True, "json_object", bool, "Answer with a JSON object. The prompt must speak of JSON."),
        (chat_completions, "chat_completions", bool, "Use the older chat completions API instead of responses."),
        (True, "image_detail", detail, f"How closely to look at images: {_named(detail)}."),
        (
            reasoning,
            "reasoning_effort",
            ReasoningEffortEnum,
            f"How hard to think before the answer: {_named(ReasoningEffortEnum)}. Not every model knows them all.",
        ),
        (
            reasoning_summary,
            "reasoning_summary",
            ReasoningSummaryEnum,
            f"Ask for a summary of the reasoning: {_named(ReasoningSummaryEnum)}.",
        ),
        (verbosity, "verbosity", VerbosityEnum, f"How many words to make: {_named(VerbosityEnum)}."),
        (
            service_tier,
            "service_tier",
            str,
            "How soon to be served, and at what price: 'fast' or 'flex', for example, where the model has them.",
        ),
    ]
    fields: dict[str, Any] = {
        name: (kind | None, Field(default=None, description=description))
        for wanted, name, kind, description in offered
        if wanted
    }
    made: type[SharedOptions] = create_model("Options", __base__=SharedOptions, **fields)
    return made
