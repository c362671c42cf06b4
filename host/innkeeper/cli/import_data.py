"""``llm plugins import-data``: take over what a plugin kept in the user directory of the real ``llm``."""

from __future__ import annotations

import os

import click

from innkeeper.errors import UsageError
from innkeeper.untrusted import one_line

from .run import Run


@click.command(name="import-data")
@click.argument("name")
@click.option("--from", "directory", metavar="DIR", help="That directory; by default where llm keeps it")
@click.option("--file", "files", multiple=True, metavar="PATH", help="This file or folder in it, instead of a guess")
@click.option("--replace", is_flag=True, help="Also what the plugin has by now under the same name")
@click.option("--dry-run", is_flag=True, help="Only show what would be copied")
@click.pass_obj
def import_data(
    run: Run, name: str, *, directory: str | None, files: tuple[str, ...], replace: bool, dry_run: bool
) -> None:
    """Copy what a plugin kept under the real llm's user directory

    Which files those are, its source tells. Keys and databases of yours are never among them; one that is to be
    copied all the same is named with --file.

    \b
        llm plugins import-data llm-gguf --from ~/.config/io.datasette.llm
    """
    from innkeeper.installation.imported_data import checked_entries, copy_data, entries_of

    plugin = run.host.plugin(name)
    source = os.path.abspath(os.path.expanduser(directory or click.get_app_dir("io.datasette.llm")))
    if os.path.realpath(source) == os.path.realpath(run.home.root):
        raise UsageError(f"{source} is Innkeeper's own directory.", hint="Name that of llm: --from DIR")
    entries = checked_entries(files, source) if files else entries_of(plugin, source)
    if not entries:
        raise UsageError(
            f"There is nothing of {plugin.name} in {source}.", hint="If you know better, name it: --file PATH"
        )
    if dry_run:
        for entry in entries:
            click.echo(one_line(os.path.join(source, entry), 1000))
        return
    for copied in copy_data(source, entries, run.home.data_dir(plugin.name), replace=replace):
        kept = " (kept what was there; to replace it: --replace)" if copied.kept else ""
        click.echo(f"{one_line(copied.path, 1000)}  {copied.size_bytes:,} bytes{kept}")
    if plugin.is_ready:
        run.refresh(plugin)
