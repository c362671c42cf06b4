"""Asks what a `Request` says, once the options of whichever command are read; shows the answer, and logs it."""

from __future__ import annotations

from .answer import Answer, show_usage
from .prompt_request import Request


def ask(request: Request) -> None:
    """Ask it, and show and log the answer."""
    asking = request.asking()
    answer = Answer(request.run, hide_reasoning=request.hide_reasoning)
    try:
        if request.is_shown_whole:
            text = request.extracted(asking.whole_text())
            if not request.json_:
                answer.show([text])
        else:
            answer.show(asking.events())
    except BaseException:
        asking.log(after_error=True)
        raise
    asking.log()
    if request.usage:
        show_usage(response.token_usage() for response in asking.responses)
    if request.json_:
        print(asking.as_json())
