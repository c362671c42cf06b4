"""``llm models``: what there is, and which one is the default. Only a plugin whose files changed is started for it."""

from __future__ import annotations

import json
from typing import Any

import click
from innkeeper_protocol.payloads.models import ModelInfo

from innkeeper.installation.openai_settings import may_register_more
from innkeeper.remote.catalogue import Found, all_models, find_model
from innkeeper.remote.manifests import model_info
from innkeeper.storage.aliases import read_aliases
from innkeeper.storage.default_model import default_model, set_default_model
from innkeeper.untrusted import one_line

from .default_group import DefaultGroup
from .model_details import ModelDetails
from .model_options import options as options_group
from .options import json_option
from .run import Run


@click.group(cls=DefaultGroup, default="list")
def models() -> None:
    """Manage available models"""


@models.command(name="list")
@click.option("--options", is_flag=True, help="Show options for each model, if available")
@click.option("--async", "use_async", is_flag=True, help="List async models")
@click.option("--schemas", is_flag=True, help="List models that support schemas")
@click.option("--tools", is_flag=True, help="List models that support tools")
@json_option
@click.option("-q", "--query", "queries", multiple=True, help="Search for models matching these strings")
@click.option("-m", "--model", "model_ids", multiple=True, help="Specific model IDs")
@click.pass_obj
def list_(
    run: Run,
    *,
    options: bool,
    use_async: bool,
    schemas: bool,
    tools: bool,
    json_: bool,
    queries: tuple[str, ...],
    model_ids: tuple[str, ...],
) -> None:
    """List available models

    \b
        llm models
        llm models list --options -q markov
    """
    for plugin in run.host.index.plugins:
        if may_register_more(run.home, plugin, run.host.environ):
            run.refresh(plugin)
    home, index = run.home, run.host.index
    persons = read_aliases(home)
    found = [
        Listed(model, persons, model_info(home, model) if options or schemas or tools or json_ else None)
        for model in all_models(index)
        if (model.entry.get("async") or not use_async)
    ]
    chosen = [
        listed
        for listed in found
        if all(listed.matches(query) for query in queries)
        and (not model_ids or any(listed.is_called(name) for name in model_ids))
        and (not schemas or (listed.info is not None and listed.info.supports_schema))
        and (not tools or (listed.info is not None and listed.info.supports_tools))
    ]
    for plugin in index.plugins:
        for problem in plugin.problems:
            if problem.startswith("register_models: "):
                click.echo(f"Warning: {plugin.name} could not register all of its models: {problem}", err=True)
    if json_:
        click.echo(json.dumps([listed.as_json(options=options) for listed in chosen], indent=2))
        return
    first = {listed.model_id: listed.found.plugin.name for listed in reversed(found)}
    details = ModelDetails()
    for listed in chosen:
        click.echo(listed.line(first[listed.model_id]))
        if options and listed.info is not None:
            for line in details.lines(listed.info):
                click.echo(line)
    if not (queries or options or schemas or tools or model_ids):
        click.echo(f"Default: {default_model(home)}")


@models.command()
@click.argument("model", required=False)
@click.option("--unset", is_flag=True, help="Go back to the model that ships")
@click.pass_obj
def default(run: Run, model: str | None, *, unset: bool) -> None:
    """Show or set the default model"""
    if unset:
        set_default_model(run.home, None)
    elif model is None:
        click.echo(default_model(run.home))
    else:
        found = run.host.find_model(model)
        first = find_model(run.host.index, {}, found.model_id)
        set_default_model(run.home, found.model_id if first == found else found.qualified_id)


models.add_command(options_group)


class Listed:
    """A model with the person's aliases, and its manifest's entry where that is needed."""

    def __init__(self, found: Found, persons: dict[str, str], info: ModelInfo | None) -> None:
        self.found = found
        self.model_id = found.model_id
        own = [alias for alias, model_id in persons.items() if model_id in (found.model_id, found.qualified_id)]
        self.aliases: list[str] = list(dict.fromkeys([*found.entry.get("aliases", ()), *own]))
        self.info = info

    def is_called(self, name: str) -> bool:
        """Say whether *name* is its id or one of its aliases."""
        return name in (self.model_id, self.found.qualified_id, *self.aliases)

    def matches(self, query: str) -> bool:
        """Say whether *query* stands in one of its names, or in what it is shown as."""
        names = (self.model_id, str(self.found.entry.get("label", "")), *self.aliases)
        return any(query.lower() in name.lower() for name in names)

    def line(self, first_plugin: str) -> str:
        """Return it as ``llm models`` shows it. *first_plugin* is the one that its bare id means."""
        label = one_line(str(self.found.entry.get("label") or self.model_id))
        aliases = f" (aliases: {', '.join(self.aliases)})" if self.aliases else ""
        if self.found.plugin.name == first_plugin:
            return label + aliases
        return (
            f"{label}{aliases} (of {self.found.plugin.name}; {first_plugin} has one, too: -m {self.found.qualified_id})"
        )

    def as_json(self, *, options: bool) -> dict[str, Any]:
        """Return it as ``--json`` prints it: the fields of `llm`, and ``plugin``."""
        info = self.info or ModelInfo(model_id=self.model_id)
        shown: dict[str, Any] = {
            "model_id": self.model_id,
            "aliases": self.aliases,
            "can_stream": info.can_stream,
            "supports_schema": info.supports_schema,
            "supports_tools": info.supports_tools,
            "supports_conversation": info.supports_conversation,
            "supports_async": info.has_async,
            "attachment_types": list(info.attachment_types),
            "server_side_tools": [
                {"name": tool.name, "plugin": self.found.plugin.name} for tool in info.server_side_tools
            ],
            "plugin": self.found.plugin.name,
        }
        if options:
            shown["options"] = info.options_schema.get("properties", {})
        return shown
