"""One prompt to a model of the real ``llm``, streamed as it comes: the counterpart of `adapters.models`.

Releases differ in what a prompt and a response take; each gets what it knows, as far back as ``llm`` 0.13.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from innkeeper_protocol.errors import CallFailed, ErrorCode
from innkeeper_protocol.payloads import models as wire

from innkeeper_sdk.adapters import models, prompts
from innkeeper_sdk.adapters.content import (
    Outgoing,
    TakeBlob,
    messages_in,
    messages_out,
    tool_call_in,
    tool_call_out,
)
from innkeeper_sdk.adapters.json_values import json_map, json_value
from innkeeper_sdk.adapters.recorder import event_out
from innkeeper_sdk.api.keys import note_key
from innkeeper_sdk.api_in_use import api

if TYPE_CHECKING:
    from innkeeper_protocol.peer import IncomingCall

    from innkeeper_sdk.event_loop import EventLoop


def prompt(
    model: Any, params: wire.PromptParams, call: IncomingCall, loop: Callable[[], EventLoop]
) -> wire.PromptResult:
    """Put a prompt to *model* and stream what it yields. Raises as `adapters.models.prompt`."""
    note_key(params.key)
    response = _response(model, params, lambda number: bytes(call.peer.take_blob(number)))
    is_async = _is_async(model)
    chunks: Any = loop().iterate(_async_chunks(response), call) if is_async else _chunks(response)
    try:
        call.send_items(_items(chunks))
    finally:
        models.close(chunks)
    return _result(response, Outgoing(call.peer.send_blob))


def _is_async(model: Any) -> bool:
    known = api()
    return isinstance(model, (known.AsyncModel, known.AsyncKeyModel))


def _chunks(response: Any) -> Iterator[Any]:
    yield from response.stream_events() if hasattr(response, "stream_events") else response


async def _async_chunks(response: Any) -> AsyncIterator[Any]:
    async for chunk in response.astream_events() if hasattr(response, "astream_events") else response:
        yield chunk


def _items(chunks: Iterable[Any]) -> Iterator[str | wire.ModelEvent]:
    """Yield stream items: text as it is, until there is something else; from then on each says where it belongs."""
    is_plain = True
    for chunk in chunks:
        if isinstance(chunk, str):
            yield chunk
            continue
        is_plain = is_plain and chunk.type == "text" and not chunk.provider_metadata and not chunk.message_index
        yield chunk.chunk if is_plain else event_out(chunk)


def _response(model: Any, params: wire.PromptParams, take_blob: TakeBlob) -> Any:
    """Build the response that *model* is to fill, with its prompt and its conversation."""
    known = api()
    options = prompts.validated_options(model, params.prompt.options)
    is_async = _is_async(model)
    conversation = _conversation(model, params.conversation, take_blob, is_async=is_async)
    before = conversation.responses[-1] if conversation is not None and conversation.responses else None
    prompt = _prompt(model, params.prompt, options, take_blob, before)
    make = known.AsyncResponse if is_async else known.Response
    try:
        if prompt.attachments:
            model._validate_attachments(prompt.attachments)
        stream = params.stream and bool(model.can_stream)
        return _made(make, prompt, model, stream, conversation=conversation, key=params.key)
    except ValueError as error:
        raise CallFailed(ErrorCode.UNSUPPORTED, str(error)) from error


def _conversation(model: Any, payload: wire.Conversation | None, take_blob: TakeBlob, *, is_async: bool) -> Any:
    if payload is None:
        return None
    known = api()
    conversation = (known.AsyncConversation if is_async else known.Conversation)(
        model=model, id=payload.id, name=payload.name
    )
    make = known.AsyncResponse if is_async else known.Response
    for exchange in payload.exchanges:
        before = conversation.responses[-1] if conversation.responses else None
        prompt = _prompt(model, _of_the_past(model, exchange.prompt), _past_options(model, exchange), take_blob, before)
        response = _made(make, prompt, model, False, conversation=conversation)
        text = exchange.text or prompts.text_of(exchange.messages)
        response._chunks = [text] if text else []
        response._tool_calls = [tool_call_in(one) for one in exchange.tool_calls]
        response.response_json = exchange.response_json
        response.attachments = list(prompt.attachments)
        if exchange.messages and known.has_parts:
            response._loaded_messages = messages_in(exchange.messages, take_blob)
        if exchange.id is not None:
            response.id = exchange.id
        response._done = True
        conversation.responses.append(response)
    return conversation


def _of_the_past(model: Any, payload: wire.Prompt) -> wire.Prompt:
    """Return an earlier turn without what *model*, which may be another than answered it, would refuse."""
    import msgspec

    supports_tools = getattr(model, "supports_tools", False)
    tools = tuple(tool for tool in payload.tools if tool.server_side is None) if supports_tools else ()
    schema = payload.schema if getattr(model, "supports_schema", False) else None
    return msgspec.structs.replace(payload, tools=tools, schema=schema)


def _past_options(model: Any, exchange: wire.Exchange) -> Any:
    try:
        return model.Options(**exchange.prompt.options)
    except ValueError:
        return model.Options()


def _prompt(model: Any, payload: wire.Prompt, options: Any, take_blob: TakeBlob, before: Any) -> Any:
    """Build a prompt; *before* is the response it follows, for a payload that does not bring the whole chain."""
    prompt = _made(
        api().Prompt,
        payload.text,
        model,
        messages=messages_in(payload.messages, take_blob) if payload.messages and api().has_parts else None,
        **prompts.prompt_arguments(model, payload, options, take_blob),
    )
    if before is not None and not payload.messages and hasattr(prompt, "_explicit_messages"):
        own = [message for message in prompt.messages if message.role != "system"]
        prompt._explicit_messages = [*before.prompt.messages, *before._messages_now(), *own]
    return prompt


def _made(make: Any, *positional: Any, **named: Any) -> Any:
    """Call *make* with those of the *named* arguments that it takes."""
    takes = inspect.signature(make).parameters
    return make(*positional, **{name: value for name, value in named.items() if name in takes})


def _result(response: Any, outgoing: Outgoing) -> wire.PromptResult:
    """Build what is known once the stream has ended."""
    usage = wire.Usage(
        input=getattr(response, "input_tokens", None),
        output=getattr(response, "output_tokens", None),
        details=json_map(getattr(response, "token_details", None)),
    )
    whole = hasattr(response, "_messages_now") and sum(map(len, response._chunks)) <= models.RESTATED_LETTERS
    return wire.PromptResult(
        messages=messages_out(response._messages_now(), outgoing) if whole else (),
        tool_calls=tuple(map(tool_call_out, getattr(response, "_tool_calls", ()))),
        usage=None if usage == wire.Usage() else usage,
        resolved_model=getattr(response, "resolved_model", None),
        response_json=json_value(response.response_json),
        prompt_json=json_value(response._prompt_json),
    )
