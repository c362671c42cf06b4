"""What people write for a tool: ``name``, ``Box``, ``Box("x")``, ``Box(option=1)``, ``Box({"option": 1})``.

Arguments are Python literals; the words of JSON, ``true``, ``false`` and ``null``, are understood, too. Nothing of it
is evaluated.
"""

from __future__ import annotations

import ast
import threading
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

from innkeeper.errors import UsageError
from innkeeper.untrusted import one_line

from .named_paths import with_home_folder

SHOWN_LETTERS = 200
"""Of what cannot be understood, in a message."""

_silence = threading.Lock()
"""Held while warnings are switched off: two that did so at once could leave them off."""

_JSON_WORDS = {"true": True, "false": False, "null": None}


class Specification(NamedTuple):
    """A tool's *name*, and the arguments for a toolbox's constructor."""

    name: str
    positional: tuple[Any, ...] = ()
    arguments: dict[str, Any] = {}  # noqa: RUF012  # nobody changes it

    @property
    def has_arguments(self) -> bool:
        return bool(self.positional or self.arguments)

    def texts(self) -> list[str]:
        """Return all texts among the arguments, at any depth: what may name files."""
        found: list[str] = []
        _mapped([*self.positional, *self.arguments.values()], found.append)
        return found

    def with_home_folder(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the positional and the named arguments, with the person's home folder in the place of ``~``."""
        positional, arguments = _mapped([list(self.positional), self.arguments], with_home_folder)
        return tuple(positional), arguments


def read_specification(text: str) -> Specification:
    """Return what *text* means. Raises UsageError.

    One bare dict is keyword arguments, as `llm` has it.
    """
    name, bracket, rest = text.strip().partition("(")
    if not bracket:
        return Specification(name)
    if not rest.endswith(")"):
        raise _unfit(text, "A bracket is not closed.")
    try:
        call = _parsed(rest[:-1])
        positional = tuple(_literal(argument) for argument in call.args)
        arguments = {_keyword(argument): _literal(argument.value) for argument in call.keywords}
        if len(arguments) < len(call.keywords):
            raise ValueError("An argument is given twice.")
    except (SyntaxError, ValueError, TypeError) as error:
        raise _unfit(text, str(error).partition(" (")[0]) from error
    except (RecursionError, MemoryError) as error:
        raise _unfit(text, "It is nested too deep.") from error
    if len(positional) == 1 and not arguments and isinstance(positional[0], dict):
        return Specification(name.strip(), (), positional[0])
    return Specification(name.strip(), positional, arguments)


def _parsed(arguments: str) -> ast.Call:
    with _silence, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "\d" in a regular expression is what the person means
        call = ast.parse(f"_({arguments}\n)", mode="eval").body
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "_"):
        raise ValueError("Something stands behind the closing bracket.")
    return call


def _keyword(argument: ast.keyword) -> str:
    if argument.arg is None:
        raise ValueError("** is of no use here.")
    return argument.arg


def _literal(node: ast.expr) -> Any:
    """Return the value of *node*, as JSON can hold it. Raises ValueError, TypeError."""
    return _as_json(ast.literal_eval(_JsonWords().visit(node)))


class _JsonWords(ast.NodeTransformer):
    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in _JSON_WORDS:
            raise ValueError(f"{node.id} is no value; a text stands in quotes.")
        return ast.copy_location(ast.Constant(_JSON_WORDS[node.id]), node)


def _as_json(value: Any) -> Any:
    if value is None or isinstance(value, (bool, float, str)):
        return value
    if isinstance(value, int) and -(2**63) <= value < 2**64:
        return value
    if isinstance(value, (list, tuple)):
        return [_as_json(item) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: _as_json(item) for key, item in value.items()}
    raise ValueError("Values are texts, numbers, True, False, None, lists of them, and dicts with texts as keys.")


def _mapped(value: Any, change: Callable[[str], Any]) -> Any:
    """Return *value* with every text in it changed; the names in a dict stay."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _mapped(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_mapped(item, change) for item in value]
    return value


def _unfit(text: str, why: str) -> UsageError:
    return UsageError(
        f"{one_line(text, SHOWN_LETTERS)} is not written as a tool.",
        why=why,
        hint="""Like this: -T name, -T 'Toolbox("text")', -T 'Toolbox(option="text", number=1)'""",
    )
