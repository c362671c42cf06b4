"""``llm install``: plugins from the index, a folder, a file or a URL, each into an environment of its own."""

from __future__ import annotations

import sys
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from innkeeper.errors import InstallError, UsageError
from innkeeper.installation.inventory import InstalledPlugin
from innkeeper.installation.request import BuildNeeded, InstallRequest

from .grant_options import grant_options, grants_of
from .grant_words import install_options
from .options import sandbox_option
from .permission_question import settle_permissions
from .plugin_command import about_hidden, hidden_commands
from .run import Run

if TYPE_CHECKING:
    from innkeeper.confinement.grants import Grants


@click.command
@click.argument("requirements", nargs=-1)
@click.option("-U", "--upgrade", is_flag=True, help="Upgrade to the newest version that fits")
@click.option(
    "-e", "--editable", "editables", multiple=True, metavar="DIR", help="Install a folder so that it can be edited"
)
@click.option("--force-reinstall", is_flag=True, help="Make the environment anew even if it is up to date")
@click.option("--no-cache-dir", is_flag=True, help="Do not use what was downloaded before")
@click.option("--pre", is_flag=True, help="Include pre-releases")
@click.option("--python", metavar="VERSION|PATH", help="The Python to run it on; by default one that fits is found")
@click.option("--with", "with_", multiple=True, metavar="PKG", help="A package more in its environment")
@click.option("--without", multiple=True, metavar="PKG", help="A dependency to leave out of it")
@click.option("--build", is_flag=True, help="Allow building packages that come as source only")
@click.option("-y", "--yes", is_flag=True, help="Answer yes to every question: build, and allow what it asks for")
@grant_options("--allow-", "allow_")
@sandbox_option
@click.pass_obj
def install(
    run: Run,
    /,
    requirements: tuple[str, ...],
    *,
    upgrade: bool,
    editables: tuple[str, ...],
    force_reinstall: bool,
    no_cache_dir: bool,
    pre: bool,
    python: str | None,
    with_: tuple[str, ...],
    without: tuple[str, ...],
    build: bool,
    yes: bool,
    **allowed: Any,
) -> None:
    """Install plugins, each in an environment of its own

    \b
        llm install llm-markov
        llm install ./my-plugin 'llm-anthropic>=0.20' git+https://example.com/plugin.git
        llm install llm-tools-mcp --with 'mcp<2'
        llm install llm-jq --allow-run jq
    """
    from innkeeper.confinement.granting import checked
    from innkeeper.installation.inspection import unknown_extras

    if not requirements and not editables:
        raise UsageError("There is nothing to install.", hint="Name a plugin: llm install llm-markov")
    given = checked(run.home, grants_of(**{name.removeprefix("allow_"): value for name, value in allowed.items()}))
    for typed, editable in [*((text, False) for text in requirements), *((text, True) for text in editables)]:
        request = InstallRequest(
            requirement=typed,
            editable=editable,
            with_=with_,
            without=without,
            python=python,
            pre=pre,
            build=build,
            upgrade=upgrade,
            force_reinstall=force_reinstall,
            no_cache=no_cache_dir,
            no_sandbox=run.no_sandbox,
        )
        before = {one.name: one.generation for one in run.host.index.plugins}
        plugin = _install(run, request, given, yes=yes)
        run.progress.clear()
        named = f"{plugin.name} {plugin.version}"
        is_as_before = before.get(plugin.name) == plugin.generation
        click.echo(f"{named} is up to date" if is_as_before else f"Installed {named}", err=True)
        for extra in unknown_extras(plugin, request):
            click.echo(f"  Note: {named} has no extra '{extra}'.", err=True)
        plugin = settle_permissions(run, plugin, given, yes=yes)
        for problem in plugin.problems:
            click.echo(f"  It did not register everything: {problem}", err=True)
        run.host.reread_index()
        for command in hidden_commands(run, plugin):
            click.echo(f"  Note: {about_hidden(command)}", err=True)


def _install(run: Run, request: InstallRequest, given: Grants, *, yes: bool) -> InstalledPlugin:
    """Install what is asked for. What it is *given* it has already when it is asked what it registers."""
    from dataclasses import replace

    from innkeeper.installation.install import install as install_plugin

    host = run.host
    tier = host.tier()

    def make(request: InstallRequest) -> InstalledPlugin:
        try:
            return install_plugin(
                run.home,
                request,
                tier=tier,
                describe=lambda plugin: host.describe(plugin, given),
                progress=run.progress.show,
            )
        except InstallError as error:
            refused = host.ledger.refused_before_installed()
            if any(refused):  # perhaps that is why
                again = f"llm install {quote(request.requirement)} {install_options(refused)}"
                error.hint = "\n".join([*([error.hint] if error.hint else []), f"To allow what it tried: {again}"])
            raise

    try:
        return make(request)
    except BuildNeeded as error:
        run.progress.clear()
        if not (yes or (sys.stdin.isatty() and _may_build(error))):
            raise
    return make(replace(request, build=True))


def _may_build(error: BuildNeeded) -> bool:
    names = ", ".join(error.packages)
    question = f"{names} must be built from source, which runs its code, confined and without network. Build it?"
    return click.confirm(question, default=False, err=True)
