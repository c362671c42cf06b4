"""``llm [prompt] TEXT``: one question to one model."""

from __future__ import annotations

import sys
from typing import Any

import click

from innkeeper.conversation.model import Model
from innkeeper.conversation.prompt import new_prompt
from innkeeper.conversation.response import Response
from innkeeper.errors import UsageError
from innkeeper.remote.catalogue import find_by_query

from .answer import Answer
from .options import sandbox_option
from .run import Run
from .stdin import piped_text


@click.command
@click.argument("prompt", required=False)
@click.option("-s", "--system", help="System prompt to use")
@click.option("-m", "--model", "model_id", help="Model to use")
@click.option("-q", "--query", "queries", multiple=True, help="Use the first model matching these strings")
@click.option(
    "-o", "--option", "options", type=(str, str), multiple=True, help="Name and value of an option of the model"
)
@click.option("--no-stream", is_flag=True, help="Do not stream output")
@click.option("-R", "--hide-reasoning", is_flag=True, help="Hide what the model thinks")
@click.option("--key", help="API key to use, or the name of a stored one")
@click.option("--async", "use_async", is_flag=True, help="Run the prompt asynchronously")
@click.option("-u", "--usage", is_flag=True, help="Show token usage")
@sandbox_option
@click.pass_obj
def prompt(
    run: Run,
    prompt: str | None,
    *,
    system: str | None,
    model_id: str | None,
    queries: tuple[str, ...],
    options: tuple[tuple[str, str], ...],
    no_stream: bool,
    hide_reasoning: bool,
    key: str | None,
    use_async: bool,
    usage: bool,
) -> None:
    """Execute a prompt.

    \b
        llm 'Three names for a pet pelican'
        llm 'Capital of France?' -s 'Answer in Spanish' -m smollm2
        cat notes.txt | llm -s 'Summarise this'
    """
    model = _model(run, model_id, queries, use_async=use_async)
    asked = new_prompt(
        _whole_text(prompt),
        system=system,
        options=_values(options),
        hide_reasoning=hide_reasoning,
    )
    response = Response(model, asked, conversation=model.conversation(), stream=not no_stream, key=key)
    Answer(run, hide_reasoning=hide_reasoning).show(response.events())
    if usage:
        click.echo(f"Token usage: {response.token_usage()}", err=True)


def _model(run: Run, model_id: str | None, queries: tuple[str, ...], *, use_async: bool) -> Model:
    if queries and not model_id:
        found = find_by_query(run.host.index, queries)
        if found is None:
            raise UsageError(f"No model matches {', '.join(queries)}.", hint="All of them: llm models")
    else:
        found = run.host.find_model(model_id)
    return Model(run.host, found, use_async=use_async)


def _whole_text(typed: str | None) -> str:
    """Return what was piped in, and behind it what was typed; with neither, what the person types until Ctrl-D."""
    piped = piped_text()
    if piped is None and typed is None:
        return sys.stdin.read()
    return " ".join(text for text in (piped, typed) if text)


def _values(options: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    return dict(options)
