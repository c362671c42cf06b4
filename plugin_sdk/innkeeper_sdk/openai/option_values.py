"""What some options of models that speak OpenAI's API can be, and options as plain values."""

from __future__ import annotations

from enum import Enum
from typing import Any


class ReasoningEffortEnum(str, Enum):
    """How hard to think."""

    none = "none"
    minimal = "minimal"
    low = "low"
    medium = "medium"
    high = "high"
    xhigh = "xhigh"
    max = "max"


class ReasoningSummaryEnum(str, Enum):
    """How much to tell of what was thought."""

    auto = "auto"
    concise = "concise"
    detailed = "detailed"


class VerbosityEnum(str, Enum):
    """How many words to make."""

    low = "low"
    medium = "medium"
    high = "high"


class ImageDetailEnum(str, Enum):
    """How closely to look at images."""

    low = "low"
    high = "high"
    auto = "auto"


class ImageDetailWithOriginalEnum(str, Enum):
    """How closely to look at images, for models that also take them as they are."""

    low = "low"
    high = "high"
    original = "original"
    auto = "auto"


def not_nulls(options: Any) -> dict[str, Any]:
    """Return the options that are set, by name."""
    return {name: value for name, value in options if value is not None}


def value_of(option: Any) -> Any:
    """Return the value of an option that may be an enum."""
    return option.value if isinstance(option, Enum) else option
