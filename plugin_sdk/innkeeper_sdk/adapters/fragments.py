"""Fragment loaders: what a loader returned, one or many, fragments and attachments, as the payloads that travel."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from innkeeper_protocol.errors import CallFailed, ErrorCode
from innkeeper_protocol.payloads.fragments import Fragment, FragmentItem, LoadFragmentsResult
from innkeeper_protocol.payloads.templates import LoaderInfo

from innkeeper_sdk.api_in_use import api
from innkeeper_sdk.failures import log_exception
from innkeeper_sdk.registry import Registry

from .content import Outgoing, TakeBlob, attachment_in, attachment_out
from .templates import loader_infos


def load(registry: Registry, prefix: str, argument: str, outgoing: Outgoing) -> LoadFragmentsResult:
    """Run the loader of *prefix*. A bare "" is how some say that there is nothing: then there is none.

    Raises CallFailed: NOT_FOUND, or LOADER_ERROR with the loader's own text.
    """
    loader = registry.fragment_loaders().get(prefix)
    if loader is None:
        raise registry.missing(f"no fragment loader for '{prefix}:'")
    try:
        loaded = loader(argument)
        is_list = isinstance(loaded, Iterable) and not isinstance(loaded, str)
        given = [one for one in (loaded if is_list else [loaded]) if one != "" or hasattr(one, "source")]
        items = [_item(one, f"{prefix}:{argument}", outgoing) for one in given]
    except CallFailed:
        raise
    except (Exception, SystemExit) as error:  # whatever a loader raises is the person's message
        log_exception(error)
        raise CallFailed(ErrorCode.LOADER_ERROR, str(error) or type(error).__name__) from error
    return LoadFragmentsResult(items=tuple(items), is_list=is_list)


def _item(loaded: Any, source: str, outgoing: Outgoing) -> FragmentItem:
    if isinstance(loaded, api().Attachment):
        return FragmentItem(attachment=attachment_out(loaded, outgoing))
    if isinstance(loaded, str):  # a Fragment is a str with a source; a bare str is taken as one, too
        found_in = getattr(loaded, "source", "") or source
        return FragmentItem(fragment=Fragment(content=str.__str__(loaded), source=str(found_in)))
    raise CallFailed(
        ErrorCode.LOADER_ERROR, f"the loader returned {type(loaded).__name__}, not a Fragment or an Attachment"
    )


def item_in(item: FragmentItem, take_blob: TakeBlob) -> Any:
    """Build the plugin's fragment or attachment."""
    if item.attachment is not None:
        return attachment_in(item.attachment, take_blob)
    if item.fragment is None:
        raise ValueError("a fragment item that is neither a fragment nor an attachment")
    return api().Fragment(item.fragment.content, item.fragment.source)


def infos(registry: Registry) -> tuple[LoaderInfo, ...]:
    """Describe the fragment loaders."""
    return loader_infos(registry.fragment_loaders())
