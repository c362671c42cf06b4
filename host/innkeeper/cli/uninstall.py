"""``llm uninstall``: takes plugins away, with their environments; a question first, since their data goes, too."""

from __future__ import annotations

import click

from innkeeper.errors import InnkeeperError

from .run import Run


@click.command
@click.argument("names", nargs=-1, required=True)
@click.option("-y", "--yes", is_flag=True, help="Don't ask for confirmation")
@click.option("--keep-data", is_flag=True, help="Keep the files that the plugin wrote, and what it was allowed")
@click.pass_obj
def uninstall(run: Run, names: tuple[str, ...], *, yes: bool, keep_data: bool) -> None:
    """Uninstall plugins

    \b
        llm uninstall llm-markov
    """
    from innkeeper.installation.uninstall import uninstall as uninstall_plugin

    plugins = [run.host.plugin(name) for name in names]
    if not yes:
        listed = ", ".join(plugin.name for plugin in plugins)
        kept = "" if keep_data else ", with the files that they wrote"
        try:
            click.confirm(f"Uninstall {listed}{kept}?", abort=True, err=True)
        except click.Abort:
            raise InnkeeperError("Nothing was uninstalled.", hint="To uninstall without a question: -y") from None
    for plugin in plugins:
        uninstall_plugin(run.home, plugin.name, keep_data=keep_data)
        click.echo(f"Uninstalled {plugin.name} {plugin.version}", err=True)
