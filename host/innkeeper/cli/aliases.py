"""``llm aliases``: the person's own names for models."""

from __future__ import annotations

import json

import click

from innkeeper.errors import UsageError
from innkeeper.remote.catalogue import all_models, find_by_query, find_model
from innkeeper.storage.aliases import read_aliases, remove_alias, set_alias

from .default_group import DefaultGroup
from .options import json_option
from .run import Run


@click.group(cls=DefaultGroup, default="list")
def aliases() -> None:
    """Manage model aliases"""


@aliases.command(name="list")
@json_option
@click.pass_obj
def list_(run: Run, *, json_: bool) -> None:
    """List current aliases"""
    index = run.host.index
    rows = {
        str(alias): (model.model_id, kind)
        for kind in ("models", "embedding_models")
        for model in all_models(index, kind)
        for alias in model.entry.get("aliases", ())
    }
    embedding_models = {model.model_id for model in all_models(index, "embedding_models")}
    models = {model.model_id for model in all_models(index)}
    for alias, model_id in read_aliases(run.home).items():
        rows[alias] = (model_id, "embedding_models" if model_id in embedding_models - models else "models")
    if json_:
        click.echo(json.dumps({alias: model_id for alias, (model_id, _) in rows.items()}, indent=4))
        return
    width = max(map(len, rows), default=0)
    for alias, (model_id, kind) in rows.items():
        suffix = " (embedding)" if kind == "embedding_models" else ""
        click.echo(f"{alias.ljust(width)} : {model_id}{suffix}")


@aliases.command(name="set")
@click.argument("alias")
@click.argument("model_id", required=False)
@click.option("-q", "--query", "queries", multiple=True, help="Set alias for the model matching these strings")
@click.pass_obj
def set_(run: Run, alias: str, model_id: str | None, *, queries: tuple[str, ...]) -> None:
    """Set an alias for a model

    \b
        llm aliases set small smollm2
        llm aliases set small -q smol
    """
    index = run.host.index
    if model_id is None:
        if not queries:
            raise UsageError("There is no model to give that name.", hint="llm aliases set ALIAS MODEL, or -q QUERY")
        found = find_by_query(index, queries)
        if found is None:
            raise click.ClickException("No model found matching query: " + ", ".join(queries))
        model_id = found.model_id
        click.echo(f"Alias '{alias}' set to model '{model_id}'", err=True)
    else:
        known = find_model(index, read_aliases(run.home), model_id)
        model_id = known.model_id if known is not None else model_id
    set_alias(run.home, alias, model_id)


@aliases.command()
@click.argument("alias")
@click.pass_obj
def remove(run: Run, alias: str) -> None:
    """Remove an alias"""
    if not remove_alias(run.home, alias):
        raise click.ClickException(f"No such alias: {alias}")


@aliases.command()
@click.pass_obj
def path(run: Run) -> None:
    """Output the path to the aliases.json file"""
    click.echo(run.home.aliases_file)
