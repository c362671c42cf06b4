"""Loaders that plugins register: found by the prefix that people write, called like functions.

The two kinds differ in what they load and in the words of their errors. What a loader raises is the person's message.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from innkeeper_protocol import methods
from innkeeper_protocol.payloads.fragments import LoadFragmentsParams, LoadFragmentsResult
from innkeeper_protocol.payloads.templates import LoadTemplateParams, Template

from innkeeper.errors import FragmentError, InnkeeperError, PluginCallFailed, TemplateError
from innkeeper.installation.inventory import Index, InstalledPlugin
from innkeeper.untrusted import one_line

from .blobs import taken
from .named_paths import named_paths

if TYPE_CHECKING:
    from innkeeper_protocol.methods import Method
    from innkeeper_protocol.peer import IncomingCall

    from innkeeper.process.open_call import OpenCall

    from .host import Host

P = TypeVar("P")
R = TypeVar("R")

_PREFIX = re.compile(r"[A-Za-z0-9_-]+:")

SHOWN_LETTERS = 200
"""Of what was to be loaded, in a message."""


class Kind(NamedTuple):
    """What a loader loads: its *word*, where the index lists the prefixes, what is raised when there is none."""

    word: str
    field: str
    error: type[InnkeeperError]


TEMPLATES = Kind("template", "template_loaders", TemplateError)
FRAGMENTS = Kind("fragment", "fragment_loaders", FragmentError)


class Loader(NamedTuple):
    """One loader: *prefix* as its plugin knows it, *called* as people write it."""

    kind: Kind
    plugin: InstalledPlugin
    prefix: str
    called: str


class Reference(NamedTuple):
    """What somebody wrote to have something loaded: ``prefix:argument``."""

    loader: Loader
    argument: str

    def __str__(self) -> str:
        return one_line(f"{self.loader.called}:{self.argument}", SHOWN_LETTERS)


def has_prefix(text: str) -> bool:
    """Say whether *text* begins as what a loader is given does."""
    return _PREFIX.match(text) is not None


def loaders(index: Index, kind: Kind) -> Iterator[Loader]:
    """Yield all loaders of *kind*, in the order of the index.

    The first plugin with a prefix has it; that of the next is called ``prefix_1``, as `llm` does it.
    """
    names: set[str] = set()
    for plugin in index.plugins:
        for prefix in getattr(plugin, kind.field):
            called, number = prefix, 0
            while called in names:
                number += 1
                called = f"{prefix}_{number}"
            names.add(called)
            yield Loader(kind, plugin, prefix, called)


def find_reference(index: Index, kind: Kind, text: str) -> Reference:
    """Return what *text*, which `has_prefix`, refers to. Raises the error of *kind*, with the nearest prefixes."""
    called, _, argument = text.partition(":")
    known = {loader.called: loader for loader in loaders(index, kind)}
    if called in known:
        return Reference(known[called], argument)
    import difflib

    near = difflib.get_close_matches(called, known, n=3, cutoff=0.5)
    hint = f"Near to it: {', '.join(near)}. " if near else ""
    raise kind.error(
        f"Unknown {kind.word} prefix: {one_line(called, SHOWN_LETTERS)}",
        hint=f"{hint}What the plugins have: llm {kind.word}s loaders",
    )


def paths_named_by(host: Host, reference: Reference) -> tuple[str, ...]:
    """Return the paths that a reference names which the person typed. Raises UsageError for the host's own files."""
    return named_paths([reference.argument], reference.loader.plugin.name, home=host.home, cwd=host.cwd)


def load_template(
    host: Host, reference: Reference, *, read: Iterable[str] = (), asker: IncomingCall | None = None, depth: int = 0
) -> Template:
    """Have a template loaded. *read* are paths that its plugin may read for that.

    *asker* is the call of a plugin that wants it, at *depth*; it is given up together with that. Raises a PluginError.
    """
    loader = reference.loader
    params = LoadTemplateParams(prefix=loader.prefix, path=reference.argument, cwd=host.cwd, depth=depth)
    with _calling(host, reference, methods.LOAD_TEMPLATE, params, read, asker) as call:
        return call.result()


def load_fragments(
    host: Host, reference: Reference, *, read: Iterable[str] = (), asker: IncomingCall | None = None, depth: int = 0
) -> LoadFragmentsResult:
    """Have fragments loaded, attachments with their bytes; else as `load_template`."""
    loader = reference.loader
    params = LoadFragmentsParams(prefix=loader.prefix, argument=reference.argument, cwd=host.cwd, depth=depth)
    with _calling(host, reference, methods.LOAD_FRAGMENTS, params, read, asker) as call:
        found = call.result()
        with call.session.translating(methods.LOAD_FRAGMENTS):
            return taken(found, call.session.peer)


@contextmanager
def _calling(  # noqa: PLR0917  # called in two places
    host: Host, reference: Reference, method: Method[P, R], params: P, read: Iterable[str], asker: IncomingCall | None
) -> Iterator[OpenCall[R]]:
    """Call a loader, and put what was to be loaded before the words with which it failed."""
    try:
        with host.session(reference.loader.plugin, read=read).stream(method, params) as call:
            if asker is not None:
                asker.on_cancel(call.cancel)
            yield call
    except PluginCallFailed as error:
        raise PluginCallFailed(
            error.plugin,
            f"Could not load {reference.loader.kind.word} {reference}: {error.message}",
            wire_code=error.wire_code,
            data=error.data,
            hint=error.hint,
        ) from error
