"""The options that attach files: by path, by address, or from stdin."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from innkeeper.errors import UsageError
from innkeeper.untrusted import one_line

from .run import Run
from .stdin import Stdin

if TYPE_CHECKING:
    from innkeeper_sdk.api.attachments import Attachment

F = TypeVar("F", bound=Callable[..., Any])

SHOWN_LETTERS = 500

FETCHED = ("application/pdf", "audio/")
"""Kinds that no provider fetches from an address for itself, as they do images. Their plugins send the bytes, and may
not fetch these either, so it is done here, where the person typed the address.
"""

MOST_FETCHED_BYTES = 128 * 1024 * 1024
"""What providers take is a quarter of that."""


def attachment_options(command: F) -> F:
    """Add ``-a`` as *attachments*, a tuple of texts, and ``--at`` as *attachment_types*, a tuple of pairs."""
    import click

    command = click.option(
        "--at",
        "--attachment-type",
        "attachment_types",
        type=(str, str),
        multiple=True,
        help="\b\nAttachment with explicit mimetype,\n--at image.jpg image/jpeg",
    )(command)
    return click.option("-a", "--attachment", "attachments", multiple=True, help="Attachment path or URL or -")(command)


def attached(run: Run, named: Sequence[str], typed: Sequence[tuple[str, str]], stdin: Stdin) -> list[Attachment]:
    """Return the files *named*, their types found out, and then those whose types were given. Raises UsageError."""
    return [*(_attachment(run, one, None, stdin) for one in named), *typed_attachments(run, typed, stdin)]


def typed_attachments(run: Run, typed: Sequence[tuple[str, str]], stdin: Stdin) -> list[Attachment]:
    """Return the files whose types were given. Raises UsageError."""
    return [_attachment(run, one, media_type, stdin) for one, media_type in typed]


def _attachment(run: Run, value: str, media_type: str | None, stdin: Stdin) -> Attachment:
    from innkeeper_sdk.api.attachments import Attachment

    if value == "-":
        found = Attachment(type=media_type, content=stdin.take())
        if not found.content:
            raise UsageError("There is nothing on stdin to attach.", hint="cat FILE | llm -a - 'What is this?'")
    elif "://" in value:
        found = Attachment(type=media_type, url=value)
    else:
        path = os.path.realpath(os.path.join(run.host.cwd or "", os.path.expanduser(value)))
        if not os.path.isfile(path):
            raise UsageError(f"File {one_line(value, SHOWN_LETTERS)} does not exist", why=_what_is_there(path))
        found = Attachment(type=media_type, path=path)
    return _with_content(found if media_type else _with_type(found, value))


def _with_content(attachment: Attachment) -> Attachment:
    """Return *attachment* with its bytes, where they lie at an address and are of a kind that is fetched here."""
    if not attachment.url or not (attachment.type or "").startswith(FETCHED):
        return attachment
    attachment.id()  # by its address, and so it stays
    shown = one_line(attachment.url, SHOWN_LETTERS)
    try:
        attachment.content = attachment.content_bytes(most=MOST_FETCHED_BYTES)
    except (OSError, ValueError) as error:
        found = UsageError(f"{shown} cannot be attached.", why=str(error))
        found.exit_code = 1
        raise found from error
    return attachment


def _with_type(attachment: Attachment, called: str) -> Attachment:
    """Return *attachment* with the type that its content, or its server, tells."""
    shown = one_line(called, SHOWN_LETTERS) if called != "-" else "stdin"
    try:
        found = attachment.resolve_type()
    except (OSError, ValueError) as error:
        raise UsageError(f"{shown} cannot be attached.", why=str(error)) from error
    if not found:
        raise UsageError(
            f"Could not determine mimetype of {shown}", hint=f"Say what it is: --at {shown} application/pdf"
        )
    attachment.type = found.partition(";")[0].strip().lower()
    return attachment


def _what_is_there(path: str) -> str:
    return "That is a folder." if os.path.isdir(path) else ""
