"""Remembering what an object was constructed with, so that it can be written down and made again."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

CATCH_ALL = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def recording(original: Callable[..., None], begin: Callable[[Any, dict[str, Any]], None]) -> Callable[..., None]:
    """Return the constructor *original*, made to hand the instance and its named arguments to *begin* first.

    Defaults count as arguments; ``*args`` and ``**kwargs`` do not. This is for ``__init_subclass__``, so that a class
    works which never calls ``super().__init__()``. Of a line of classes, only the instance's own begins.
    """

    @functools.wraps(original)
    def constructor(self: Any, *args: Any, **kwargs: Any) -> None:
        if type(self).__init__ is constructor:
            signature = inspect.signature(original)
            try:
                bound = signature.bind(self, *args, **kwargs)
            except TypeError:
                original(self, *args, **kwargs)  # refuses them, too, and says whose arguments they are
                raise
            bound.apply_defaults()
            own_name = next(iter(signature.parameters))
            named = {
                name: value
                for name, value in bound.arguments.items()
                if name != own_name and signature.parameters[name].kind not in CATCH_ALL
            }
            begin(self, named)
        original(self, *args, **kwargs)

    return constructor
