"""Templates: prompts that are stored with blanks to fill in."""

from __future__ import annotations

import string
from collections.abc import Iterator
from typing import Any

from .errors import TemplateInvalid

JSONMap = dict[str, Any]

FIELDS: dict[str, tuple[type, type | None]] = {
    "name": (str, None),
    "prompt": (str, None),
    "system": (str, None),
    "attachments": (list, str),
    "attachment_types": (list, None),
    "model": (str, None),
    "defaults": (dict, None),
    "options": (dict, None),
    "extract": (bool, None),
    "extract_last": (bool, None),
    "schema_object": (dict, None),
    "fragments": (list, str),
    "system_fragments": (list, str),
    "tools": (list, str),
    "functions": (str, None),
}
"""Every field a template may have: its type, and that of its items."""


class AttachmentType:
    """An attachment with the type it is said to have: *value* is a path or an address."""

    def __init__(self, type: str, value: str) -> None:  # noqa: A002  # the name template files use
        self.type = type
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AttachmentType) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]  # it can be changed

    def __repr__(self) -> str:
        return f"AttachmentType(type={self.type!r}, value={self.value!r})"


class Template:
    """A stored prompt. ``$name`` in *prompt* and *system* stands for a parameter; ``$input`` for what the person adds.

    Raises TemplateInvalid for a field that no template has, or of the wrong type.
    """

    name: str
    prompt: str | None
    system: str | None
    attachments: list[str] | None
    attachment_types: list[AttachmentType] | None
    model: str | None
    defaults: JSONMap | None
    options: JSONMap | None
    extract: bool | None
    extract_last: bool | None
    schema_object: JSONMap | None
    fragments: list[str] | None
    system_fragments: list[str] | None
    tools: list[str] | None
    functions: str | None

    class MissingVariables(Exception):
        """Parameters that the template needs were not given."""

    def __init__(self, **data: Any) -> None:
        _check(data)
        for name in FIELDS:
            setattr(self, name, data.get(name))
        if self.attachment_types is not None:
            self.attachment_types = [_attachment_type(entry) for entry in data["attachment_types"]]
        self._functions_is_trusted = False
        """Set by the host, never by a file: whether the Python code in *functions* may run."""

    def evaluate(self, input: str, params: JSONMap | None = None) -> tuple[str | None, str | None]:  # noqa: A002
        """Return prompt and system prompt, filled in. Without a prompt of its own, *input* is the prompt.

        Raises MissingVariables.
        """
        filled = {**(self.defaults or {}), **(params or {}), "input": input}
        prompt = self.interpolate(self.prompt, filled) if self.prompt else input
        return prompt, self.interpolate(self.system, filled)

    def vars(self) -> set[str]:
        """Return the names of the blanks."""
        return {
            name for text in (self.prompt, self.system) if text for name in self.extract_vars(string.Template(text))
        }

    @classmethod
    def interpolate(cls, text: str | None, params: JSONMap) -> str | None:
        """Return *text* with its blanks filled in. Raises MissingVariables."""
        if not text:
            return text
        template = string.Template(text)
        missing = [name for name in cls.extract_vars(template) if name not in params]
        if missing:
            raise cls.MissingVariables(f"Missing variables: {', '.join(missing)}")
        return template.substitute(**params)

    @staticmethod
    def extract_vars(string_template: string.Template) -> list[str]:
        """Return the names of the blanks, one for each time it is used."""
        found = string_template.pattern.finditer(string_template.template)
        names = (match.group("named") or match.group("braced") for match in found)
        return [name for name in names if name]

    def model_dump(self, *, exclude_none: bool = False, exclude_unset: bool = False, **settings: Any) -> JSONMap:
        """Return the fields as JSON values, as pydantic does."""
        written: JSONMap = {name: getattr(self, name) for name in FIELDS}
        if self.attachment_types is not None:
            written["attachment_types"] = [dict(vars(entry)) for entry in self.attachment_types]
        if exclude_none or exclude_unset:
            return {name: value for name, value in written.items() if value is not None}
        return written

    def dict(self, **settings: Any) -> JSONMap:
        """Return the fields as JSON values, as pydantic 1 called it."""
        return self.model_dump(**settings)

    @classmethod
    def model_validate(cls, data: JSONMap) -> Template:
        """Return the template that *data* describes."""
        return cls(**data)

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return ((name, getattr(self, name)) for name in FIELDS)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Template) and self.model_dump() == other.model_dump()

    __hash__ = None  # type: ignore[assignment]  # it can be changed

    def __repr__(self) -> str:
        return f"Template({', '.join(f'{name}={value!r}' for name, value in self if value is not None)})"


def _check(data: JSONMap) -> None:
    """Raise TemplateInvalid with an entry for each field that cannot be."""
    errors = []
    if data.get("name") is None:
        errors.append({"type": "missing", "loc": ("name",), "msg": "Field required", "input": data})
    for name, value in data.items():
        if name not in FIELDS:
            error = "Extra inputs are not permitted"
            errors.append({"type": "extra_forbidden", "loc": (name,), "msg": error, "input": value})
        elif value is not None and not _fits(value, *FIELDS[name]):
            expected, of = FIELDS[name]
            error = f"Input should be a {expected.__name__}{f' of {of.__name__}' if of else ''}"
            errors.append({"type": f"{expected.__name__}_type", "loc": (name,), "msg": error, "input": value})
    if errors:
        raise TemplateInvalid("Template", errors)


def _fits(value: Any, expected: Any, of: Any) -> bool:
    return isinstance(value, expected) and (of is None or all(isinstance(item, of) for item in value))


def _attachment_type(entry: Any) -> AttachmentType:
    return entry if isinstance(entry, AttachmentType) else AttachmentType(**entry)
