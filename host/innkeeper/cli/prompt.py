"""``llm [prompt] TEXT``: one question to one model."""

from __future__ import annotations

from typing import Any

import click

from .attachment_options import attachment_options
from .conversation_options import conversation_options
from .fragment_options import fragment_options
from .model_choice import model_choice_options
from .options import json_option, sandbox_option
from .run import Run
from .schema_options import schema_options
from .template_options import template_options
from .tool_options import tool_options


@click.command
@click.argument("prompt", required=False)
@click.option("-s", "--system", help="System prompt to use")
@model_choice_options
@attachment_options
@click.option(
    "-o", "--option", "options", type=(str, str), multiple=True, help="Name and value of an option of the model"
)
@click.option("--options", "show_options", is_flag=True, help="Show options for the selected model")
@schema_options
@fragment_options
@template_options
@tool_options
@conversation_options
@click.option("--save", help="Save prompt with this template name")
@click.option("--no-stream", is_flag=True, help="Do not stream output")
@click.option("-R", "--hide-reasoning", is_flag=True, help="Hide what the model thinks")
@click.option("--key", help="API key to use, or the name of a stored one")
@click.option("--async", "use_async", is_flag=True, help="Run the prompt asynchronously")
@click.option("-u", "--usage", is_flag=True, help="Show token usage")
@click.option("-x", "--extract", is_flag=True, help="Extract first fenced code block")
@click.option("--xl", "--extract-last", "extract_last", is_flag=True, help="Extract last fenced code block")
@json_option
@sandbox_option
@click.pass_obj
def prompt(run: Run, /, **given: Any) -> None:
    """Execute a prompt.

    \b
        llm 'Three names for a pet pelican'
        llm 'Capital of France?' -s 'Answer in Spanish' -m smollm2
        cat notes.txt | llm -s 'Summarise this'

    Images and other files go with it where the model takes them:

    \b
        llm 'What is this?' -a photo.jpg
        cat photo.jpg | llm 'What is this?' -a -

    A model that supports schemas answers with JSON that fits one. Fields are NAME, NAME TYPE, or either with a
    description; types are str, int, float and bool:

    \b
        llm --schema 'name, age int, bio: one sentence' 'Invent a dog'
    """
    from .ask import ask
    from .prompt_request import Request

    request = Request(run=run, **given)
    if request.save is not None:
        request.store_as_template()
    elif request.show_options:
        request.tell_options()
    else:
        ask(request)
