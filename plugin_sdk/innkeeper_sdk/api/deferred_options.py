"""``llm.Options`` without pydantic, for classes that use it in the plainest way; pydantic comes when it is needed.

To import pydantic, and make one class of it, takes longer than all else of a short prompt, and most prompts set no
option. A class that the host found fit (its ``installation.deferred_options``) keeps what stands in its body, and an
instance for which no option is given holds the defaults. All else is pydantic's: whatever more is asked of the class,
or of what it makes, is asked of pydantic's own, which is made then.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Collection, Iterator
from typing import Any

OMITTING = frozenset(["exclude_none", "exclude_unset", "exclude_defaults"])
"""What of ``model_dump`` is answered without pydantic."""

OWN = ("__module__", "__qualname__", "__doc__", "__annotations__", "__annotate_func__")
"""What a class that is kept has of its body: what every class has. The last is of Python 3.14."""

_making = threading.RLock()


class Recorded:
    """A call of pydantic's function *name*, to be made when the class is; and what it decorates, if it does."""

    __slots__ = ("_arguments", "_decorated", "_keywords", "name")

    def __init__(self, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        self.name = name
        self._arguments = arguments
        self._keywords = keywords
        self._decorated: Any = None

    def __call__(self, decorated: Any) -> Recorded:
        """Decorate."""
        self._decorated = decorated
        return self

    @property
    def default(self) -> Any:
        """The default that a call of ``Field`` gives: the host saw to it that there is one."""
        return self._arguments[0] if self._arguments else self._keywords["default"]

    def made(self) -> Any:
        """Make the call."""
        import pydantic

        result = getattr(pydantic, self.name)(*self._arguments, **self._keywords)
        return result if self._decorated is None else result(_made(self._decorated))


class AtDefaults:
    """Options of which none was given: what a class of ``DeferredClass`` makes. Its ``__dict__`` holds the defaults."""

    __slots__ = ("__dict__", "__weakref__", "_instance")

    def _real(self) -> Any:
        """Return pydantic's instance in the place of this one. From then on they share their values."""
        with _making:
            if self._instance is None:
                kind: Any = type(self)
                made = kind._pydantic()()
                object.__setattr__(self, "__dict__", made.__dict__)
                object.__setattr__(self, "_instance", made)
        return self._instance

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._real(), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._real(), name)

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return iter(list(self.__dict__.items()))

    def model_dump(self, **settings: Any) -> dict[str, Any]:
        """Return the options as a dict."""
        if self._instance is not None or not settings.keys() <= OMITTING:
            found: dict[str, Any] = self._real().model_dump(**settings)
            return found
        if settings.get("exclude_unset") or settings.get("exclude_defaults"):
            return {}
        return {name: value for name, value in self if value is not None or not settings.get("exclude_none")}

    @property  # type: ignore[misc]  # for isinstance(), which looks here after the type itself
    def __class__(self) -> Any:
        kind: Any = type(self)
        return kind._pydantic()

    def __eq__(self, other: object) -> Any:
        return self._real() == other

    __hash__ = None  # type: ignore[assignment]  # pydantic's have none

    def __repr__(self) -> str:
        return repr(self._real())

    def __str__(self) -> str:
        return str(self._real())

    def __dir__(self) -> list[str]:
        return dir(self._real())

    def __copy__(self) -> Any:
        return self._real().__copy__()

    def __deepcopy__(self, memo: Any) -> Any:
        return self._real().__deepcopy__(memo)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self._real().__reduce_ex__(protocol)


class DeferredClass(type):
    """The class of what ``deferred_options`` returns, and of the classes below it that are kept."""

    _kept: Collection[str]
    _body: dict[str, Any] | None
    _defaults: dict[str, Any]
    _class: Any

    def __new__(mcs, name: str, bases: tuple[Any, ...], body: dict[str, Any], **settings: Any) -> Any:
        """Keep a class that is one of those to be kept; make any other at once, as pydantic would."""
        base = bases[0]
        is_kept = isinstance(base, DeferredClass) and f"{body['__module__']}:{body['__qualname__']}" in base._kept
        if not is_kept or "pydantic" in sys.modules:
            return _made_class(name, bases, body, **settings)
        defaults = {key: _default(value) for key, value in body.items() if _is_field(key, value)}
        own = {key: body[key] for key in OWN if key in body}
        if "__annotate_func__" not in own:
            own.setdefault("__annotations__", {})  # and not those of the class above
        return _kept_class(name, base, _body=body, _defaults={**base._defaults, **defaults}, **own)

    def _pydantic(cls) -> Any:
        """Return pydantic's class in the place of this one."""
        with _making:
            if cls._class is None:
                if cls._body is None:
                    from .options import Options

                    made: Any = Options
                else:
                    made = _made_class(cls.__name__, cls.__bases__, cls._body)
                type.__setattr__(cls, "_class", made)
        return cls._class

    def __call__(cls, *arguments: Any, **options: Any) -> Any:
        if arguments or options or cls._class is not None:
            return cls._pydantic()(*arguments, **options)
        instance: Any = type.__call__(cls)
        object.__setattr__(instance, "__dict__", dict(cls._defaults))
        object.__setattr__(instance, "_instance", None)
        return instance

    def __getattr__(cls, name: str) -> Any:
        if name == "__isabstractmethod__":  # which abc asks of whatever stands in a class
            raise AttributeError(name)
        return getattr(cls._pydantic(), name)

    def __setattr__(cls, name: str, value: Any) -> None:
        setattr(cls._pydantic(), name, value)

    def __delattr__(cls, name: str) -> None:
        delattr(cls._pydantic(), name)

    def __dir__(cls) -> list[str]:
        return dir(cls._pydantic())

    def __instancecheck__(cls, instance: Any) -> bool:
        return type.__instancecheck__(cls, instance) or isinstance(instance, cls._pydantic())

    def __subclasscheck__(cls, subclass: type) -> bool:
        return type.__subclasscheck__(cls, subclass) or issubclass(subclass, cls._pydantic())


def deferred_options(kept: Collection[str]) -> Any:
    """Return a class that stands for ``Options``, and of those below it keeps *kept*, each as ``module:Class``."""
    return _kept_class("Options", AtDefaults, __module__=__name__, _kept=frozenset(kept), _body=None, _defaults={})


def _kept_class(name: str, base: type, **attributes: Any) -> Any:
    return type.__new__(DeferredClass, name, (base,), {"__slots__": (), "_class": None, **attributes})


def _made_class(_name: str, _bases: tuple[Any, ...], _body: dict[str, Any], **_settings: Any) -> Any:
    """Make the class that pydantic would have made of a class statement.

    What is written as text in an annotation pydantic looks for in here, too: hence the odd names.
    """
    _real_bases = tuple(_base._pydantic() if isinstance(_base, DeferredClass) else _base for _base in _bases)
    _real_class: Any = next(type(_base._pydantic()) for _base in _bases if isinstance(_base, DeferredClass))
    return _real_class(_name, _real_bases, {_key: _made(_value) for _key, _value in _body.items()}, **_settings)


def _made(value: Any) -> Any:
    return value.made() if isinstance(value, Recorded) else value


def _is_field(name: str, value: Any) -> bool:
    if isinstance(value, Recorded):
        return value.name == "Field"
    return not name.startswith("__") and (value is None or type(value) in (bool, int, float, str))


def _default(value: Any) -> Any:
    return value.default if isinstance(value, Recorded) else value
