"""What the API's small value classes are made of: dataclasses to everyone who asks, without importing those.

The standard library's decorator is slow to import, and compiles source code for each class; for the two dozen here that
took a tenth of the time in which a plugin answers. So `value` writes the one method that a class needs, equality and
the readable form are inherited, and what `dataclasses.fields` looks at is made when it looks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

__all__ = ["Value", "field", "value"]

FIELDS, PARAMS = "__dataclass_fields__", "__dataclass_params__"
REQUIRED = object()


class Fresh:
    """Stands for a default that is made anew for each instance."""

    __slots__ = ("make",)

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make

    def __repr__(self) -> str:
        return "<factory>"


class _WhenAsked:
    """The attribute *name* of dataclasses, which a class gets when somebody looks for it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type[Value]) -> Any:
        import dataclasses

        home: Any = next(cls for cls in owner.__mro__ if self._name in vars(cls))
        defaults = {
            name: dataclasses.field(default_factory=default.make) if isinstance(default, Fresh) else default
            for name, (_, default) in home._fields.items()
            if default is not REQUIRED
        }
        kinds = {name: kind for name, (kind, _) in home._fields.items()}
        made: Any = type(home.__name__, (), {"__annotations__": kinds, "__module__": home.__module__, **defaults})
        made = dataclasses.dataclass(init=False, eq=False, repr=False)(made)
        for name in (FIELDS, PARAMS):
            setattr(home, name, getattr(made, name))
        return getattr(home, self._name)


class Value:
    """Equal to another of its own class with the same fields. It can be changed, so no hash."""

    _fields: dict[str, tuple[str, Any]] = {}  # noqa: RUF012  # each class that has any gets its own
    """Type and default of each field, by its name."""
    __match_args__: tuple[str, ...] = ()
    __dataclass_fields__ = _WhenAsked(FIELDS)
    __dataclass_params__ = _WhenAsked(PARAMS)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__match_args__)

    __hash__ = None  # type: ignore[assignment]  # it can be changed

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
        return f"{type(self).__qualname__}({fields})"

    def __replace__(self, /, **changes: Any) -> Any:
        import dataclasses

        return dataclasses.replace(self, **changes)  # type: ignore[type-var]  # it is one when looked at


if TYPE_CHECKING:
    from dataclasses import dataclass as value
    from dataclasses import field
else:

    def value(cls):
        """Make *cls*, a `Value`, a dataclass."""
        cls._fields = fields = dict(cls._fields)
        for name, kind in cls.__annotations__.items():
            if not kind.startswith("ClassVar"):
                fields[name] = (kind, vars(cls).get(name, REQUIRED))
                if isinstance(fields[name][1], Fresh):
                    delattr(cls, name)
        cls.__match_args__ = tuple(fields)
        for name in (FIELDS, PARAMS):
            setattr(cls, name, _WhenAsked(name))
        cls.__init__ = _initialiser(cls, fields)
        return cls

    def field(*, default_factory):
        """Return what gives each instance a default of its own."""
        return Fresh(default_factory)

    def _initialiser(cls, fields):
        parameters, lines, names = ["self"], [], {}
        for name, (_, default) in fields.items():
            parameters.append(name if default is REQUIRED else f"{name}=_{name}")
            given = f"_{name}.make() if {name} is _{name} else {name}" if isinstance(default, Fresh) else name
            lines.append(f" self.{name} = {given}")
            names[f"_{name}"] = default
        if hasattr(cls, "__post_init__"):
            lines.append(" self.__post_init__()")
        exec("\n".join([f"def __init__({', '.join(parameters)}):", *lines, " return None"]), names)
        made = names["__init__"]
        made.__annotations__ = {**{name: kind for name, (kind, _) in fields.items()}, "return": None}
        made.__qualname__, made.__module__ = f"{cls.__qualname__}.__init__", cls.__module__
        return made
