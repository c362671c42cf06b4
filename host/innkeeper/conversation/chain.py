"""A chain: a model answers, the tools it asks for are run, their results go back to it, until it asks for no more."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec
from innkeeper_protocol.payloads import content as wire
from innkeeper_protocol.payloads.models import ModelEvent

from innkeeper.errors import ChainLimitReached, Interrupted

from .attachments import attachment_in
from .chain_tools import Tools
from .prompt import Prompt
from .response import Response
from .tool_calls import AfterCall, BeforeCall, ToolCalls
from .tool_calls_local import Awaiting

if TYPE_CHECKING:
    from .conversation import Conversation


class Chain:
    """Responses that follow from one another. Iterate it for the text of all, or take the `responses` one by one.

    It is run once, by the first who reads it. Who reads it again gets *completed*, the responses that are complete, and
    where it broke off the same error. Toolboxes are open from its first response to its end, unless they came open.
    """

    def __init__(
        self,
        conversation: Conversation,
        prompt: Prompt,
        tools: Tools,
        *,
        closes_tools: bool = False,
        chain_limit: int | None = None,
        before_call: BeforeCall | None = None,
        after_call: AfterCall | None = None,
        stream: bool = True,
        key: str | None = None,
    ) -> None:
        self.conversation = conversation
        self.prompt = prompt
        self.tools = tools
        self.chain_limit = chain_limit
        """The most responses; None or 0 sets none."""
        self.before_call = before_call
        self.after_call = after_call
        self.stream = stream
        self.key = key
        self.awaiting: Awaiting | None = None
        """How the program's async functions are waited for, where that is not in loops of their own."""
        self.completed: list[Response] = []
        self._closes_tools = closes_tools
        self.error: Exception | None = None
        """Why it broke off, if it did."""
        self._has_begun = False
        self._is_over = False
        self._is_cancelled = False
        self._current: Response | ToolCalls | None = None

    def responses(self) -> Generator[Response, None, None]:
        """Yield each response, to be read before the next is asked for.

        Raises PauseChain where a tool paused the chain, ChainLimitReached, UnknownTool and what else `Tools.open` does,
        and what reading a `Response` does.
        """
        if not self._has_begun:
            yield from self._run_through()
            return
        if not self._is_over:
            raise RuntimeError("this chain is being read already, and one reader is what it takes")
        yield from self.completed
        if self.error is not None:
            raise self.error.with_traceback(None)

    def _run_through(self) -> Generator[Response, None, None]:
        self._has_begun = True
        try:
            self.tools.open()
            prompt = self.prompt
            open_calls = self._open_calls()
            if open_calls:
                prompt = self._after(prompt, self._run(open_calls))
            while True:
                response = self._ask(prompt)
                yield response
                calls = response.tool_calls()
                self.completed.append(response)
                if not calls:
                    return
                self._check_limit()
                prompt = self._after(prompt, self._run(calls))
        except BaseException as error:
            self.error = error if isinstance(error, Exception) else Interrupted("This chain was interrupted.")
            raise
        finally:
            self._is_over = True
            self._current = None
            if self._closes_tools:
                self.tools.close()

    def events(self) -> Iterator[str | ModelEvent]:
        """Yield the events of every response, with a space where two texts would run into one another."""
        seams = Seams()
        for response in self.responses():
            seams.begin()
            for event in response.events():
                yield from seams.before(event)
                yield event

    def __iter__(self) -> Iterator[str]:
        for event in self.events():
            if isinstance(event, str):
                yield event
            elif event.type == "text":
                yield event.chunk

    def text(self) -> str:
        """Return the text of all responses."""
        return "".join(self)

    def __str__(self) -> str:
        return self.text()

    def cancel(self) -> None:
        """Give up on it, from any thread: on the answer that comes, and on the tools that run. Its reader gets
        Interrupted.
        """
        self._is_cancelled = True
        current = self._current
        if current is not None:
            current.cancel()

    def _ask(self, prompt: Prompt) -> Response:
        response = Response(
            self.conversation.model,
            prompt,
            conversation=self.conversation,
            stream=self.stream,
            key=self.key,
            tools=self.tools,
        )
        self._current = response
        if self._is_cancelled:
            response.cancel()
        return response

    def _run(self, calls: Sequence[wire.ToolCall]) -> tuple[wire.ToolResult, ...]:
        running = ToolCalls(
            calls, self.tools, before_call=self.before_call, after_call=self.after_call, awaiting=self.awaiting
        )
        self._current = running
        if self._is_cancelled:
            raise Interrupted("The chain was cancelled.")
        return running.run()

    def _after(self, prompt: Prompt, results: tuple[wire.ToolResult, ...]) -> Prompt:
        """Return the prompt that brings *results* to the model. Files among them go with it, as the person's do."""
        following = msgspec.structs.replace(
            prompt,
            text="",
            fragments=(),
            attachments=tuple(attachment_in(file) for result in results for file in result.attachments),
            tool_results=results,
            chain=None,
        )
        if prompt.chain is None or self.completed:
            return following  # what was said stands in the conversation
        return msgspec.structs.replace(following, chain=(*prompt.chain, *following.turn()))

    def _open_calls(self) -> Sequence[wire.ToolCall]:
        """Return the calls that what was said ends in, where nothing is added to it. A paused chain goes on so."""
        prompt = self.prompt
        if prompt.chain is not None:
            from innkeeper_sdk.api.message_chain import open_tool_calls

            return [
                wire.ToolCall(name=call.name, arguments=call.arguments, tool_call_id=call.tool_call_id)
                for call in open_tool_calls(prompt.chain)
            ]
        if prompt.whole_text or prompt.attachments or prompt.tool_results:
            return ()
        if self.conversation.responses:
            return self.conversation.responses[-1].tool_calls()
        earlier = self.conversation.earlier.exchanges
        return earlier[-1].tool_calls if earlier else ()

    def _check_limit(self) -> None:
        if self.chain_limit and len(self.completed) >= self.chain_limit:
            raise ChainLimitReached(
                f"Chain limit of {self.chain_limit} exceeded.",
                why="The model goes on asking for tools.",
                hint="Allow more responses, 0 for any number: --cl NUMBER, or chain_limit= in a program",
            )


class Seams:
    """Finds where the text of one response would run into that of the next. The space is for show, and never kept."""

    def __init__(self) -> None:
        self._last = " "
        self._at_start = True

    def begin(self) -> None:
        """Note that a response begins."""
        self._at_start = True

    def before(self, event: str | ModelEvent) -> Iterator[str]:
        """Yield the space that belongs before *event*, if any."""
        text = event if isinstance(event, str) else event.chunk if event.type == "text" else ""
        if not text:
            return
        if self._at_start and not self._last.isspace() and not text[0].isspace():
            yield " "
        self._at_start = False
        self._last = text[-1]
