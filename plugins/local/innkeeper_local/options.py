"""What a person may set for one prompt: the names are llama.cpp's, and so are the values it is passed."""

from __future__ import annotations

import llm
from pydantic import Field

MAX_TOKENS = 512
"""Where an answer ends if the model does not end it, as one this small may not: some 5 seconds on two cores."""


class SmolLM2Options(llm.Options):
    temperature: float | None = Field(
        description="How freely to choose: 0 always takes the likeliest token", ge=0, le=2, default=None
    )
    max_tokens: int | None = Field(description=f"Stop after this many tokens ({MAX_TOKENS})", ge=1, default=None)
    seed: int | None = Field(description="Same seed, same prompt: same answer", ge=0, le=2**32 - 2, default=None)
    top_p: float | None = Field(
        description="Choose among the likeliest tokens that together reach this probability", gt=0, le=1, default=None
    )
    top_k: int | None = Field(description="Choose among this many likeliest tokens; 0 means all", ge=0, default=None)
    min_p: float | None = Field(
        description="Leave out tokens less likely than this share of the likeliest", ge=0, le=1, default=None
    )
    repeat_penalty: float | None = Field(
        description="Above 1, what was just said becomes less likely", ge=0, le=2, default=None
    )


DEFAULTS = {"temperature": 0.2, "top_p": 0.9, "repeat_penalty": 1.1, "max_tokens": MAX_TOKENS}
"""The first two are what its model card recommends; without the third, one answer in four never stopped repeating."""


def sampling(options: SmolLM2Options) -> dict[str, float | int]:
    """Return what llama.cpp is asked: the defaults, and above them whatever was set."""
    chosen = {name: getattr(options, name) for name in SmolLM2Options.model_fields}
    return {**DEFAULTS, **{name: value for name, value in chosen.items() if value is not None}}
