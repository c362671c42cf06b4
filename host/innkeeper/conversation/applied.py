"""What is asked once templates were applied to it; all that there is where none were."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from innkeeper_sdk.api.attachments import Attachment

    from .wanted import Wanted


@dataclass
class Applied:
    """What is asked once templates were applied to it: *prompt* and *system*, and what they add.

    What the lists hold comes before what the person gave by options. *model* and *options* count where the person said
    nothing else; *schema*, *extract* and *extract_last* where they are set.
    """

    prompt: str | None = None
    system: str | None = None
    model: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    schema: dict[str, Any] | None = None
    extract: bool = False
    extract_last: bool = False
    fragments: list[Wanted] = field(default_factory=list)
    system_fragments: list[Wanted] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    typed_attachments: list[Attachment] = field(default_factory=list)
    """Those of ``attachment_types``."""
    tools: list[Wanted] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
