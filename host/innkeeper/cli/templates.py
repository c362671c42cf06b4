"""``llm templates``: stored prompts with blanks to fill in."""

from __future__ import annotations

import os
import shutil

import click

from innkeeper.conversation.templates import find_stored_template, find_template
from innkeeper.errors import InnkeeperError
from innkeeper.remote.loaders import TEMPLATES
from innkeeper.storage.templates import make_templates_dir, template_file, template_names, write_template
from innkeeper.untrusted import cleaned, one_line

from .default_group import DefaultGroup
from .loader_list import loader_texts
from .options import sandbox_option
from .run import Run
from .terminal_output import echo

NEW = "prompt: "
"""What a template begins as."""


@click.group(cls=DefaultGroup, default="list")
def templates() -> None:
    """Manage stored prompt templates

    \b
        llm 'Summarise this: $input' --save summarise
        cat notes.txt | llm -t summarise
    """


@templates.command(name="list")
@click.pass_obj
def list_(run: Run) -> None:
    """List available prompt templates"""
    lines: dict[str, str] = {}
    for name in template_names(run.home):
        try:
            template = find_stored_template(run.host, name).template
        except InnkeeperError as error:
            click.echo(one_line(str(error)), err=True)
            continue
        prompt, system = template.prompt or "", template.system
        lines[name] = f"system: {system}" + (f" prompt: {prompt}" if prompt else "") if system else prompt
    width = max(map(len, lines), default=0)
    columns = shutil.get_terminal_size().columns
    for name, text in lines.items():
        line = cleaned(f"{name.ljust(width)} : {text}").replace("\n", " ")
        click.echo(line if len(line) <= columns else line[: columns - 3] + "...")


@templates.command()
@click.argument("name")
@sandbox_option
@click.pass_obj
def show(run: Run, name: str) -> None:
    """Show the specified prompt template"""
    import yaml

    template = find_template(run.host, name).template
    echo(yaml.safe_dump(template.model_dump(exclude_none=True), indent=4, allow_unicode=True))


@templates.command()
@click.argument("name")
@click.pass_obj
def edit(run: Run, name: str) -> None:
    """Edit the specified prompt template using the default $EDITOR"""
    path = template_file(run.home, name)
    if not os.path.exists(path):
        write_template(run.home, name, NEW)
    click.edit(filename=path)
    find_stored_template(run.host, name)


@templates.command()
@click.pass_obj
def path(run: Run) -> None:
    """Output the path to the templates directory"""
    make_templates_dir(run.home)
    click.echo(run.home.templates_dir)


@templates.command()
@click.pass_obj
def loaders(run: Run) -> None:
    """Show template loaders registered by plugins"""
    click.echo("\n".join(loader_texts(run, TEMPLATES)) or "No template loaders found")
