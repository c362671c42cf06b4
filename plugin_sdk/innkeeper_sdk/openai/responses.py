"""Models behind the responses API."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from typing import Any, ClassVar

from innkeeper_sdk.api.errors import ModelError
from innkeeper_sdk.api.models import AsyncKeyModel, KeyModel
from innkeeper_sdk.api.parts import StreamEvent
from innkeeper_sdk.api.tables import remove_dict_none_values
from innkeeper_sdk.api.tools import ServerSideTool, Tool, partition_tools

from .attachments import without_content
from .chat import AsyncChat, Chat
from .chat_answer import reasoned_unseen
from .option_values import not_nulls, value_of
from .responses_answer import ResponsesAnswer, reasoning_event, server_tool_events
from .responses_input import responses_input
from .server_side_tools import CodeInterpreter, WebSearch
from .shared import SharedModel, function_of

ONLY_IN_CHAT = ("frequency_penalty", "presence_penalty", "stop", "logit_bias", "seed")
"""Options that the responses API does not have."""

SEALED_REASONING = "reasoning.encrypted_content"

DELEGATED = (
    *("model_id", "key", "model_name", "api_base", "api_type", "api_version", "api_engine", "headers", "can_stream"),
    *("vision", "supports_schema", "supports_tools", "allows_system_prompt"),
)
"""What a chat model that stands in for one of these is made with, beside its abilities."""


class SharedResponsesModel(SharedModel):
    """A mixin; the other base is KeyModel or AsyncKeyModel."""

    _chat_class: ClassVar[type[Chat | AsyncChat]]

    @property
    def supported_server_side_tools(self) -> tuple[type[ServerSideTool], ...]:
        """OpenAI's own tools, and any other by its raw specification."""
        return (WebSearch, CodeInterpreter, ServerSideTool)

    def __str__(self) -> str:
        return f"OpenAI Responses: {self.model_id}"

    def _options_class(self) -> Any:
        from .options import build_options_class

        has = self._has_option
        return build_options_class(**has, reasoning_summary=has["reasoning"], chat_completions=True)

    def _delegate_chat_kwargs(self) -> dict[str, Any]:
        """Return what makes a chat model of the same abilities."""
        return {
            **{name: getattr(self, name) for name in DELEGATED},
            "reasoning": self._reasoning,
            "verbosity": self._verbosity,
            "image_detail_original": self._image_detail_original,
            "service_tier": self._service_tier,
        }

    def _chat(self, prompt: Any) -> Any:
        """Return the chat model that stands in, where the person asked for it; otherwise None."""
        if not getattr(prompt.options, "chat_completions", None):
            return None
        chat = self._chat_class(**self._delegate_chat_kwargs())
        partition_tools(chat, prompt.tools)
        return chat

    def _build_responses_input(
        self, prompt: Any, image_detail: str | None = None
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Return the items of a request and its instructions."""
        return responses_input(prompt.messages, image_detail)

    def _build_responses_kwargs(self, prompt: Any, stream: bool) -> dict[str, Any]:
        """Return the fields of a request that come from options, schema and tools."""
        given = not_nulls(prompt.options)
        as_json = given.pop("json_object", None)
        for not_of_this_api in ("chat_completions", "image_detail"):
            given.pop(not_of_this_api, None)
        effort, summary = given.pop("reasoning_effort", None), given.pop("reasoning_summary", None)
        verbosity = given.pop("verbosity", None)
        max_tokens = given.pop("max_tokens", self.default_max_tokens)
        fields: dict[str, Any] = {} if max_tokens is None else {"max_output_tokens": max_tokens}
        fields |= given
        reasoning = self._reasoning_field(prompt, effort, summary)
        if reasoning:
            fields["reasoning"] = reasoning
        text: dict[str, Any] = {"verbosity": verbosity} if verbosity else {}
        if as_json:
            text["format"] = {"type": "json_object"}
        if prompt.schema:
            # Not strict: that would demand "additionalProperties: false" of every object in it.
            text["format"] = {"type": "json_schema", "name": "output", "schema": prompt.schema, "strict": False}
        if text:
            fields["text"] = text
        if prompt.tools:
            partition_tools(self, prompt.tools)
            fields["tools"] = [self._tool_field(tool) for tool in prompt.tools]
        return fields

    def _reasoning_field(self, prompt: Any, effort: Any, summary: Any) -> dict[str, Any]:
        if not self._reasoning:
            return {}
        field = {}
        if not prompt.hide_reasoning and (summary or self._reasoning_summary):
            field["summary"] = summary or "auto"
        if effort:
            field["effort"] = effort
        return field

    def _tool_field(self, tool: Any) -> dict[str, Any]:
        if isinstance(tool, Tool):
            return {"type": "function", **function_of(tool)}
        specification: dict[str, Any] = tool.tool_spec(self)
        return specification

    def _finalize_responses_kwargs(self, prompt: Any, stream: bool, instructions: str | None = None) -> dict[str, Any]:
        """Return all fields of a request but model and input; the provider's tools have their say at the end."""
        fields = self._build_responses_kwargs(prompt, stream)
        if instructions is not None:
            fields["instructions"] = instructions
        fields["store"] = False
        asked = [getattr(prompt.options, name, None) for name in ("reasoning_summary", "reasoning_effort")]
        if self._reasoning and (self._reasoning_summary or any(asked)):
            include = fields.setdefault("include", [])
            if SEALED_REASONING not in include:
                include.append(SEALED_REASONING)
        _, server_side = partition_tools(self, prompt.tools)
        for tool in server_side:
            tool.prepare_request(self, fields)
        return fields

    def _request(self, prompt: Any, stream: bool) -> dict[str, Any]:
        """Return everything that is sent."""
        self.check_system_prompt(prompt)
        detail = value_of(getattr(prompt.options, "image_detail", None))
        items, instructions = self._build_responses_input(prompt, image_detail=detail)
        fields = self._finalize_responses_kwargs(prompt, stream, instructions)
        not_there = [name for name in ONLY_IN_CHAT if name in fields]
        if not_there:
            raise ModelError(
                f"the responses API does not take {', '.join(not_there)}: "
                "leave it out, or use the older API with -o chat_completions 1"
            )
        return {"model": self.name_at_server, "input": items, "stream": stream, **fields}

    def _set_usage_responses(self, response: Any, usage: dict[str, Any] | None) -> None:
        """Tell *response* what the answer cost."""
        if not usage:
            return
        details = {name: usage[name] for name in ("input_tokens_details", "output_tokens_details") if usage.get(name)}
        response.set_usage(
            input=usage.get("input_tokens") or 0, output=usage.get("output_tokens") or 0, details=details or None
        )

    def _reasoning_event(self, item: Any, *, include_text: bool = True) -> StreamEvent:
        """Return the event of a reasoning item."""
        return reasoning_event(item, 0, include_text=include_text)

    def _server_tool_events(self, item: Any, message_index: int) -> list[StreamEvent]:
        """Return the events of what the provider ran by itself. Override it for a provider with tools of its own."""
        return server_tool_events(item, message_index)

    def _refresh_server_tool_events(self, output: Any, done_events: dict[str, list[StreamEvent]]) -> None:
        """Give events that were streamed already, by the ids of their items, what the whole *output* says of them."""
        for item in output or ():
            told = done_events.get(getattr(item, "id", None) or "") or ()
            final = (
                {event.type: event for event in self._server_tool_events(item, told[0].message_index)} if told else {}
            )
            for event in told:
                event.chunk = final[event.type].chunk if event.type in final else event.chunk

    def _end(self, response: Any, request: dict[str, Any], answer: ResponsesAnswer) -> Iterator[StreamEvent]:
        """Take note of what is known at the end."""
        usage = (answer.final or {}).get("usage")
        if answer.final is not None:
            response.response_json = remove_dict_none_values(answer.final)
        self._set_usage_responses(response, usage)
        if not answer.had_reasoning and reasoned_unseen(usage, "output_tokens_details"):
            yield StreamEvent("reasoning", "", redacted=True)
        asked = {"input": request["input"], "instructions": request.get("instructions")}
        response._prompt_json = without_content(asked)


class Responses(SharedResponsesModel, KeyModel):
    """A sync model."""

    _chat_class = Chat

    def execute(
        self, prompt: Any, stream: bool, response: Any, conversation: Any = None, key: str | None = None
    ) -> Iterator[str | StreamEvent]:
        """Answer *prompt*."""
        chat = self._chat(prompt)
        if chat is not None:
            yield from chat.execute(prompt, stream, response, conversation, key)
            return
        request = self._request(prompt, stream)
        answer = ResponsesAnswer(self, response.add_tool_call)
        given = self.get_client(key).responses.create(**request)
        if stream:
            for event in given:
                yield from answer.feed(event)
            yield from answer.finish()
        else:
            yield from answer.take_whole(given)
        yield from self._end(response, request, answer)


class AsyncResponses(SharedResponsesModel, AsyncKeyModel):
    """An async model."""

    _chat_class = AsyncChat

    async def execute(
        self, prompt: Any, stream: bool, response: Any, conversation: Any = None, key: str | None = None
    ) -> AsyncGenerator[str | StreamEvent, None]:
        """Answer *prompt*."""
        chat = self._chat(prompt)
        if chat is not None:
            async for event in chat.execute(prompt, stream, response, conversation, key):
                yield event
            return
        request = self._request(prompt, stream)
        answer = ResponsesAnswer(self, response.add_tool_call)
        given = await self.get_client(key, async_=True).responses.create(**request)
        if stream:
            async for piece in given:
                for event in answer.feed(piece):
                    yield event
            for event in answer.finish():
                yield event
        else:
            for event in answer.take_whole(given):
                yield event
        for event in self._end(response, request, answer):
            yield event
