"""``llm embed-models``: which embedding models there are, without starting anything, and which is the default."""

from __future__ import annotations

import json
from typing import Any

import click

from innkeeper.remote.catalogue import Found, all_models
from innkeeper.remote.embeddings import EmbeddingModel, find_embedding_model
from innkeeper.remote.manifests import embedding_model_info
from innkeeper.storage.aliases import read_aliases
from innkeeper.storage.default_model import default_embedding_model, set_default_embedding_model
from innkeeper.untrusted import one_line

from .default_group import DefaultGroup
from .options import json_option
from .run import Run


@click.group(cls=DefaultGroup, default="list")
def embed_models() -> None:
    """Manage available embedding models"""


@embed_models.command(name="list")
@click.option("-q", "--query", "queries", multiple=True, help="Search for embedding models matching these strings")
@json_option
@click.pass_obj
def list_(run: Run, *, queries: tuple[str, ...], json_: bool) -> None:
    """List available embedding models

    \b
        llm embed-models
        llm embed-models list -q llama
    """
    persons = read_aliases(run.home)
    found = [_Listed(run, model, persons) for model in all_models(run.host.index, "embedding_models")]
    chosen = [listed for listed in found if all(listed.matches(query) for query in queries)]
    if json_:
        click.echo(json.dumps([listed.as_json(run) for listed in chosen], indent=2))
        return
    for listed in chosen:
        click.echo(listed.line())


@embed_models.command()
@click.argument("model", required=False)
@click.option("--remove-default", is_flag=True, help="Reset to specifying no default model")
@click.pass_obj
def default(run: Run, model: str | None, *, remove_default: bool) -> None:
    """Show or set the default embedding model

    \b
        llm embed-models default wordllama
    """
    if remove_default:
        set_default_embedding_model(run.home, None)
    elif model is None:
        found = default_embedding_model(run.home)
        if found is None:
            click.echo("<No default embedding model set>", err=True)
        else:
            click.echo(found)
    else:
        set_default_embedding_model(run.home, find_embedding_model(run.host, model).lasting_id)


class _Listed:
    """An embedding model with the person's aliases."""

    def __init__(self, run: Run, found: Found, persons: dict[str, str]) -> None:
        self.found = found
        self.name = EmbeddingModel(run.host, found).lasting_id
        own = [alias for alias, model_id in persons.items() if model_id in (found.model_id, found.qualified_id)]
        self.aliases: list[str] = list(dict.fromkeys([*found.entry.get("aliases", ()), *own]))
        self.label = one_line(str(found.entry.get("label") or found.model_id))

    def matches(self, query: str) -> bool:
        """Say whether *query* stands in one of its names, or in what it is shown as."""
        return any(query.lower() in name.lower() for name in (self.found.model_id, self.label, *self.aliases))

    def line(self) -> str:
        """Return it as ``llm embed-models`` shows it; one whose id means another plugin's, with the name it has."""
        aliases = f" (aliases: {', '.join(self.aliases)})" if self.aliases else ""
        other = f" (of {self.found.plugin.name}: -m {self.name})" if self.name != self.found.model_id else ""
        return f"{self.label}{aliases}{other}"

    def as_json(self, run: Run) -> dict[str, Any]:
        """Return it as ``--json`` prints it."""
        info = embedding_model_info(run.home, self.found)
        return {
            "model_id": self.found.model_id,
            "aliases": self.aliases,
            "supports_text": info.supports_text,
            "supports_binary": info.supports_binary,
            "batch_size": info.batch_size,
            "plugin": self.found.plugin.name,
        }
