"""Runs Python code that is in no file."""

from __future__ import annotations

import itertools
import linecache
import sys
from types import ModuleType

_numbers = itertools.count(1)


def run(code: str) -> ModuleType:
    """Run *code* as a module of its own, and return that. Raises what it raises.

    The module can be found by its name, and its source lines by a traceback, as those of any other: dataclasses,
    annotations that are texts, and whoever reads the log rely on that.
    """
    name = f"functions_{next(_numbers)}"
    file = f"<{name}>"
    module = ModuleType(name)
    module.__file__ = file
    linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
    compiled = compile(code, file, "exec", dont_inherit=True)
    sys.modules[name] = module
    exec(compiled, module.__dict__)
    return module
