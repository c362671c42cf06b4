"""The options of a model that declares none: an object that behaves like an empty pydantic model, without pydantic.

Subclassing it gives a real pydantic class, for plugins that say ``class Options(llm.Model.Options)``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from .errors import OptionsInvalid


class _PydanticWhenSubclassed(type):
    """Makes a class statement with ``NoOptions`` among its bases a class of ``llm.Options``."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any) -> Any:
        if not any(isinstance(base, _PydanticWhenSubclassed) for base in bases):
            return super().__new__(mcs, name, bases, namespace, **kwargs)
        from .options import Options

        real_bases = tuple(Options if isinstance(base, _PydanticWhenSubclassed) else base for base in bases)
        make_class: Any = type(Options)
        return make_class(name, real_bases, namespace, **kwargs)


class NoOptions(metaclass=_PydanticWhenSubclassed):
    """No options. Giving it any raises OptionsInvalid, which reads like pydantic's ValidationError."""

    model_fields: ClassVar[dict[str, Any]] = {}
    __fields__: ClassVar[dict[str, Any]] = {}

    def __init__(self, **options: Any) -> None:
        if options:
            raise OptionsInvalid(
                "Options",
                [
                    {"type": "extra_forbidden", "loc": (name,), "msg": "Extra inputs are not permitted", "input": value}
                    for name, value in options.items()
                ],
            )

    @classmethod
    def model_json_schema(cls, **settings: Any) -> dict[str, Any]:
        """Return the JSON schema of no options."""
        return {"additionalProperties": False, "properties": {}, "title": "Options", "type": "object"}

    @classmethod
    def model_validate(cls, options: dict[str, Any], **settings: Any) -> NoOptions:
        """Return no options, made of an empty dict."""
        return cls(**options)

    def model_dump(self, **settings: Any) -> dict[str, Any]:
        """Return an empty dict."""
        return {}

    def model_dump_json(self, **settings: Any) -> str:
        """Return an empty JSON object."""
        return "{}"

    def dict(self, **settings: Any) -> dict[str, Any]:
        """Return an empty dict, as pydantic 1 called it."""
        return {}

    @property
    def model_fields_set(self) -> set[str]:
        """The names of the options that were given: none."""
        return set()

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return iter(())

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(NoOptions)

    def __repr__(self) -> str:
        return "Options()"
