"""Every error that plugins and this API raise for one another.

ModelError                       a model could not answer; the person sees the text
├── NeedsKeyException            no key was found for it
└── HostRefused                  the host would not, or could not, do what was asked of it
ConversationNotSupported         a single-turn model was given earlier turns          (ValueError)
UnknownModelError                no model of that name, here or at the host           (KeyError)
OptionsInvalid                   a model without options was given some               (ValueError)
TemplateInvalid                  a template with unknown or mistyped fields           (ValueError)
HostRequired                     something was asked that only a host can answer      (RuntimeError)
"""

from __future__ import annotations

from typing import Any


class ModelError(Exception):
    """Raise it when a model cannot answer: the person is shown its text, without a traceback."""


class NeedsKeyException(ModelError):
    """A model needs a key and none was found."""


class HostRefused(ModelError):
    """The host did not do what was asked: it was not granted, not there, or too much.

    Attributes:
        code: the protocol's number for the reason.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class ConversationNotSupported(ValueError):
    """A model that answers single prompts only was given assistant or tool messages."""


class UnknownModelError(KeyError):
    """No model goes by that name."""


class OptionsInvalid(ValueError):
    """Options that a model refuses. It reads like pydantic's ValidationError, which models with options raise.

    Attributes:
        title: the name of the options class.
    """

    def __init__(self, title: str, errors: list[dict[str, Any]]) -> None:
        self.title = title
        self._errors = errors
        lines = [f"{len(errors)} validation error{'' if len(errors) == 1 else 's'} for {title}"]
        for error in errors:
            lines += [".".join(map(str, error["loc"])), f"  {error['msg']}"]
        super().__init__("\n".join(lines))

    def errors(self) -> list[dict[str, Any]]:
        """Return one entry for each refused option: ``type``, ``loc``, ``msg``, ``input``."""
        return [dict(error) for error in self._errors]

    def error_count(self) -> int:
        """Return how many options were refused."""
        return len(self._errors)


class TemplateInvalid(OptionsInvalid):
    """A template with fields that no template has, or of the wrong type."""


class HostRequired(RuntimeError):
    """Only a host can do that, and this process has none: the plugin runs in a test, or in a plain interpreter."""
