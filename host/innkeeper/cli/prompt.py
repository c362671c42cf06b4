"""``llm [prompt] TEXT``: one question to one model."""

from __future__ import annotations

import sys
from typing import Any

import click

from innkeeper.conversation.applied_templates import Applied, apply_templates, needs_input
from innkeeper.conversation.model import Model
from innkeeper.conversation.prompt import new_prompt
from innkeeper.conversation.response import Response
from innkeeper.conversation.templates import FoundTemplate
from innkeeper.conversation.wanted import by_person
from innkeeper.errors import UsageError
from innkeeper.remote.catalogue import Found, find_by_query

from .answer import Answer
from .fragment_options import fragment_options, resolved
from .options import sandbox_option
from .run import Run
from .stdin import piped_text
from .template_options import found_templates, save_template, template_options
from .tool_options import ToolChoice, code_in, pauses_told, tool_options


@click.command
@click.argument("prompt", required=False)
@click.option("-s", "--system", help="System prompt to use")
@click.option("-m", "--model", "model_id", help="Model to use")
@click.option("-q", "--query", "queries", multiple=True, help="Use the first model matching these strings")
@click.option(
    "-o", "--option", "options", type=(str, str), multiple=True, help="Name and value of an option of the model"
)
@fragment_options
@template_options
@tool_options
@click.option("--save", help="Save prompt with this template name")
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
    fragments: tuple[str, ...],
    system_fragments: tuple[str, ...],
    templates: tuple[str, ...],
    params: tuple[tuple[str, str], ...],
    tools: tuple[str, ...],
    functions: tuple[str, ...],
    tools_debug: bool,
    tools_approve: bool,
    chain_limit: int,
    save: str | None,
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
    stdin_is_fragment = "-" in (*fragments, *system_fragments)
    if save is not None:
        _save(
            run,
            save,
            prompt if stdin_is_fragment else _piped_and(prompt),
            model_id=model_id,
            queries=queries,
            templates=templates,
            system=system,
            params=params,
            options=options,
            fragments=fragments,
            system_fragments=system_fragments,
            tools=tools,
            functions=[code_in(code) for code in functions],
        )
        return
    found = found_templates(run, templates)
    applied = _applied(run, found, prompt, system, dict(params), takes_stdin=not stdin_is_fragment)
    model = _model(run, model_id or (None if queries else applied.model), queries, use_async=use_async)
    texts, system_texts, files = resolved(
        run,
        [*applied.fragments, *by_person(fragments)],
        [*applied.system_fragments, *by_person(system_fragments)],
        stdin=lambda: piped_text() or "",
    )
    asked = new_prompt(
        applied.prompt,
        system=applied.system,
        fragments=texts,
        system_fragments=system_texts,
        attachments=[*applied.attachments, *applied.typed_attachments, *files],
        schema=applied.schema,
        options={**applied.options, **_values(options)},
        hide_reasoning=hide_reasoning,
    )
    choice = ToolChoice(
        tools=tools,
        functions=functions,
        tools_debug=tools_debug,
        tools_approve=tools_approve,
        chain_limit=chain_limit,
    )
    offered = choice.offered(run, model.found, more=applied.tools, more_functions=applied.functions)
    conversation = model.conversation()
    answer = Answer(run, hide_reasoning=hide_reasoning)
    if offered is None:
        response = Response(model, asked, conversation=conversation, stream=not no_stream, key=key)
        answer.show(response.events())
    else:
        from innkeeper.conversation.chain import Chain

        chain = Chain(conversation, asked, offered, closes_tools=True, stream=not no_stream, key=key, **choice.how(run))
        with pauses_told():
            answer.show(chain.events())
    if usage:
        for one in conversation.responses:
            click.echo(f"Token usage: {one.token_usage()}", err=True)


def _model(run: Run, model_id: str | None, queries: tuple[str, ...], *, use_async: bool) -> Model:
    return Model(run.host, _found(run, model_id, queries), use_async=use_async)


def _found(run: Run, model_id: str | None, queries: tuple[str, ...]) -> Found:
    if queries and not model_id:
        found = find_by_query(run.host.index, queries)
        if found is None:
            raise UsageError(f"No model matches {', '.join(queries)}.", hint="All of them: llm models")
        return found
    return run.host.find_model(model_id)


def _applied(
    run: Run,
    found: list[FoundTemplate],
    typed: str | None,
    system: str | None,
    params: dict[str, str],
    *,
    takes_stdin: bool,
) -> Applied:
    """Return the prompt that the templates make. What was piped in comes before it, or where they say ``$input``."""
    reads_first = takes_stdin and needs_input(found)
    text = _whole_text(typed) if reads_first or (takes_stdin and not found) else typed
    applied = apply_templates(run.host, found, prompt=text, system=system, params=params, stdin=sys.stdin.buffer.read)
    if found and takes_stdin and not reads_first:
        applied.prompt = _piped_and(applied.prompt)
    return applied


def _whole_text(typed: str | None) -> str:
    """Return what was piped in, and behind it what was typed; with neither, what the person types until Ctrl-D."""
    piped = piped_text()
    if piped is None and typed is None:
        return sys.stdin.read()
    return " ".join(text for text in (piped, typed) if text)


def _piped_and(text: str | None) -> str | None:
    """Return what was piped in, and behind it *text*."""
    return " ".join(part for part in (piped_text(), text) if part) or text


def _save(
    run: Run,
    name: str,
    text: str | None,
    *,
    model_id: str | None,
    queries: tuple[str, ...],
    templates: tuple[str, ...],
    **asked: Any,
) -> None:
    if templates:
        raise UsageError("--save cannot be used with --template.", hint="Copy the template's file: llm templates path")
    model = _found(run, model_id, queries) if model_id or queries else None
    save_template(run, name, model=model, prompt=text, **asked)


def _values(options: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    return dict(options)
