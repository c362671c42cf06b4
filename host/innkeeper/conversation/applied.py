"""What is asked once templates were applied to it; all that there is where none were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from innkeeper_sdk.api.attachments import Attachment

    from .wanted import Wanted


class Applied(msgspec.Struct):
    """What is asked once templates were applied to it: *prompt* and *system*, and what they add.

    What the lists hold comes before what the person gave by options. *model* and *options* count where the person said
    nothing else; *schema*, *extract* and *extract_last* where they are set.
    """

    prompt: str | None = None
    system: str | None = None
    model: str | None = None
    options: dict[str, Any] = msgspec.field(default_factory=dict)
    schema: dict[str, Any] | None = None
    extract: bool = False
    extract_last: bool = False
    fragments: list[Wanted] = msgspec.field(default_factory=list)
    system_fragments: list[Wanted] = msgspec.field(default_factory=list)
    attachments: list[Attachment] = msgspec.field(default_factory=list)
    typed_attachments: list[Attachment] = msgspec.field(default_factory=list)
    """Those of ``attachment_types``."""
    tools: list[Wanted] = msgspec.field(default_factory=list)
    functions: list[str] = msgspec.field(default_factory=list)
