"""Calling a model's ``execute`` with what its signature takes, and reading whatever kind of thing it returns."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Iterable, Iterator
from types import FunctionType, GeneratorType
from typing import Any

from innkeeper_sdk.api.keys import HasKey, resolved_key

TAKES_ANY_NAME, IS_ITERABLE_COROUTINE = 0x08, 0x100
"""Of a code object's flags: ``inspect.CO_VARKEYWORDS``, ``inspect.CO_ITERABLE_COROUTINE``. Importing `inspect` takes as
long as a tenth of all that a plugin's process does before it answers, so it is left to those who cannot do without.
"""


def is_awaitable(value: Any) -> bool:
    """Say what `inspect.isawaitable` says."""
    if isinstance(value, GeneratorType):
        return bool(value.gi_code.co_flags & IS_ITERABLE_COROUTINE)
    return isinstance(value, Awaitable)


def call_execute(response: Any, *, key: str | None = None) -> Any:
    """Call ``response.model.execute`` for *response* and return what it returns.

    Older plugins leave out ``conversation`` or ``key``: they are passed to those that take them. *key* is one that
    was looked up already; without it, the model looks for ``response._key`` itself. Raises NeedsKeyException.
    """
    model = response.model
    wanted = {"stream": response.stream, "response": response, "conversation": response.conversation}
    takes = _parameters(model.execute)
    if getattr(model, "passes_key", False) and (takes is None or "key" in takes):
        assert isinstance(model, HasKey)
        wanted["key"] = model.get_key(response._key) if key is None else resolved_key(model, key)
    if takes is not None:
        wanted = {name: value for name, value in wanted.items() if name in takes}
    return model.execute(response.prompt, **wanted)


def _parameters(function: Any) -> set[str] | None:
    """Return the names of the parameters; None where any name will do."""
    plain = getattr(function, "__func__", function)
    if type(plain) is FunctionType and not vars(plain).keys() & {"__wrapped__", "__signature__"}:
        code = plain.__code__
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        return None if code.co_flags & TAKES_ANY_NAME else set(names)
    import inspect

    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters):
        return None
    return {parameter.name for parameter in parameters}


def chunks_of(response: Any, returned: Any) -> Iterator[Any]:
    """Yield what a sync ``execute`` returned: an iterable of chunks, or one text. Closes a generator at the end."""
    if isinstance(returned, str):
        yield returned
        return
    if not isinstance(returned, Iterable):
        raise TypeError(f"execute() of {response.model} returned {type(returned).__name__}, not an iterable of str")
    try:
        yield from returned
    finally:
        close = getattr(returned, "close", None)
        if close is not None:
            close()


async def async_chunks_of(response: Any, returned: Any) -> AsyncIterator[Any]:
    """Yield what an async model's ``execute`` returned: an async generator, or something to await, or a plain list."""
    if is_awaitable(returned):
        returned = await returned
    if not isinstance(returned, AsyncIterable):
        for chunk in chunks_of(response, returned):
            yield chunk
        return
    try:
        async for chunk in returned:
            yield chunk
    finally:
        close = getattr(returned, "aclose", None)
        if close is not None:
            await close()
