"""The one place that turns a plugin's exceptions into failures on the wire.

The person reads one plain sentence; the traceback goes to stderr, which is the plugin's log.
"""

from __future__ import annotations

import sys
from types import FrameType

from innkeeper_protocol.errors import CallCancelled, CallFailed, ErrorCode


def describe_error(error: BaseException) -> CallFailed:
    """Return the failure that tells the host about *error*, and log its traceback where that may help."""
    if isinstance(error, CallFailed):
        return error
    if isinstance(error, CallCancelled):
        return CallFailed(ErrorCode.CANCELLED, "the call was cancelled")
    failure = _known(error)
    if failure is None or failure.code != ErrorCode.NEEDS_KEY:
        log_exception(error)
    return failure or CallFailed(ErrorCode.PLUGIN_EXCEPTION, name_and_text(error), {"type": type(error).__name__})


def log_exception(error: BaseException) -> None:
    """Write *error* with its traceback to the log."""
    import traceback

    traceback.print_exception(type(error), error, error.__traceback__)


def name_and_text(error: BaseException) -> str:
    """Return ``Type: text``, or the bare type where there is no text."""
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def still_loading(frame: FrameType | None, after_s: float) -> CallFailed:
    """Return the failure of a call that needs a plugin whose import does not end, and log where it is: at *frame*."""
    where = ""
    if frame is not None:
        import traceback

        print(f"The plugin is still being imported after {after_s:.0f} seconds, here:", file=sys.stderr)
        traceback.print_stack(frame)
        where = f", at {frame.f_code.co_filename}:{frame.f_lineno}"
    return CallFailed(ErrorCode.PLUGIN_EXCEPTION, f"it is still being imported after {after_s:.0f} seconds{where}")


def _known(error: BaseException) -> CallFailed | None:
    from .api.errors import HostRefused
    from .api_in_use import api

    known = api()
    if isinstance(error, HostRefused):
        return CallFailed(error.code, str(error))
    if isinstance(error, known.NeedsKeyException):
        return CallFailed(ErrorCode.NEEDS_KEY, str(error))
    says_what_it_cannot = isinstance(error, NotImplementedError) and str(error)  # take a system prompt, for one
    if isinstance(error, known.ModelError) or says_what_it_cannot:
        return CallFailed(ErrorCode.MODEL_ERROR, str(error))
    if isinstance(error, known.UnknownModelError):  # a KeyError, whose str() has quotes around the text
        return CallFailed(ErrorCode.MODEL_ERROR, str(error.args[0] if error.args else error))
    click_module = sys.modules.get("click")
    if click_module is not None and isinstance(error, click_module.ClickException):
        return CallFailed(ErrorCode.MODEL_ERROR, error.format_message())
    return None
