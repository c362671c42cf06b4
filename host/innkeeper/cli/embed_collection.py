"""The collection that a command stores in: found, or made with the model that the person named."""

from __future__ import annotations

import sqlite3

import click
from click.core import ParameterSource

from innkeeper.remote.collection import Collection
from innkeeper.remote.embeddings import find_embedding_model

from .run import Run


def open_collection(run: Run, db: sqlite3.Connection, name: str, model_id: str | None) -> Collection:
    """Return the collection called *name*, made with *model_id*, or the default model, where there is none.

    One that is there keeps its model; a person who named another is told so. Raises UnknownModel.
    """
    try:
        collection = Collection(run.host, name, db, create=False)
    except Collection.DoesNotExist:
        return Collection(run.host, name, db, model=find_embedding_model(run.host, model_id))
    named = click.get_current_context().get_parameter_source("model_id") is ParameterSource.COMMANDLINE
    if model_id and named:
        wanted = find_embedding_model(run.host, model_id)
        if collection.model_id not in (wanted.model_id, wanted.lasting_id):
            told = f"Collection '{name}' was made with the model '{collection.model_id}', so that one is used."
            click.echo(f"Warning: {told}", err=True)
    return collection
