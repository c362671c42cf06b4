"""What a plugin answers instead of a result, as the person reads it.

Some failures are the author's own words to the person: a refused option, a missing key, a loader's message. All others
are an exception in the plugin's code, so the message says whose it is and where its traceback stands.
"""

from __future__ import annotations

from typing import Any

from innkeeper_protocol.errors import CallFailed, ErrorCode

from innkeeper.errors import PluginCallFailed
from innkeeper.masking import Mask
from innkeeper.untrusted import cleaned, one_line

AUTHORS_OWN = frozenset(
    [
        ErrorCode.MODEL_ERROR,
        ErrorCode.NEEDS_KEY,
        ErrorCode.LOADER_ERROR,
        ErrorCode.UNSUPPORTED,
        ErrorCode.NOT_FOUND,
        ErrorCode.DENIED,
        ErrorCode.DEPTH_EXCEEDED,
        ErrorCode.TOO_LARGE,
    ]
)
"""Failures whose message stands for itself."""

MOST_OPTIONS = 20
"""Refused options that are shown."""


def call_failed(plugin: str, failure: CallFailed, denied: str, mask: Mask) -> PluginCallFailed:
    """Return the error for *failure*, an answer of *plugin*. *denied* says what the sandbox refused it, or is "".

    What *mask* holds is not in it.
    """
    message, hint, data = _indented(mask(failure.message)), denied, mask.value(failure.data)
    if failure.code == ErrorCode.OPTIONS_INVALID:
        message = _refused_options(data) or message
    elif failure.code not in AUTHORS_OWN:
        message = f"Plugin '{plugin}' failed: {message}"
        hint = denied or f"Its log has the traceback: llm plugins log {plugin}"
    elif failure.code == ErrorCode.NOT_FOUND:  # what it said that it has
        hint = denied or f"If its environment is damaged: llm plugins repair {plugin}"
    return PluginCallFailed(plugin, message, wire_code=failure.code, data=data, hint=hint)


def _refused_options(problems: Any) -> str:
    """Return each refused option, with the model's own words below it; "" for what is no list of such."""
    if not isinstance(problems, list):
        return ""
    lines = []
    for problem in problems[:MOST_OPTIONS]:
        if not isinstance(problem, dict):
            return ""
        option, message = one_line(str(problem.get("option", "")), 100), _indented(str(problem.get("message", "")))
        lines += [option, f"  {message}"] if option else [message]
    return "\n".join(lines)


def _indented(text: str) -> str:
    """Return *text* cleaned, its lines below the first set in, so that none is taken for an error of the host's."""
    return cleaned(text).replace("\n", "\n  ")
