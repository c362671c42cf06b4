"""A progress bar for ``llm embed-multi``: on stderr, where that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from .embed_sources import Entry, Source


@contextmanager
def watched(source: Source) -> Iterator[Iterable[Entry]]:
    """Yield the entries of *source*, to be iterated while a bar shows how far that is."""
    if not sys.stderr.isatty():
        yield source
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("Embedding"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[count]:,} items"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Embedding", total=source.total(), count=0)

        def counted() -> Iterator[Entry]:
            for count, entry in enumerate(source, 1):
                yield entry
                progress.update(task, completed=source.position, count=count)

        yield counted()
