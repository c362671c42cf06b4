"""A provider's own answer, kept without what the log holds already.

Nearly all of such an answer is text that the turn's messages have, descriptions of its tools, and its schema. There are
references in their place, as in `llm`, whose notation this is (https://github.com/simonw/condense-json): ``{"$": key}``
for a value, ``{"$r": [...]}`` for a text with some in it, ``{"$raw": ...}`` round what only looks like one of these.
The values behind the keys are not stored: `known_values` collects them again from the turn.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from innkeeper_sdk.api.parts import Message

SHORTEST = 64
"""A shorter text is not worth a reference."""

MARKS = ("$", "$r", "$raw")


class NotKept(Exception):
    """A reference to something that the log no longer has."""


def known_values(
    answer: Sequence[Message], tools: Iterable[tuple[str, str | None]] = (), schema: Any = None
) -> dict[str, Any]:
    """Return what references may stand for, by key.

    *answer* are the turn's own messages, *tools* names and descriptions.
    """
    values: dict[str, Any] = {}
    for number, message in enumerate(answer):
        written = message.to_dict()
        for position, part in enumerate(written["parts"]):
            place = f"{number}.{position}"
            _collect_text(values, f"{place}.text", part.get("text"))
            _collect_text(values, f"{place}.output", part.get("output"))
            if part.get("arguments"):
                _collect_arguments(values, place, part["arguments"])
            _collect(values, f"{place}.pm", part.get("provider_metadata") or {})
        _collect(values, f"{number}.pm", written.get("provider_metadata") or {})
    descriptions: dict[str, set[str]] = {}
    for name, description in tools:
        if name and description and len(description) >= SHORTEST:
            descriptions.setdefault(name, set()).add(description)
    for name, found in descriptions.items():
        if len(found) == 1:
            values[f"tool.{name}.description"] = found.pop()
    _collect_container(values, "schema", schema)
    return values


def condensed(value: Any, values: Mapping[str, Any]) -> str | None:
    """Return *value* as JSON with references to *values*; None for None, and for what nests too deep."""
    if value is None:
        return None
    try:
        return json.dumps(_Condenser(values).condense(value))
    except RecursionError:
        return None


def resolved(text: str, values: Mapping[str, Any]) -> Any:
    """Return the value that *text* was made of. Raises NotKept, or ValueError for what is no such text."""
    try:
        return _resolved(json.loads(text), values)
    except RecursionError as error:
        raise ValueError("it nests too deep") from error


class _Condenser:
    def __init__(self, values: Mapping[str, Any]) -> None:
        self._texts: dict[str, str] = {}
        self._containers: dict[str, str] = {}
        for key, known in values.items():
            if isinstance(known, str):
                self._texts.setdefault(known, key)
            else:
                self._containers.setdefault(_canonical(known), key)
        self._shapes = {(type(known), len(known)) for known in values.values()}
        """Of the values. Writing out each part of a large answer to compare it would take longer than all the rest."""
        longest_first = sorted(self._texts, key=len, reverse=True)
        self._anywhere = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def condense(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._condense_text(value)
        if not isinstance(value, (dict, list)):
            return value
        if (type(value), len(value)) in self._shapes and (key := self._containers.get(_canonical(value))) is not None:
            return {"$": key}
        if isinstance(value, list):
            return [self.condense(item) for item in value]
        inner = {name: self.condense(item) for name, item in value.items()}
        return {"$raw": inner} if len(value) == 1 and next(iter(value)) in MARKS else inner

    def _condense_text(self, text: str) -> Any:
        pieces: list[Any] = []
        end = 0
        for match in self._anywhere.finditer(text) if self._anywhere is not None else ():
            if match.start() > end:
                pieces.append(text[end : match.start()])
            pieces.append({"$": self._texts[match[0]]})
            end = match.end()
        if not pieces:
            return text
        if end < len(text):
            pieces.append(text[end:])
        return pieces[0] if len(pieces) == 1 else {"$r": pieces}


def _resolved(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_resolved(item, values) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((mark, inner),) = value.items()
        if mark == "$":
            return _changed_copy(inner, values) if isinstance(inner, dict) else _known(inner, values)
        if mark == "$r" and isinstance(inner, list):
            return "".join(piece if isinstance(piece, str) else str(_resolved(piece, values)) for piece in inner)
        if mark == "$raw" and isinstance(inner, dict):
            return {name: _resolved(item, values) for name, item in inner.items()}
    return {name: _resolved(item, values) for name, item in value.items()}


def _changed_copy(reference: dict[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value ``m`` with changes: ``u`` has what is added or changed in it, ``d`` the names taken out."""
    base = _known(reference.get("m"), values)
    if not isinstance(base, dict):
        raise NotKept(reference.get("m"))
    left = {name: item for name, item in base.items() if name not in reference.get("d", ())}
    return {**left, **{name: _resolved(item, values) for name, item in reference.get("u", {}).items()}}


def _known(key: Any, values: Mapping[str, Any]) -> Any:
    if key not in values:
        raise NotKept(key)
    return json.loads(json.dumps(values[key]))


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _collect_text(values: dict[str, Any], key: str, text: Any) -> None:
    if isinstance(text, str) and len(text) >= SHORTEST:
        values[key] = text


def _collect_container(values: dict[str, Any], key: str, value: Any) -> None:
    if isinstance(value, (dict, list)) and value and len(json.dumps(value, separators=(",", ":"))) >= SHORTEST:
        values[key] = value


def _collect_arguments(values: dict[str, Any], place: str, arguments: Any) -> None:
    """Collect a tool call's arguments as providers have them: as a value, and as JSON with and without spaces."""
    compact, spaced = json.dumps(arguments, separators=(",", ":")), json.dumps(arguments)
    _collect_text(values, f"{place}.args", compact)
    if spaced != compact:
        _collect_text(values, f"{place}.args2", spaced)
    _collect_container(values, f"{place}.argsv", arguments)


def _collect(values: dict[str, Any], key: str, value: Any) -> None:
    """Collect a value and all that is in it."""
    if isinstance(value, dict):
        _collect_container(values, key, value)
        for name, item in value.items():
            _collect(values, f"{key}.{name}", item)
    elif isinstance(value, list):
        _collect_container(values, key, value)
        for number, item in enumerate(value):
            _collect(values, f"{key}.{number}", item)
    else:
        _collect_text(values, key, value)
