"""``llm chat``: one conversation with one model, in one process of its plugin, so that a local model stays loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .conversation_options import conversation_options
from .fragment_options import fragment_options
from .model_choice import model_choice_options
from .options import sandbox_option
from .run import Run
from .template_options import template_options
from .tool_options import tool_options

if TYPE_CHECKING:
    from .chat_request import ChatRequest


@click.command
@click.option("-s", "--system", help="System prompt to use")
@model_choice_options
@conversation_options
@fragment_options
@template_options
@click.option(
    "-o", "--option", "options", type=(str, str), multiple=True, help="Name and value of an option of the model"
)
@click.option("--no-stream", is_flag=True, help="Do not stream output")
@click.option("-R", "--hide-reasoning", is_flag=True, help="Hide what the model thinks")
@click.option("--key", help="API key to use, or the name of a stored one")
@tool_options
@sandbox_option
@click.pass_obj
def chat(run: Run, /, **given: Any) -> None:
    """Hold an ongoing chat with a model.

    \b
        llm chat -m smollm2
        llm chat -c

    Ctrl-C stops an answer, Ctrl-D ends the chat.
    """
    from .chat_request import ChatRequest

    hold(ChatRequest(run=run, **given))


def hold(request: ChatRequest) -> None:
    """Chat until the person leaves."""
    with request.session() as session:
        session.greet()
        while session.turn():
            pass
