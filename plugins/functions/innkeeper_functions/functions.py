"""A toolbox whose tools are the functions of some Python code."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from types import ModuleType

from llm import ModelError, Tool, Toolbox

from .code import run

WHERE = "Error in --functions definition"


class Functions(Toolbox):
    """Runs *code* when it is made; its tools keep what the code keeps in variables."""

    def __init__(self, code: str) -> None:
        self._tools = list(tools_of(_ran(code)))

    def tools(self) -> Iterable[Tool]:
        """Return one tool for each function."""
        return self._tools


def tools_of(module: ModuleType) -> Iterator[Tool]:
    """Yield a tool for each name in *module* that stands for a function.

    That is whatever can be called and is defined there, and functions that it imports; not classes that it imports, nor
    what typing has to say. Raises ModelError for one of its own that cannot be a tool.
    """
    for name, value in vars(module).items():
        if name.startswith("_") or not callable(value):
            continue
        is_own = getattr(value, "__module__", None) == module.__name__
        if not is_own and not inspect.isroutine(value):
            continue
        try:
            yield Tool.function(value, name=name)
        except Exception as error:  # of annotations, which may be anything
            if is_own:
                raise ModelError(f"{WHERE}: {name} cannot be a tool: {error}") from error


def _ran(code: str) -> ModuleType:
    """Return the module that *code* makes. Raises ModelError in words for the person who wrote it."""
    try:
        return run(code)
    except SyntaxError as error:
        raise ModelError(f"{WHERE}: {error}") from error
    except ModuleNotFoundError as error:
        package = str(error.name).partition(".")[0]
        raise ModelError(
            f"{WHERE}: it imports {error.name}, which its environment does not have.\n"
            f"Add the package that has it: llm install innkeeper-functions --with {package}"
        ) from error
    except OSError as error:
        allow = f"\nWhat it may read is yours to say: llm plugins allow functions --read {error.filename}"
        raise ModelError(f"{WHERE}: {error}{allow if error.filename else ''}") from error
    except (Exception, SystemExit) as error:
        raise ModelError(f"{WHERE}: {type(error).__name__}: {error}") from error
