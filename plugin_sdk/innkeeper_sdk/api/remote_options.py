"""The options of a model that lives elsewhere, as a class: its schema is known, its validators are not.

Names and JSON types are the schema's; what else the model demands, its own plugin checks when it is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from .errors import OptionsInvalid


class RemoteOptions:
    """Options as they were given. An option left out reads as its default."""

    schema: ClassVar[dict[str, Any]] = {}

    def __init__(self, **options: Any) -> None:
        properties = self.schema.get("properties", {})
        unknown = [name for name in options if name not in properties]
        if unknown and self.schema.get("additionalProperties") is False:
            message = "Extra inputs are not permitted"
            raise OptionsInvalid(
                self.schema.get("title", "Options"),
                [
                    {"type": "extra_forbidden", "loc": (name,), "msg": message, "input": options[name]}
                    for name in unknown
                ],
            )
        self._given = dict(options)
        for name, schema in properties.items():
            setattr(self, name, options.get(name, schema.get("default")))

    @classmethod
    def model_json_schema(cls, **settings: Any) -> dict[str, Any]:
        """Return the schema."""
        return dict(cls.schema)

    def model_dump(self, *, exclude_none: bool = False, exclude_unset: bool = False, **settings: Any) -> dict[str, Any]:
        """Return the options as a dict."""
        shown = self._given if exclude_unset else dict(self)
        return {name: value for name, value in shown.items() if value is not None or not exclude_none}

    def dict(self, **settings: Any) -> dict[str, Any]:
        """Return the options as a dict, as pydantic 1 called it."""
        return self.model_dump(**settings)

    @property
    def model_fields_set(self) -> set[str]:
        """The names of the options that were given."""
        return set(self._given)

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        names = dict.fromkeys([*self.schema.get("properties", {}), *self._given])
        return ((name, getattr(self, name, self._given.get(name))) for name in names)

    def __repr__(self) -> str:
        return f"Options({', '.join(f'{name}={value!r}' for name, value in self._given.items())})"


def options_class(schema: dict[str, Any]) -> type[RemoteOptions]:
    """Return a class of options with that JSON schema."""
    return type("Options", (RemoteOptions,), {"schema": schema, "__doc__": RemoteOptions.__doc__})
