"""Models behind the chat completions API."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from typing import Any

from innkeeper_sdk.api.models import AsyncKeyModel, KeyModel
from innkeeper_sdk.api.parts import StreamEvent
from innkeeper_sdk.api.tables import remove_dict_none_values

from .attachments import without_content
from .chat_answer import ChatAnswer, reasoned_unseen, whole_answer
from .shared import SharedModel


class _ChatModel(SharedModel):
    """What the sync and the async model share: a request made, and an answer taken in."""

    @classmethod
    def _options_of_class(cls) -> Any:
        from .options import build_options_class

        return build_options_class()

    def _request(self, prompt: Any, conversation: Any, stream: bool) -> dict[str, Any]:
        """Return everything that is sent."""
        self.check_system_prompt(prompt)
        detail = getattr(prompt.options, "image_detail", None)
        messages = self.build_messages(prompt, conversation, image_detail=detail)
        fields = self.build_kwargs(prompt, stream)
        return {"model": self.name_at_server, "messages": messages, "stream": stream, **fields}

    def _end(self, response: Any, request: dict[str, Any], usage: dict[str, Any] | None) -> Iterator[StreamEvent]:
        """Take note of what is known at the end."""
        unseen = reasoned_unseen(usage, "completion_tokens_details")
        self.set_usage(response, usage)
        if unseen:
            yield StreamEvent("reasoning", "", redacted=True)
        response._prompt_json = without_content({"messages": request["messages"]})

    def _end_of_stream(self, response: Any, request: dict[str, Any], answer: ChatAnswer) -> Iterator[StreamEvent]:
        response.response_json = remove_dict_none_values(answer.combined.as_dict())
        for call in answer.tool_calls():
            response.add_tool_call(call)
        yield from self._end(response, request, answer.combined.usage)

    def _take_whole(self, response: Any, request: dict[str, Any], completion: Any) -> Iterator[StreamEvent]:
        written = completion.model_dump()
        response.response_json = remove_dict_none_values(written)
        yield from whole_answer(completion, response)
        yield from self._end(response, request, written.get("usage"))


class Chat(_ChatModel, KeyModel):
    """A sync model."""

    def execute(
        self, prompt: Any, stream: bool, response: Any, conversation: Any = None, key: str | None = None
    ) -> Iterator[str | StreamEvent]:
        """Answer *prompt*."""
        request = self._request(prompt, conversation, stream)
        completion = self.get_client(key).chat.completions.create(**request)
        if not stream:
            yield from self._take_whole(response, request, completion)
            return
        answer = ChatAnswer()
        for chunk in completion:
            yield from answer.feed(chunk)
        yield from self._end_of_stream(response, request, answer)


class AsyncChat(_ChatModel, AsyncKeyModel):
    """An async model."""

    async def execute(
        self, prompt: Any, stream: bool, response: Any, conversation: Any = None, key: str | None = None
    ) -> AsyncGenerator[str | StreamEvent, None]:
        """Answer *prompt*."""
        request = self._request(prompt, conversation, stream)
        completion = await self.get_client(key, async_=True).chat.completions.create(**request)
        if not stream:
            for event in self._take_whole(response, request, completion):
                yield event
            return
        answer = ChatAnswer()
        async for chunk in completion:
            for event in answer.feed(chunk):
                yield event
        for event in self._end_of_stream(response, request, answer):
            yield event
