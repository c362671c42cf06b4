"""Calls the hooks of a plugin that is as nearly all are: a module, with one marked function a hook.

Whatever is not as plain as that is pluggy's to call, and so is a function that does not fit its hook: pluggy says what
is wrong with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import FunctionType, ModuleType
from typing import Any

from .api.hook_marks import IMPLEMENTATION


class NotPlain(Exception):
    """Only pluggy knows how to call this."""


def call_plainly(plugin: Any, hook: str, arguments: Mapping[str, Any]) -> None:
    """Call the function of *plugin* that implements *hook*, if one does, with those of *arguments* that it names.

    Raises NotPlain, before anything is called, and whatever the function raises.
    """
    function = _implementation(plugin, hook)
    if function is not None:
        function(*[_argument(name, arguments) for name in _required_parameters(function)])


def _implementation(plugin: Any, hook: str) -> FunctionType | None:
    if not isinstance(plugin, ModuleType):
        raise NotPlain
    found = None
    for name, value in list(vars(plugin).items()):
        mark = getattr(value, "__dict__", {}).get(IMPLEMENTATION)
        if mark is None:
            continue
        if not isinstance(mark, dict) or type(value) is not FunctionType:
            raise NotPlain
        if (mark.get("specname") or name) != hook:
            continue
        if found is not None or mark.get("wrapper") or mark.get("hookwrapper"):
            raise NotPlain
        found = value
    return found


def _required_parameters(function: FunctionType) -> tuple[str, ...]:
    """Return the names of the parameters that have no default, which are those that pluggy gives."""
    if vars(function).keys() & {"__wrapped__", "__signature__"}:
        raise NotPlain
    return function.__code__.co_varnames[: function.__code__.co_argcount - len(function.__defaults__ or ())]


def _argument(name: str, arguments: Mapping[str, Any]) -> Any:
    if name not in arguments:
        raise NotPlain
    return arguments[name]
