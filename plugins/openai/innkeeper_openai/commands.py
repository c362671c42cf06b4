"""``llm openai``: which models OpenAI, or another server, offers; and a prompt to any server that speaks its API.

The prompt itself is the host's: templates, tools, files and chats are there. What is declared here is what can be said
with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any

import click
import llm
from innkeeper_sdk.openai.client import Client
from innkeeper_sdk.openai.shared import NO_KEY
from llm.utils import dicts_to_table_string

PAIR = (str, str)
COLUMNS = ["id", "owned_by", "created"]


@click.group(name="openai")
def openai() -> None:
    """Commands for OpenAI's API, and for servers that speak it, too"""


@openai.command()
@click.option("json_", "--json", is_flag=True, help="Output as JSON")
@click.option("--key", help="OpenAI API key")
def models(*, json_: bool, key: str | None) -> None:
    """List the models that OpenAI offers you

    \b
        llm openai models
    """
    api_key = key or llm.get_key("", "openai", "OPENAI_API_KEY")
    if not api_key:
        raise click.ClickException(
            "No key found - add one using 'llm keys set openai' or set the OPENAI_API_KEY environment variable"
        )
    listed = models_at(Client(api_key=api_key))
    if json_:
        click.echo(json.dumps(listed, indent=4))
        return
    for line in dicts_to_table_string(COLUMNS, [row_of(model) for model in listed]):
        click.echo(line)


@openai.command()
@click.argument("url")
@click.argument("prompt", required=False)
@click.option("model_id", "-m", "--model", help="Model to use, as the server calls it")
@click.option("-s", "--system", help="System prompt to use")
@click.option("templates", "-t", "--template", multiple=True, help="Template to use")
@click.option("params", "-p", "--param", type=PAIR, multiple=True, help="Parameters for template")
@click.option("options", "-o", "--option", type=PAIR, multiple=True, help="Name and value of an option of the model")
@click.option("--schema", help="JSON schema, filepath, short DSL, or ID of a stored schema")
@click.option("--schema-multi", help="The same, for any number of results")
@click.option("attachments", "-a", "--attachment", multiple=True, help="Attachment path or URL or -")
@click.option(
    "attachment_types",
    "--at",
    "--attachment-type",
    type=PAIR,
    multiple=True,
    help="\b\nAttachment with explicit mimetype,\n--at image.jpg image/jpeg",
)
@click.option("tools", "-T", "--tool", multiple=True, help="Name of a tool to make available to the model")
@click.option("functions", "--functions", multiple=True, help="Python code, or a file of it, whose functions are tools")
@click.option("tools_debug", "--td", "--tools-debug", is_flag=True, help="Show full details of tool executions")
@click.option("tools_approve", "--ta", "--tools-approve", is_flag=True, help="Manually approve every tool execution")
@click.option(
    "chain_limit",
    *("--cl", "--chain-limit"),
    type=int,
    default=5,
    show_default=True,
    help="How many chained tool responses to allow, set 0 for unlimited",
)
@click.option("--key", help="API key to send, or the name of a stored one")
@click.option("headers", "-H", "--header", type=PAIR, multiple=True, help="Additional HTTP header")
@click.option("use_responses", "--responses", is_flag=True, help="Use the Responses API instead of Chat Completions")
@click.option("force_chat", "--chat", is_flag=True, help="Start an interactive chat")
@click.option("list_models", "--models", is_flag=True, help="List model IDs from the endpoint and exit")
@click.option("--no-stream", is_flag=True, help="Do not stream output")
@click.option("-R", "--hide-reasoning", is_flag=True, help="Hide what the model thinks")
def endpoint(*, url: str, list_models: bool, headers: Iterable[tuple[str, str]], key: str | None, **asked: Any) -> None:
    """Prompt a server that speaks OpenAI's API, without logging

    \b
        llm openai endpoint http://localhost:8080/v1 --models
        llm openai endpoint http://localhost:8080/v1 -m llama 'Three names for a pet pelican'
        llm openai endpoint http://localhost:8080/v1 -m llama --chat

    The server gets a key only where you give one with --key.
    """
    if not list_models:
        raise click.ClickException("this prompt is made by Innkeeper's own command line: llm openai endpoint")
    for model in models_at(Client(api_key=key or NO_KEY, base_url=url, default_headers=dict(headers))):
        click.echo(shown(model.get("id", "")))


def models_at(client: Client) -> list[dict[str, Any]]:
    """Return the models of a server. Raises ClickException in its words, or in ours where it is no such server."""
    try:
        answer = client.get("models").model_dump()
    except llm.ModelError as error:
        raise click.ClickException(shown(str(error))) from error
    listed = answer.get("data")
    if not isinstance(listed, list) or not all(isinstance(model, dict) for model in listed):
        raise click.ClickException(f"{client.server.name} answered with what is no list of models")
    return listed


def row_of(model: dict[str, Any]) -> dict[str, str]:
    """Return the columns of a model in the table."""
    created = model.get("created")
    when = datetime.fromtimestamp(created, timezone.utc).isoformat() if isinstance(created, int) else ""
    return {"id": shown(model.get("id", "")), "owned_by": shown(model.get("owned_by", "")), "created": when}


def shown(said: object) -> str:
    """Return a server's words as a terminal may see them."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(said))
