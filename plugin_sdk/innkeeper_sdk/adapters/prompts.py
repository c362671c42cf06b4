"""A prompt as the wire carries it, made into what a model's ``execute`` gets: prompt, response, conversation.

Earlier turns are filled in twice over, as ``prompt.messages`` and as ``conversation.responses``: plugins read either.
"""

from __future__ import annotations

from typing import Any

from innkeeper_protocol.errors import CallFailed, ErrorCode
from innkeeper_protocol.payloads import content
from innkeeper_protocol.payloads import models as wire

from innkeeper_sdk.api.conversation import AsyncConversation, Conversation
from innkeeper_sdk.api.message_chain import system_message, tool_turn, turn
from innkeeper_sdk.api.models import AsyncModelBase
from innkeeper_sdk.api.prompt import Prompt
from innkeeper_sdk.api.response import AsyncResponse, Response
from innkeeper_sdk.api_in_use import api, is_real

from .content import TakeBlob, attachment_in, messages_in, tool_call_in, tool_result_in

AUTHORS_WORDS_FOLLOW = ("Value error, ", "Assertion failed, ")
"""What pydantic puts before the text of an exception that a model's own validator raised."""


def is_async(model: Any) -> bool:
    """Tell whether *model* runs on the event loop."""
    return isinstance(model, AsyncModelBase)


def new_response(model: Any, params: wire.PromptParams, take_blob: TakeBlob) -> Any:
    """Build the response that *model* is to fill, with its prompt and its conversation.

    Everything is checked here, before any of the model's code for prompts runs. Raises CallFailed: OPTIONS_INVALID
    with a list of ``{"option", "message"}``, or UNSUPPORTED in the words users of ``llm`` know.
    """
    options = validated_options(model, params.prompt.options)
    conversation, chain = _conversation(model, params.conversation, take_blob)
    prompt = _prompt(model, params.prompt, options, take_blob)
    if chain and not params.prompt.messages:
        prompt._explicit_messages = _messages_after(chain, prompt)
    response_class = AsyncResponse if is_async(model) else Response
    try:
        model._validate_attachments(prompt.attachments)
        stream = params.stream and bool(model.can_stream)
        return response_class(prompt, model, stream, conversation=conversation, key=params.key)
    except ValueError as error:
        raise CallFailed(ErrorCode.UNSUPPORTED, str(error)) from error


def validated_options(model: Any, options: dict[str, Any]) -> Any:
    """Return the model's own options object. Raises CallFailed with one entry for each option that it refused."""
    try:
        return model.Options(**options) if options or is_real() else model._no_options_given()
    except ValueError as error:  # pydantic's ValidationError is one; pydantic itself may not be there to name it
        errors = getattr(error, "errors", None)
        if not callable(errors):
            problems = [{"option": "", "message": str(error)}]
        else:
            problems = [_option_problem(entry) for entry in errors()]
    text = "; ".join(
        f"{entry['option']}: {entry['message']}" if entry["option"] else entry["message"] for entry in problems
    )
    raise CallFailed(ErrorCode.OPTIONS_INVALID, text, problems)


def _option_problem(entry: dict[str, Any]) -> dict[str, str]:
    message = str(entry["msg"])
    for words in AUTHORS_WORDS_FOLLOW:
        message = message.removeprefix(words)
    return {"option": ".".join(map(str, entry["loc"])), "message": message}


def _prompt(model: Any, payload: wire.Prompt, options: Any, take_blob: TakeBlob) -> Prompt:
    """Build a prompt. Fragments stand in the payload's texts already, so they are not passed on a second time."""
    return Prompt(
        payload.text,
        model,
        messages=messages_in(payload.messages, take_blob) if payload.messages else None,
        **prompt_arguments(model, payload, options, take_blob),
    )


def prompt_arguments(model: Any, payload: wire.Prompt, options: Any, take_blob: TakeBlob) -> dict[str, Any]:
    """Return what any release's `Prompt` takes of *payload* by name, but for the chain of messages."""
    return {
        "attachments": [attachment_in(attachment, take_blob) for attachment in payload.attachments],
        "system": payload.system,
        "options": options,
        "schema": payload.schema,
        "tools": [tool_in(model, tool) for tool in payload.tools],
        "tool_results": [tool_result_in(result, take_blob) for result in payload.tool_results],
        "hide_reasoning": payload.hide_reasoning,
    }


def _messages_after(chain: list[Any], prompt: Prompt) -> list[Any]:
    """Return what *prompt* sends: *chain*, which was said before, and what it adds.

    A system prompt opens a conversation, and is not said again. What tools gave in a chain stands in one message, the
    files among it in another, as the user's.
    """
    if prompt.tool_results and not prompt.prompt:
        own = tool_turn(prompt.tool_results)
    else:
        own = turn(prompt.prompt, None, prompt.attachments, prompt.tool_results)
    return [*(chain or system_message(prompt.system)), *own]


def tool_in(model: Any, payload: wire.ToolDefinition) -> Any:
    """Build a tool that the model may ask for, or one of its provider's. Raises CallFailed for one it does not have."""
    if payload.server_side is None:
        from .tool_stand_in import stand_in

        return api().Tool(
            name=payload.name,
            description=payload.description,
            input_schema=dict(payload.input_schema),
            implementation=stand_in(payload),
            plugin=payload.plugin,
        )
    wanted = payload.server_side
    for tool in model.supported_server_side_tools:
        if wanted.name in (tool.__name__, tool.name):
            return tool(**wanted.spec)
    raise CallFailed(
        ErrorCode.UNSUPPORTED, f"Model '{model.model_id}' does not support server-side tool '{wanted.name}'"
    )


def _conversation(model: Any, payload: wire.Conversation | None, take_blob: TakeBlob) -> tuple[Any, list[Any]]:
    """Build the conversation, and the whole chain of messages that were said in it."""
    if payload is None:
        return None, []
    conversation_class: Any = AsyncConversation if is_async(model) else Conversation
    conversation = conversation_class(model=model, id=payload.id, name=payload.name)
    chain: list[Any] = []
    for exchange in payload.exchanges:
        response = _past_response(model, exchange, conversation, chain, take_blob)
        conversation.responses.append(response)
        chain = [*response.prompt.messages, *response._messages_now()]
    return conversation, chain


def _past_response(
    model: Any, exchange: wire.Exchange, conversation: Any, chain: list[Any], take_blob: TakeBlob
) -> Any:
    """Build the finished response of an earlier turn.

    *chain* is what was said before it; it is what the turn's own prompt began with, where the payload does not say.
    """
    try:
        given = exchange.prompt.options
        options = model.Options(**given) if given else model._no_options_given()
    except ValueError:  # another model answered that turn, or this one was upgraded since
        options = model._no_options_given()
    payload = exchange.prompt
    prompt = Prompt(
        payload.text,
        model,
        attachments=[attachment_in(attachment, take_blob) for attachment in payload.attachments],
        system=payload.system,
        options=options,
        schema=payload.schema if model.supports_schema else None,
        tools=[tool_in(model, tool) for tool in payload.tools if tool.server_side is None]
        if model.supports_tools
        else [],
        tool_results=[tool_result_in(result, take_blob) for result in payload.tool_results],
    )
    own = messages_in(payload.messages, take_blob) if payload.messages else _messages_after(chain, prompt)
    prompt._explicit_messages = own
    response_class: Any = AsyncResponse if is_async(model) else Response
    response = response_class(prompt, model, False, conversation=conversation)
    text = exchange.text or text_of(exchange.messages)
    response._chunks = [text] if text else []
    response._tool_calls = [tool_call_in(call) for call in exchange.tool_calls]
    response.response_json = exchange.response_json
    response.attachments = list(prompt.attachments)
    if exchange.messages:
        response._loaded_messages = messages_in(exchange.messages, take_blob)
    if exchange.id is not None:
        response.id = exchange.id
    response._done = True
    return response


def text_of(messages: tuple[content.Message, ...]) -> str:
    """Return an answer's text, which is not sent a second time beside its messages."""
    return "".join(part.text for message in messages for part in message.parts if part.type == "text")
