"""Small things plugins do with a model's text: find the code in it, shorten it, fence it."""

from __future__ import annotations

import re

OPENING_FENCE = re.compile(r"(`{3,})\w*\r?\Z")
"""A line that begins a block of code: three backticks or more, and the name of a language or nothing."""

PLUGIN_PREFIX = re.compile(r"[A-Za-z0-9_-]+:")

SHORTEST_WITH_END = 9
"""``a... z`` is the shortest that shows both ends of a text."""


def extract_fenced_code_block(text: str, last: bool = False) -> str | None:
    """Return what stands in the first fenced block of code, or in the *last*, or None.

    A block ends with as many backticks as it began with, alone on their line; one that does not end is none.
    """
    lines = text.split("\n")
    blocks: list[str] = []
    number = 0
    while number < len(lines) - 1 and (last or not blocks):
        opening = OPENING_FENCE.match(lines[number])
        end = None if opening is None else _find_line(lines, number + 1, opening.group(1))
        if end is None:
            number += 1
            continue
        blocks.append("".join(f"{line}\n" for line in lines[number + 1 : end]))
        number = end + 1
    return blocks[-1] if blocks else None


def _find_line(lines: list[str], start: int, fence: str) -> int | None:
    """Return the number of the first line from *start* on that is *fence* and spaces."""
    closing = re.compile(f"{fence} *\r?\\Z")
    return next((number for number in range(start, len(lines)) if closing.match(lines[number])), None)


def maybe_fenced_code(content: str) -> str:
    """Return *content* in a fence if it looks like code: many angle brackets, or nearly all of its lines short."""
    lines = content.splitlines()
    short = sum(len(line) < 120 for line in lines)
    if content.count("<") <= 10 and not (len(lines) > 3 and short > 0.9 * len(lines)):
        return content
    fence = "```"
    while fence in content:
        fence += "`"
    return f"\n{fence}\n{content.strip()}\n{fence}"


def truncate_string(
    text: str, max_length: int = 100, normalize_whitespace: bool = False, keep_end: bool = False
) -> str:
    """Return *text* in at most *max_length* letters, with dots for what is left out: at the end, or in the middle.

    *normalize_whitespace* makes every run of white space one space first.
    """
    if text and normalize_whitespace:
        text = re.sub(r"\s+", " ", text)
    if not text or len(text) <= max_length:
        return text
    if keep_end and max_length >= SHORTEST_WITH_END:
        kept = (max_length - len("... ") - 1) // 2
        return f"{text[:kept]}... {text[-kept:]}"
    return f"{text[: max_length - len('...')]}..."


def has_plugin_prefix(value: str) -> bool:
    """Tell whether *value* begins like ``prefix:``, by which loaders go."""
    return PLUGIN_PREFIX.match(value) is not None
