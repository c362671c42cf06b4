"""What an answer cost, in tokens."""

from __future__ import annotations

from typing import Any

from .values import Value, value


@value
class Usage(Value):
    """Tokens read and written, and what the provider says beyond."""

    input: int | None = None
    output: int | None = None
    details: dict[str, Any] | None = None


def token_usage_string(input_tokens: int | None, output_tokens: int | None, token_details: Any) -> str:
    """Return the usage in one line: ``1,200 input, 30 output, {"cached": 1}``."""
    import json

    facts = []
    if input_tokens is not None:
        facts.append(f"{input_tokens:,} input")
    if output_tokens is not None:
        facts.append(f"{output_tokens:,} output")
    if token_details:
        facts.append(json.dumps(token_details))
    return ", ".join(facts)


def simplify_usage_dict(d: dict[str, Any]) -> dict[str, Any]:
    """Return *d* without what says nothing: zeros, None and empty maps, at any depth."""

    def simplify(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        simplified = {key: simplify(inner) for key, inner in value.items() if inner not in (0, {})}
        return {key: inner for key, inner in simplified.items() if inner is not None and inner != {}}

    result: dict[str, Any] = simplify(d)
    return result or {}
