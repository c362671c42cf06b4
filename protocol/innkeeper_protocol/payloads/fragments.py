"""Fragment loaders: ``prefix:argument`` in, pieces of text and attachments out."""

from __future__ import annotations

from .base import Payload
from .content import Attachment


class LoadFragmentsParams(Payload, frozen=True, kw_only=True):
    """Load what ``prefix:argument`` names. *cwd* is the person's working directory; *depth* counts nested calls between
    plugins, as in ``PromptParams``.
    """

    prefix: str
    argument: str
    cwd: str | None = None
    depth: int = 0


class Fragment(Payload, frozen=True, kw_only=True):
    """A piece of text and where it came from."""

    content: str
    source: str


class FragmentItem(Payload, frozen=True, kw_only=True):
    """One thing a loader returned: exactly one of the two is set."""

    fragment: Fragment | None = None
    attachment: Attachment | None = None


class LoadFragmentsResult(Payload, frozen=True, kw_only=True):
    """What the loader returned, in its order; *is_list* is False where it returned one bare fragment."""

    items: tuple[FragmentItem, ...] = ()
    is_list: bool = True
