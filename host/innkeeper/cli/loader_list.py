"""Lists the loaders of plugins, of either kind, with what their authors say of them. Starts nothing."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from innkeeper.installation.manifest import read_manifest
from innkeeper.remote.loaders import Kind, loaders

from .run import Run


def loader_texts(run: Run, kind: Kind) -> Iterator[str]:
    """Yield a text for each loader: its prefix, and its description below."""
    for loader in loaders(run.host.index, kind):
        infos = getattr(read_manifest(run.home, loader.plugin), kind.field)
        found = next((info.description for info in infos if info.prefix == loader.prefix), None)
        yield f"{loader.called}:\n{textwrap.indent((found or 'Undocumented').strip(), '  ')}"
