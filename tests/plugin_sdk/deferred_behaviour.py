"""What can be seen of classes of options; run as a script, with pydantic deferred for them and without.

    python deferred_behaviour.py FOLDER KEPT MODULE:CLASS...

FOLDER holds the modules; for the classes in KEPT, by commas, pydantic is to wait, and must not be there before it is
needed. Prints as JSON, for each class, what was seen of it, as text; null for one that pydantic refuses.
"""

from __future__ import annotations

import copy
import importlib
import inspect
import json
import sys
import warnings
from typing import Any

GIVEN = ({}, None, True, 0, 1, -1, 0.5, 3.5, "", "a", "x" * 30, [], ["a"], {"a": 1})


def main() -> None:
    warnings.simplefilter("error")
    folder, kept, *names = sys.argv[1:]
    sys.path.insert(0, folder)
    if kept:
        from innkeeper_sdk.pydantic_later import defer

        defer(kept.split(","))
    classes = {name: find(name) for name in names}
    seen = {name: [attempt(look, kind) for look in WITHOUT_PYDANTIC] for name, kind in classes.items()}
    if kept:
        assert "pydantic" not in sys.modules, "pydantic came for what can be said without it"
    for name, kind in classes.items():
        seen[name] += [attempt(look, kind) for look in WITH_PYDANTIC]
    broken = {
        name for name, kind in classes.items() if not attempt(lambda kind: kind.model_fields, kind).startswith("{")
    }
    print(json.dumps({name: None if name in broken else found for name, found in seen.items()}))


def find(name: str) -> Any:
    module, _, path = name.partition(":")
    try:
        found: Any = importlib.import_module(module)
    except Exception:  # noqa: BLE001  # whatever pydantic has against it
        return None
    for part in path.split("."):
        found = getattr(found, part)
    return found


def attempt(look: Any, *arguments: Any, **options: Any) -> str:
    """Return what comes of it, or the exception, as text."""
    try:
        return repr(look(*arguments, **options))
    except Exception as error:  # noqa: BLE001  # that is what is seen
        return f"{type(error).__name__}: {error}"


WITHOUT_PYDANTIC = (
    lambda kind: (kind.__name__, kind.__qualname__, kind.__module__, kind.__doc__, kind.__annotations__),
    lambda kind: list(kind()),
    lambda kind: dict(list(kind())),
    lambda kind: [getattr(kind(), name) for name, _ in kind()],
    lambda kind: vars(kind()),
    lambda kind: kind().model_dump(),
    lambda kind: kind().model_dump(exclude_none=True),
    lambda kind: kind().model_dump(exclude_none=True, exclude_unset=True),
    lambda kind: kind().model_dump(exclude_defaults=True),
    lambda kind: kind() is kind(),
    lambda kind: bool(kind()),
)


def with_the_first_set(kind: Any) -> Any:
    options = kind()
    for name, _ in list(options)[:1]:
        setattr(options, name, "set")
    return options, list(options), options.model_fields_set, vars(options), options.model_dump(warnings=False)


def with_the_first_deleted(kind: Any) -> Any:
    options = kind()
    for name, _ in list(options)[:1]:
        delattr(options, name)
    return list(options)


def with_each_given(kind: Any) -> Any:
    return [attempt(kind, **{name: value}) for name, _ in kind() for value in GIVEN]


def refused(kind: Any) -> Any:
    try:
        return kind(no_such_option=1)
    except ValueError as error:
        return error.errors()  # type: ignore[attr-defined]


def compared(kind: Any) -> Any:
    one, other, given = kind(), kind(), kind(**dict(list(kind())))
    return one == other, one != other, one == given, given == one, one == 3


def kinds_of(kind: Any) -> Any:
    import pydantic
    from innkeeper_sdk import api

    options = kind()
    return (
        [isinstance(options, one) for one in (kind, api.Options, pydantic.BaseModel, int)],
        [issubclass(kind, one) for one in (kind, api.Options, int)],
        isinstance(kind.model_validate({}), kind),
        options.__class__.__name__,
    )


def subclassed(kind: Any) -> Any:
    class Below(kind):  # type: ignore[misc]
        more: int = 3

        def __init__(self, **given: Any) -> None:
            super().__init__(**given)

    return Below(), Below(more=4), attempt(Below, more="x"), Below.model_json_schema(), issubclass(Below, kind)


def looked_over(kind: Any) -> Any:
    options = kind()
    return (
        options.model_copy(update={}),
        copy.copy(options),
        copy.deepcopy(options),
        options.model_fields_set,
        options.model_extra,
        options.model_dump_json(),
        options.model_dump(mode="json"),
        options.model_dump(exclude={"a"}),
        str(options),
        hasattr(options, "no_such_option"),
        [name for name in dir(options) if not name.startswith("_")],
    )


WITH_PYDANTIC = (
    looked_over,
    with_each_given,
    refused,
    compared,
    kinds_of,
    subclassed,
    with_the_first_set,
    with_the_first_deleted,
    lambda kind: kind.model_json_schema(),
    lambda kind: kind.model_fields,
    inspect.signature,
    lambda kind: kind(1),
    lambda kind: hash(kind()),
    lambda kind: kind().no_such_option,
    lambda kind: kind.no_such_option,
    lambda kind: setattr(kind(), "no_such_option", 1),
    lambda kind: (list(kind()), kind(), vars(kind())),
)


if __name__ == "__main__":
    main()
