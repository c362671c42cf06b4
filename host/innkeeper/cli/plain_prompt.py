"""Reads the arguments of a plain prompt by itself: ``llm -m MODEL TEXT`` and little more, which is what most are.

Click, with all options of a prompt, takes as long to import and to set up as the rest of a run. So what means the same
in any reading is read here, and all else, be it only unusual, is left to click; a test holds the two to one another.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .names import COMMANDS, DEBUG_VARIABLE, DEFAULT, MODEL_VARIABLE

COMPLETION_VARIABLE = "_LLM_COMPLETE"
"""With this in the environment a shell asks click what could be typed next."""

TEXTS = {"-m": "model_id", "--model": "model_id", "-s": "system", "--system": "system", "--key": "key"}
FLAGS = {
    "--no-stream": "no_stream",
    "-n": "no_log",
    "--no-log": "no_log",
    "-R": "hide_reasoning",
    "--hide-reasoning": "hide_reasoning",
    "-u": "usage",
    "--usage": "usage",
}
PAIRS = {"-o": "options", "--option": "options"}
"""The options that are read here, each with the name of what click would make of it."""


def plain_prompt(arguments: Sequence[str], is_command: Callable[[str], bool]) -> dict[str, Any] | None:
    """Return what `Request` takes of *arguments*, or None where click is to read them.

    *is_command* says whether a word names a command of a plugin.
    """
    if COMPLETION_VARIABLE in os.environ or DEBUG_VARIABLE in os.environ:
        return None
    if arguments and not arguments[0].startswith("-"):
        if arguments[0] == DEFAULT:
            arguments = arguments[1:]
        elif arguments[0] in COMMANDS or is_command(arguments[0]):
            return None
    try:
        given = _read(arguments)
    except _Unclear:
        return None
    given.setdefault("model_id", os.environ.get(MODEL_VARIABLE) or None)
    return given


class _Unclear(Exception):
    """These arguments are not for here."""


def _read(arguments: Sequence[str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    left = iter(arguments)
    for argument in left:
        if argument in FLAGS:
            given[FLAGS[argument]] = True
        elif argument in TEXTS:
            given[TEXTS[argument]] = _value(left)
        elif argument in PAIRS:
            name = PAIRS[argument]
            given[name] = (*given.get(name, ()), (_value(left), _value(left)))
        elif argument.startswith("-") or "prompt" in given:
            raise _Unclear
        else:
            given["prompt"] = argument
    return given


def _value(left: Iterator[str]) -> str:
    """Return the value of an option. One that is missing, empty, or looks like an option itself is for click."""
    value = next(left, "")
    if not value or value.startswith("-"):
        raise _Unclear
    return value
