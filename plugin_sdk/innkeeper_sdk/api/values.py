"""What the API's small value classes share: equality and a readable form.

Dataclasses can write both themselves, by compiling source code for each class when it is imported; for the two dozen
here that took a third of the time of ``import llm``.
"""

from __future__ import annotations

from typing import Any


class Value:
    """A dataclass's base: equal to another of its own class with the same fields. It can be changed, so no hash."""

    __dataclass_fields__: dict[str, Any]

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__dataclass_fields__)

    __hash__ = None  # type: ignore[assignment]  # it can be changed

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__dataclass_fields__)
        return f"{type(self).__qualname__}({fields})"
