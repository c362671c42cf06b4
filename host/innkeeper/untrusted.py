"""What a plugin said, made fit to be shown: a stranger's words must not move a terminal's cursor or fill its screen."""

from __future__ import annotations

MESSAGE_LETTERS = 2000
"""The longest message of a plugin that is shown. A validation error of a large model is some hundred letters."""


def cleaned(text: str, limit: int = MESSAGE_LETTERS) -> str:
    """Return *text* without control characters and what reverses the direction of writing; line breaks stay.

    What is longer than *limit* is cut, and ends in an ellipsis.
    """
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text)


def one_line(text: str, limit: int = MESSAGE_LETTERS) -> str:
    """Return *text* cleaned, and its line breaks as spaces."""
    return " ".join(cleaned(text, limit).split())
