"""``llm models options``: options that go with every prompt to a model."""

from __future__ import annotations

import click

from innkeeper.remote.catalogue import Found, find_model
from innkeeper.storage.aliases import read_aliases
from innkeeper.storage.model_options import all_model_options, clear_model_options, model_options, set_model_option

from .default_group import DefaultGroup
from .option_values import typed_options
from .run import Run
from .terminal_output import echo


@click.group(cls=DefaultGroup, default="list")
def options() -> None:
    """Manage default options for models

    \b
        llm models options set smollm2 temperature 0.2
    """


@options.command(name="list")
@click.pass_obj
def list_(run: Run) -> None:
    """List default options for all models"""
    found = all_model_options(run.home)
    if not found:
        click.echo("No default options set for any models.", err=True)
    for model_id, its_options in found.items():
        echo(f"{model_id}:")
        for name, value in its_options.items():
            echo(f"  {name}: {value}")


@options.command()
@click.argument("model")
@click.pass_obj
def show(run: Run, model: str) -> None:
    """List default options set for a specific model"""
    model_id = _id(_find(run, model), model)
    found = model_options(run.home, model_id)
    if not found:
        click.echo(f"No default options set for model '{model_id}'.", err=True)
    for name, value in found.items():
        echo(f"{name}: {value}")


@options.command(name="set")
@click.argument("model")
@click.argument("key")
@click.argument("value")
@click.pass_obj
def set_(run: Run, model: str, key: str, value: str) -> None:
    """Set a default option for a model"""
    found = _find(run, model)
    if found is not None:
        typed_options(run, found, [(key, value)])  # refuses what the model does not take
    model_id = _id(found, model)
    set_model_option(run.home, model_id, key, value)
    click.echo(f"Set default option {key}={value} for model {model_id}", err=True)


@options.command()
@click.argument("model")
@click.argument("key", required=False)
@click.pass_obj
def clear(run: Run, model: str, key: str | None) -> None:
    """Clear default option(s) for a model"""
    model_id = _id(_find(run, model), model)
    cleared = clear_model_options(run.home, model_id, key)
    if not cleared:
        click.echo(f"Model {model_id} had no such option set.", err=True)
    elif len(cleared) == 1:
        click.echo(f"Cleared option '{cleared[0]}' for model {model_id}")
    else:
        click.echo(f"Cleared {', '.join(cleared)} options for model {model_id}")


def _find(run: Run, name: str) -> Found | None:
    return find_model(run.host.index, read_aliases(run.home), name)


def _id(found: Found | None, name: str) -> str:
    """Return what the options are kept by; a model that is not installed may have some."""
    return name if found is None else found.model_id
