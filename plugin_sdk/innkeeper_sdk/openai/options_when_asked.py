"""``Model.Options`` of models that speak OpenAI's API, made when something asks for it.

Its classes are pydantic's, which takes a sixth of a second to import, half of what else a prompt without options takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class OptionsWhenAsked:
    """A class attribute: what a model's ``_options_class`` returns, or else its class's ``_options_of_class``."""

    def __get__(self, model: Any, owner: Any) -> Any:
        own = None if model is None else model._options_class()
        return owner._options_of_class() if own is None else own


def are_made_when_asked(kind: type) -> bool:
    """Say whether the class *kind* has such options, and not some that a plugin wrote into it."""
    found = next(vars(base)["Options"] for base in kind.__mro__ if "Options" in vars(base))
    return isinstance(found, OptionsWhenAsked)


class NoneGiven:
    """Options of which none is given: each is None, as it would be by default."""

    def __getattr__(self, name: str) -> None:
        if name.startswith("_"):
            raise AttributeError(name)

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return iter(self.__dict__.items())

    def model_dump(self, **settings: Any) -> dict[str, Any]:
        """Return those that were set since."""
        return dict(self.__dict__)

    def dict(self, **settings: Any) -> dict[str, Any]:
        """Return the same, as pydantic 1 called it."""
        return self.model_dump()
