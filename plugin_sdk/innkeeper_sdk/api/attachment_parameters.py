"""Attachments as commands take them: a file, an address, or ``-`` for what comes on stdin.

This module imports click, so it is itself imported only where a plugin uses it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any

import click

from .attachments import Attachment
from .media_types import type_of_bytes, type_of_file


class AttachmentError(Exception):
    """What was given cannot be attached."""


def resolve_attachment(value: str) -> Attachment:
    """Return the attachment that *value* names, with its type. Raises AttachmentError."""
    if value == "-":
        content = sys.stdin.buffer.read()
        return Attachment(type=_known(type_of_bytes(content), "stdin"), content=content)
    try:
        if "://" in value:
            attachment = Attachment(url=value)
            attachment.type = attachment.resolve_type()
            return attachment
        return Attachment(type=_known(type_of_file(_existing(value)), value), path=os.path.realpath(value))
    except (OSError, ValueError) as error:
        raise AttachmentError(f"{value}: {error}") from error


def resolve_attachment_with_type(value: str, mimetype: str) -> Attachment:
    """Return the attachment that *value* names, of the type that is said. Raises click's BadParameter."""
    if "://" in value:
        return Attachment(type=mimetype, url=value)
    if value == "-":
        return Attachment(type=mimetype, content=sys.stdin.buffer.read())
    try:
        return Attachment(type=mimetype, path=os.path.realpath(_existing(value)))
    except AttachmentError as error:
        raise click.BadParameter(str(error)) from error


class AttachmentType(click.ParamType):  # type: ignore[type-arg, unused-ignore]  # generic only in newer clicks
    """The type of a click parameter that takes attachments."""

    name = "attachment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Attachment:
        """Return the attachment, or fail as click does."""
        if isinstance(value, Attachment):
            return value
        try:
            return resolve_attachment(value)
        except AttachmentError as error:
            self.fail(str(error), param, ctx)


def attachment_types_callback(ctx: Any, param: Any, values: Iterable[tuple[str, str]]) -> list[Attachment]:
    """Return the attachments of an option that takes a value and a type, any number of times."""
    return [resolve_attachment_with_type(value, mimetype) for value, mimetype in values]


def _existing(path: str) -> str:
    if not os.path.exists(path):
        raise AttachmentError(f"File {path} does not exist")
    return path


def _known(mimetype: str | None, of: str) -> str:
    if mimetype is None:
        raise AttachmentError(f"Could not determine mimetype of {of}")
    return mimetype
