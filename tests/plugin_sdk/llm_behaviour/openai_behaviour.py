"""Prompts models behind a server that speaks OpenAI's API, and prints what came of it; run like ``behaviour.py``."""

import asyncio
import json
import sys
import urllib.request

import llm
from llm.default_plugins.openai_models import (
    AsyncChat,
    AsyncResponses,
    Chat,
    CodeInterpreter,
    Completion,
    OpenAIEmbeddingModel,
    Responses,
    WebSearch,
)
from llm.utils import remove_dict_none_values
from pydantic import Field

ADDRESS = sys.argv[1]
QUESTIONS = {}

ABILITIES = {"supports_tools": True, "supports_schema": True, "vision": True}
PICTURE = llm.Attachment(type="image/png", content=b"\x89PNG\r\n\x1a\n")
LINKED = llm.Attachment(type="image/jpeg", url="https://example.com/a.jpg")
DOCUMENT = llm.Attachment(type="application/pdf", content=b"%PDF-1.4")
SOUND = llm.Attachment(type="audio/wav", content=b"RIFF")
SPEECH = llm.Attachment(type="audio/mpeg", content=b"ID3")


def question(function):
    QUESTIONS[function.__name__] = function
    return function


def model_of(kind, name, **settings):
    return kind(name, api_base=ADDRESS, key="sk-secret-key", **settings)


def outcome(response, text=None):
    """Return everything that is known of an answer."""
    text = response.text() if text is None else text
    usage = response.usage()
    return {
        "text": text,
        "events": [
            [event.type, event.chunk, event.tool_call_id, event.redacted, event.message_index]
            for event in response.stream_events()
            if event.chunk or event.redacted
        ],
        "calls": [[call.name, call.arguments, call.tool_call_id] for call in response.tool_calls()],
        "usage": [usage.input, usage.output, remove_dict_none_values(usage.details)],
        "json": response.response_json,
        "messages": [message.to_dict() for message in response.messages()],
    }


def add(a: int, b: int) -> int:
    "Add two numbers"
    return a + b


def now() -> str:
    return "noon"


def both_ways(kind, name, *arguments, settings=None, **named):
    return [
        outcome(model_of(kind, name, **(settings or {})).prompt(*arguments, stream=stream, **named))
        for stream in (True, False)
    ]


def chained(kind, name, **named):
    chain = model_of(kind, name, **ABILITIES, **named).chain("go", tools=[add, now])
    return [chain.text(), [outcome(response) for response in chain._responses]]


@question
def chat():
    return both_ways(Chat, "text", "hi", system="be kind")


@question
def chat_with_another_name_and_headers():
    model = Chat("mine", model_name="text", api_base=ADDRESS, headers={"X-Test": "1"})
    model.needs_key = None
    return outcome(model.prompt("hi"))


@question
def chat_options():
    options = {
        "temperature": 0.5, "max_tokens": 10, "top_p": 0.9, "frequency_penalty": 1, "presence_penalty": -1,
        "stop": "END", "logit_bias": '{"12": -100, "13": 5}', "seed": 3, "json_object": True,
    }  # fmt: skip
    return both_ways(Chat, "text", "as JSON", **options)


@question
def chat_schema():
    schema = {"type": "object", "properties": {"name": {"type": "string"}}}
    return both_ways(Chat, "text", "a dog", schema=schema, settings=ABILITIES)


@question
def chat_reasoning():
    settings = {"reasoning": True, "verbosity": True, "service_tier": True}
    options = {"reasoning_effort": "low", "verbosity": "high", "service_tier": "flex"}
    return both_ways(Chat, "reasoned", "6 x 7", settings=settings, **options)


@question
def chat_attachments():
    settings = {"vision": True, "audio": True, "image_detail_original": True}
    files = [PICTURE, LINKED, DOCUMENT, SOUND, SPEECH]
    return [
        outcome(model_of(Chat, "text", **settings).prompt("look", attachments=files, image_detail="original")),
        outcome(model_of(Chat, "text", **settings).prompt("", attachments=[PICTURE])),
    ]


@question
def chat_tools():
    return chained(Chat, "calls")


@question
def chat_tools_at_once():
    return [outcome(model_of(Chat, "calls", **ABILITIES, can_stream=False).prompt("go", tools=[add, now]))]


@question
def chat_conversation():
    conversation = model_of(Chat, "text").conversation()
    first = conversation.prompt("one", system="be kind")
    first.text()
    second = conversation.prompt("two", system="be kind")
    second.text()
    third = conversation.prompt("three", system="be brief")
    return outcome(third)


@question
def chat_messages():
    from llm.parts import ReasoningPart, TextPart, ToolCallPart, ToolResultPart

    messages = [
        llm.system("first"),
        llm.user("look", PICTURE),
        llm.assistant(ReasoningPart(text="hm"), TextPart("I see"), ToolCallPart("add", {"a": 1}, "c1")),
        llm.tool_message(ToolResultPart(name="add", output="1", tool_call_id="c1")),
        llm.assistant(ToolCallPart("add", {"a": 2}, "c2")),
        llm.tool_message(ToolResultPart(name="add", output="2", tool_call_id="c2")),
        llm.system("first"),
        llm.user(),
        llm.system("second"),
        llm.assistant(),
        llm.user("last"),
    ]
    return outcome(model_of(Chat, "text", **ABILITIES).prompt(messages=messages))


@question
def chat_subclass():
    class Mine(Chat):
        needs_key = "mine"
        default_max_tokens = 77

        class Options(Chat.Options):
            provider: str | None = Field(default=None, description="x")

        def __str__(self):
            return f"Mine: {self.model_id}"

        def build_kwargs(self, prompt, stream):
            kwargs = super().build_kwargs(prompt, stream)
            provider = kwargs.pop("provider", None)
            if provider:
                kwargs["extra_body"] = {"provider": {"order": [provider]}}
                kwargs["extra_headers"] = {"X-Test-More": "2"}
            return kwargs

    return [str(model_of(Mine, "text")), outcome(model_of(Mine, "text").prompt("hi", provider="p"))]


@question
def options_of_subclasses():
    class Own(Chat):
        class Options(Chat.Options):
            provider: str | None = Field(default=None, description="x")

    class Bare(Chat):
        model_id = "bare"

        def __init__(self):
            """Make nothing of the base class's."""

    class Same(Chat):
        pass

    return [
        sorted(kind.model_fields)
        for kind in (
            Own("m").Options,
            Own("m", reasoning=True).Options,
            Bare().Options,
            Same("m", verbosity=True).Options,
        )
    ] + [sorted(Own.Options.model_fields), sorted(Same.Options.model_fields), sorted(Completion.Options.model_fields)]


@question
def chat_client_by_hand():
    client = model_of(Chat, "text").get_client("sk-other-key-that-is-long-enough")
    whole = client.chat.completions.create(model="text", messages=[{"role": "user", "content": "hi"}])
    pieces = client.chat.completions.create(model="text", messages=[], stream=True)
    return [
        whole.choices[0].message.content,
        whole.usage.prompt_tokens,
        whole.model_dump()["id"],
        [piece.choices[0].delta.content for piece in pieces if piece.choices],
        [model.id for model in client.models.list()],
    ]


@question
def models_with_a_client_of_the_openai_package():
    import openai

    class Client:
        def get_client(self, key, *, async_=False):
            make = openai.AsyncOpenAI if async_ else openai.OpenAI
            return make(api_key="sk-its-own", base_url=ADDRESS, max_retries=0)

    class OwnChat(Client, Chat):
        pass

    class OwnAsyncChat(Client, AsyncChat):
        pass

    class OwnResponses(Client, Responses):
        pass

    class OwnAsyncResponses(Client, AsyncResponses):
        pass

    class OwnCompletion(Client, Completion):
        pass

    async def run():
        return [
            await async_outcome(kind(name, **ABILITIES).prompt("hi", tools=[add, now], stream=stream))
            for kind, name in ((OwnAsyncChat, "calls"), (OwnAsyncResponses, "asked"))
            for stream in (True, False)
        ]

    chats = [
        outcome(OwnChat(name, **ABILITIES).prompt("hi", stream=stream))
        for name in ("text", "calls", "reasoned")
        for stream in (True, False)
    ]
    answers = [
        outcome(OwnResponses(name, **ABILITIES).prompt("hi", tools=[WebSearch(), add], stream=stream))
        for name in ("said", "asked", "searched")
        for stream in (True, False)
    ]
    return [chats, answers, outcome(OwnCompletion("continued").prompt("on")), asyncio.run(run())]


@question
def chat_refuses_system_prompts():
    try:
        return outcome(model_of(Chat, "text", allows_system_prompt=False).prompt("hi", system="s"))
    except NotImplementedError as error:
        return str(error)


async def async_outcome(response):
    events = [event async for event in response.astream_events()]
    done = await response.to_sync_response()
    return [[event.type for event in events], outcome(done)]


@question
def chat_async():
    async def run():
        model = model_of(AsyncChat, "text", **ABILITIES)
        chain = model_of(AsyncChat, "calls", **ABILITIES).chain("go", tools=[add, now])
        return [
            await async_outcome(model.prompt("hi", system="be kind")),
            await async_outcome(model.prompt("hi", stream=False)),
            await chain.text(),
        ]

    return asyncio.run(run())


@question
def completions():
    settings = {"default_max_tokens": 256}
    conversation = model_of(Completion, "continued", **settings).conversation()
    conversation.prompt("on").text()
    conversation.prompt("and").text()
    return [
        [outcome(response) for response in conversation.responses],
        outcome(model_of(Completion, "continued", **settings).prompt("on", stream=False, logprobs=2)),
    ]


@question
def responses():
    return both_ways(Responses, "said", "hi", system="be kind", settings={"reasoning": True})


@question
def responses_without_reasoning():
    return both_ways(Responses, "said-plainly", "hi")


@question
def responses_options():
    settings = {"reasoning": True, "verbosity": True, "service_tier": True, "image_detail_original": True}
    options = {
        "temperature": 0.5, "max_tokens": 10, "top_p": 0.9,
        "json_object": True, "reasoning_effort": "high", "reasoning_summary": "detailed", "verbosity": "low",
        "service_tier": "flex", "image_detail": "high",
    }  # fmt: skip
    return [
        both_ways(Responses, "said", "as JSON", settings=settings, **options),
        outcome(model_of(Responses, "said", **settings).prompt("hi", hide_reasoning=True)),
        outcome(model_of(Responses, "said", **settings, reasoning_summary=False).prompt("hi")),
        outcome(model_of(Responses, "said", **settings, reasoning_summary=False).prompt("hi", reasoning_effort="low")),
    ]


@question
def responses_schema_and_attachments():
    schema = {"type": "object", "properties": {"name": {"type": "string"}}}
    model = model_of(Responses, "said", **ABILITIES)
    return [
        outcome(model.prompt("a dog", schema=schema)),
        outcome(model.prompt("look", attachments=[PICTURE, LINKED, DOCUMENT], image_detail="low")),
        outcome(model.prompt("", attachments=[PICTURE])),
    ]


@question
def responses_tools():
    """What the model thought goes back to it, sealed, with the results."""
    return chained(Responses, "asked", reasoning=True)


@question
def responses_conversation():
    conversation = model_of(Responses, "said", reasoning=True).conversation()
    conversation.prompt("one", system="be kind").text()
    return outcome(conversation.prompt("two"))


@question
def responses_server_side_tools():
    search = WebSearch(
        allowed_domains=["example.com"], user_location={"country": "IS"}, search_context_size="low",
        external_web_access=False, search_content_types=["text", "image"], image_settings={"max_results": 3},
        include_sources=True, include_results=True,
    )  # fmt: skip
    tools = [search, CodeInterpreter(memory_limit="4g", file_ids=["f"]), llm.ServerSideTool({"type": "raw"}), add]
    conversation = model_of(Responses, "searched", **ABILITIES).conversation()
    conversation.prompt("find", tools=tools).text()
    return [
        outcome(conversation.responses[0]),
        outcome(conversation.prompt("and?", tools=[CodeInterpreter(container="cntr_1")])),
        outcome(model_of(Responses, "searched", **ABILITIES).prompt("find", tools=[WebSearch()], stream=False)),
    ]


@question
def responses_subclass_has_a_say_in_items():
    class Mine(Responses):
        def _server_tool_events(self, item, message_index):
            events = super()._server_tool_events(item, message_index)
            for event in events[:1]:
                event.provider_metadata = {"mine": {"item": item.model_dump(exclude_none=True)["id"]}}
            return events

        def _refresh_server_tool_events(self, output, done_events):
            super()._refresh_server_tool_events(output, done_events)
            for events in done_events.values():
                events[0].chunk += "!"

        def _reasoning_event(self, item, *, include_text=True):
            event = super()._reasoning_event(item, include_text=include_text)
            event.provider_metadata["mine"] = True
            return event

    return [
        both_ways(Mine, "searched", "find", tools=[WebSearch()], settings=ABILITIES),
        both_ways(Mine, "said", "hi", settings={"reasoning": True}),
    ]


@question
def server_side_tools_refuse():
    def refuses(make):
        try:
            make()
        except (TypeError, ValueError) as error:
            return type(error).__name__
        return None

    return [
        refuses(lambda: WebSearch(allowed_domains="example.com")),
        refuses(lambda: WebSearch(allowed_domains=["https://example.com"])),
        refuses(lambda: WebSearch(allowed_domains=["a"] * 101)),
        refuses(lambda: WebSearch(blocked_domains=[""])),
        refuses(lambda: WebSearch(search_context_size="huge")),
        refuses(lambda: WebSearch(external_web_access="no")),
        refuses(lambda: WebSearch(return_token_budget="all")),
        refuses(lambda: WebSearch(search_content_types=["video"])),
        refuses(lambda: WebSearch(user_location={"type": "exact"})),
        refuses(lambda: WebSearch(image_settings={"max_results": 0})),
        refuses(lambda: WebSearch(image_settings={"max_results": True})),
        refuses(lambda: WebSearch(image_settings={"caption": "yes"})),
        refuses(lambda: WebSearch(include_sources=1)),
        refuses(lambda: CodeInterpreter(container=3)),
        refuses(lambda: CodeInterpreter(memory_limit="2g")),
        refuses(lambda: CodeInterpreter(container="c", memory_limit="1g")),
        refuses(lambda: CodeInterpreter(container="c", file_ids=[])),
    ]


@question
def responses_as_chat():
    settings = {**ABILITIES, "reasoning": True, "verbosity": True}
    options = {"chat_completions": True, "reasoning_effort": "low", "reasoning_summary": "auto"}
    return both_ways(Responses, "text", "hi", settings=settings, **options)


@question
def responses_async():
    async def run():
        model = model_of(AsyncResponses, "said", reasoning=True)
        chain = model_of(AsyncResponses, "asked", **ABILITIES, reasoning=True).chain("go", tools=[add, now])
        as_chat = model_of(AsyncResponses, "text").prompt("hi", chat_completions=True)
        return [
            await async_outcome(model.prompt("hi", system="be kind")),
            await async_outcome(model.prompt("hi", stream=False)),
            await chain.text(),
            await async_outcome(as_chat),
        ]

    return asyncio.run(run())


@question
def options_classes():
    models = [
        Chat("m"),
        Chat("m", reasoning=True),
        Chat("m", verbosity=True, image_detail_original=True, service_tier=True),
        Responses("m"),
        Responses("m", reasoning=True, verbosity=True, image_detail_original=True, service_tier=True),
        Completion("m"),
    ]

    def without_words(schema):
        if isinstance(schema, dict):
            return {
                name: without_words(value) for name, value in schema.items() if name not in ("description", "title")
            }
        return [without_words(value) for value in schema] if isinstance(schema, list) else schema

    return [
        [str(model), sorted(model.attachment_types), without_words(model.Options.model_json_schema())]
        for model in models
    ] + [sorted(Chat("m", vision=True, audio=True).attachment_types)]


@question
def embeddings():
    import os

    os.environ["OPENAI_BASE_URL"] = ADDRESS
    os.environ["OPENAI_API_KEY"] = "sk-of-the-environment"
    return [
        list(OpenAIEmbeddingModel("e", "embeds").embed_multi(["a", "b"])),
        list(OpenAIEmbeddingModel("e", "embeds", 2).embed_multi(["a", "b"], key="sk-secret-key-of-the-person")),
    ]


def answer(function):
    try:
        return json.loads(json.dumps(function()))
    except Exception as error:  # noqa: BLE001  # which one it is, is the answer
        return f"{type(error).__name__}: {error}"


answers = {}
for name, function in QUESTIONS.items():
    urllib.request.urlopen(f"{ADDRESS}/question/{name}").read()
    answers[name] = answer(function)
print(json.dumps(answers))
