"""Fragments: what the words of the person, or of a template, stand for, as texts and attachments for a prompt.

They may be an address, ``-`` for stdin, ``prefix:argument`` for a plugin's loader, an alias or a hash of a stored
fragment, or a file, in this order, as in `llm`; but a file that is there goes before a loader.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Union

from innkeeper_protocol.payloads import content as wire
from innkeeper_sdk.api.attachments import Attachment
from innkeeper_sdk.api.fragments import Fragment

from innkeeper.errors import FragmentError
from innkeeper.remote.host import Host
from innkeeper.remote.loaders import FRAGMENTS, Reference, find_reference, has_prefix, load_fragments, paths_named_by
from innkeeper.remote.named_paths import with_home_folder
from innkeeper.remote.plugin_files import read_for_plugin
from innkeeper.storage.fragments import find_fragment, list_fragments
from innkeeper.storage.logs_database import open_logs
from innkeeper.untrusted import one_line

from .media_types import type_of_address, type_of_content
from .wanted import SHOWN_LETTERS, Origin, Wanted
from .web_text import NotFetched, fetch_text, is_address, without_password

SOURCE_LETTERS = 2000
"""Of where a fragment came from, as its loader says."""

ADDRESS_LETTERS = 8192
"""Of the address of an attachment; servers take some thousands."""

Item = Union[Fragment, Attachment]  # noqa: UP007  # `|` wants types, and Attachment is looked up late


class Resolved(NamedTuple):
    """What was found, each in the order in which it was asked for."""

    fragments: list[Fragment]
    attachments: list[Attachment]


def resolve_fragments(
    host: Host,
    wanted: Sequence[Wanted],
    *,
    stdin: Callable[[], str],
    database: str | None = None,
    with_attachments: bool = True,
) -> Resolved:
    """Return what is *wanted*. *database* is where stored fragments are, the log database unless given.

    Every plugin is asked in one process, which was shown all that the person named for it. Raises FragmentError;
    PluginError for what a loader does; PermissionDenied for what a template may not name.
    """
    found = Resolved([], [])
    if not wanted:
        return found
    resolver = _Resolver(host, wanted, stdin, database or host.home.logs_file)
    for one in wanted:
        for item in resolver.load(one):
            if isinstance(item, Fragment):
                found.fragments.append(item)
            elif with_attachments:
                found.attachments.append(item)
            else:
                raise FragmentError(
                    f"Could not use fragment {one_line(one.text, SHOWN_LETTERS)}: it holds an attachment.",
                    why="Attachments go with a prompt, not with a system prompt or an alias.",
                )
    return found


class _Resolver:
    def __init__(self, host: Host, wanted: Sequence[Wanted], stdin: Callable[[], str], database: str) -> None:
        self._host = host
        self._stdin = stdin
        self._database = database
        self._shown: dict[str, list[str]] = {}
        for one in wanted:
            if one.origin is None and self._is_for_loader(one.text):
                reference = self._reference(one.text)
                shown = self._shown.setdefault(reference.loader.plugin.name, [])
                shown.extend(paths_named_by(host, reference))

    def load(self, wanted: Wanted) -> Iterator[Item]:
        """Yield what one thing that is wanted stands for."""
        text, origin = wanted
        if origin is not None:
            yield from self._for_template(text, origin)
        elif is_address(text):
            yield self._fetched(text)
        elif text == "-":
            yield Fragment(self._stdin(), "-")
        elif self._is_for_loader(text):
            reference = self._reference(text)
            yield from self._by_loader(reference, self._shown[reference.loader.plugin.name])
        else:
            yield self._stored(text) or self._file(text)

    def _for_template(self, text: str, origin: Origin) -> Iterator[Item]:
        """Yield what a template from elsewhere names, as far as its maker could get at that."""
        if has_prefix(text) and not is_address(text):
            yield from self._by_loader(find_reference(self._host.index, FRAGMENTS, text), ())
        elif origin.plugin is None and is_address(text):
            yield self._fetched(text)
        elif origin.plugin is None or is_address(text) or text == "-":
            raise origin.refused(f"'{text}'")
        else:
            yield Fragment(_decoded(read_for_plugin(self._host, origin.plugin, text, shown=origin.shown), text), text)

    def _is_for_loader(self, text: str) -> bool:
        return has_prefix(text) and not is_address(text) and not os.path.exists(self._path(text))

    def _reference(self, text: str) -> Reference:
        """Return what the person refers to."""
        reference = find_reference(self._host.index, FRAGMENTS, text)
        return reference._replace(argument=with_home_folder(reference.argument))

    def _by_loader(self, reference: Reference, shown: Sequence[str]) -> Iterator[Item]:
        for item in load_fragments(self._host, reference, read=shown).items:
            if item.attachment is not None:
                yield _attachment(item.attachment, reference)
            elif item.fragment is not None:
                yield Fragment(item.fragment.content, one_line(item.fragment.source, SOURCE_LETTERS))
            else:
                raise FragmentError(f"Could not load fragment {reference}: there was nothing in it.")

    def _fetched(self, address: str) -> Fragment:
        try:
            return Fragment(fetch_text(address), address)
        except NotFetched as error:
            raise FragmentError(
                f"Could not load fragment {one_line(without_password(address), SHOWN_LETTERS)}", why=str(error)
            ) from error

    def _stored(self, name: str) -> Fragment | None:
        if not os.path.exists(self._database):
            return None
        with open_logs(self._database) as db:
            found = find_fragment(db, name)
        return None if found is None else Fragment(found[0], found[1] or "")

    def _file(self, name: str) -> Fragment:
        path = self._path(name)
        try:
            with open(path, "rb") as file:
                content = file.read()
        except FileNotFoundError:
            raise self._unknown(name) from None
        except (OSError, ValueError) as error:
            raise FragmentError(
                f"Fragment '{one_line(name, SHOWN_LETTERS)}' cannot be read.", why=str(error)
            ) from error
        return Fragment(_decoded(content, name), os.path.realpath(path))

    def _unknown(self, name: str) -> FragmentError:
        import difflib

        aliases: list[str] = []
        if os.path.exists(self._database):
            with open_logs(self._database) as db:
                aliases = [alias for one in list_fragments(db, only_named=True) for alias in one.aliases]
        near = difflib.get_close_matches(name, aliases, n=3, cutoff=0.6)
        return FragmentError(
            f"Fragment '{one_line(name, SHOWN_LETTERS)}' not found",
            why="There is no file of that name, and no stored fragment with that alias or hash.",
            hint=f"Near to it: {', '.join(near)}. All of them: llm fragments"
            if near
            else "What is stored: llm fragments",
        )

    def _path(self, name: str) -> str:
        return os.path.join(self._host.cwd or "", name)


def _decoded(content: bytes, name: str) -> str:
    """Return *content* as text. Raises FragmentError."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FragmentError(
            f"Fragment '{one_line(name, SHOWN_LETTERS)}' is not text.",
            why=f"It is not UTF-8: {error}",
            hint="Other files go with a prompt as attachments: llm -a FILE",
        ) from error


def _attachment(payload: wire.Attachment, reference: Reference) -> Attachment:
    """Return an attachment that a loader gave, with its type.

    Its hash is made anew: what is stored by it would else be the plugin's to choose.
    """
    if payload.content is not None:
        return Attachment(type=type_of_content(payload.content, said=payload.type), content=payload.content)
    address = payload.url or ""
    if not is_address(address) or not address.isprintable() or len(address) > ADDRESS_LETTERS:
        raise FragmentError(f"Could not load fragment {reference}: it holds an attachment without content.")
    return Attachment(type=type_of_address(address, said=payload.type), url=address)
