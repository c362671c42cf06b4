"""Does what plugins do with ``llm`` and prints what came of it, in whichever environment it is run.

Each function is one question; its answer is JSON. Run by test_same_behaviour_as_llm, which compares the answers.
"""

import asyncio
import json
import os
import sqlite3
import sys
from typing import Literal, Optional

import llm
import pydantic
from llm.parts import AttachmentPart, ReasoningPart, StreamEvent, TextPart, ToolCallPart, ToolResultPart
from llm.utils import (
    dicts_to_table_string,
    extract_fenced_code_block,
    find_unused_key,
    has_plugin_prefix,
    instantiate_from_spec,
    make_schema_id,
    maybe_fenced_code,
    mimetype_from_string,
    multi_schema,
    output_rows_as_json,
    remove_dict_none_values,
    schema_dsl,
    schema_summary,
    simplify_usage_dict,
    token_usage_string,
    truncate_string,
)

QUESTIONS = {}


def question(function):
    QUESTIONS[function.__name__] = function
    return function


def outcome(call, *arguments, **named):
    """Return what a call returns, or the name of what it raises."""
    try:
        return call(*arguments, **named)
    except Exception as error:  # noqa: BLE001  # which one it is, is the answer
        bases = [base.__name__ for base in type(error).__mro__]
        return "raises " + next(name for name in ("ValueError", "TypeError", "KeyError", "Exception") if name in bases)


# Text


@question
def fenced_code_blocks():
    texts = [
        "none",
        "```\na\n```",
        "```python\nprint(1)\n```\nand\n```sh\nls\n```",
        "````md\n```py\ninner\n```\n````",
        "```py\nunclosed",
        "before\n```js\r\nlet a;\r\n```   \r\nafter",
        "```two words\nx\n```",
        "``` \nx\n```",
        "x ```\ny\n```\nz\n```\n",
        "```\n\n```",
        "```a\n```b\nc\n```",
        "",
    ]
    return [[extract_fenced_code_block(text), extract_fenced_code_block(text, last=True)] for text in texts]


@question
def truncated_strings():
    texts = ["", "short", "word " * 40, "a\n\nb\t c  d", "x" * 100, "y" * 101]
    limits = [3, 8, 9, 10, 50, 100]
    return [
        truncate_string(text, limit, normalize_whitespace=spaces, keep_end=end)
        for text in texts
        for limit in limits
        for spaces in (False, True)
        for end in (False, True)
    ]


@question
def fences_round_code():
    return [
        maybe_fenced_code(text)
        for text in ("plain", "<a>" * 11, "a\nb\nc\nd\n", "a\nb\nc", "```\na\nb\nc\nd```", ("x" * 130 + "\n") * 5)
    ]


@question
def tables():
    rows = [{"id": "a", "note": "long enough"}, {"id": "bb"}, {"id": 3, "other": 1}]
    return [dicts_to_table_string(["id", "note"], rows), dicts_to_table_string(["one"], [])]


@question
def rows_as_json():
    rows = [{"a": 1, "b": '{"c": 2}'}, {"a": "x", "b": "[]"}]
    return [
        "\n".join(output_rows_as_json([dict(row) for row in chosen], nl=nl, compact=compact, json_cols=columns))
        for chosen in (rows, rows[:1], [])
        for nl, compact in ((False, False), (True, False), (False, True))
        for columns in ((), ("b",))
    ]


@question
def emptied_dicts():
    values = [
        {"a": None, "b": {"c": None}, "d": [None, {"e": None, "f": 1}], "g": 0, "h": {}, "i": "", "j": []},
        [1],
        None,
        {},
    ]
    usages = [{"a": 0, "b": {"c": 0, "d": 1}, "e": None, "f": {}}, {"x": {"y": {"z": 0}}}, {}]
    return [[remove_dict_none_values(value) for value in values], [simplify_usage_dict(usage) for usage in usages]]


@question
def usage_in_one_line():
    return [token_usage_string(*values) for values in ((None, None, None), (1, None, None), (12345, 6, {"a": 1}))]


@question
def small_helpers():
    return [
        find_unused_key({"id": 1, "id_": 2}, "id"),
        [has_plugin_prefix(text) for text in ("a:b", "a-b_1:", ":x", "a b:c", "https://x")],
        mimetype_from_string(b"\x89PNG\r\n\x1a\n" + bytes(20)),
    ]


# Schemas and specifications


@question
def concise_schemas():
    texts = [
        "name, age int, bio",
        "name: the full name, age int: in years",
        "name\nage int\nweight float: in kg, or so\nalive bool",
        "name str",
        "",
        "name,",
        "name wrong",
        ": no name",
        "a, a",
        "a int extra",
    ]
    return [[outcome(schema_dsl, text), outcome(schema_dsl, text, multi=True)] for text in texts]


@question
def schema_summaries():
    schemas = [
        {},
        {
            "type": "object",
            "properties": {"a": {"type": "string"}, "b": {"type": "array", "items": {"type": "object"}}},
        },
        {"type": "array", "items": {"type": "object", "properties": {"x": {"type": "integer"}}}},
        {"type": "object", "properties": {"o": {"type": "object", "properties": {"p": {}}}}},
        {"type": "string"},
        multi_schema({"type": "object", "properties": {"a": {}}}),
    ]
    return [[schema_summary(schema), make_schema_id(schema)] for schema in schemas]


class Pair:
    def __init__(self, one=None, two=None):
        self.values = [one, two]


@question
def specifications():
    texts = [
        "Pair",
        " Pair ",
        "Pair()",
        'Pair("x")',
        "Pair(1)",
        "Pair([1, 2])",
        "Pair(true)",
        'Pair({"one": 1, "two": "b"})',
        'Pair(one=1, two="b, c")',
        'Pair(one={"a": [1, 2]}, two=null)',
        "Pair(one=1,)",
        "Pair(three=1)",
        "Other",
        "Pair(",
        "Pair(x)",
        "Pair(one=x)",
        "1Pair",
    ]
    return [outcome(lambda text=text: instantiate_from_spec({"Pair": Pair}, text).values) for text in texts]


# Messages


def every_part():
    attachment = llm.Attachment(type="image/png", content=b"png")
    return [
        TextPart(text="t", provider_metadata={"p": {"a": 1}}),
        ReasoningPart(text="r"),
        ReasoningPart(text="", redacted=True),
        ToolCallPart(name="n", arguments={"a": 1}, tool_call_id="c"),
        ToolCallPart(name="n", arguments={}, server_executed=True),
        ToolResultPart(name="n", output="o", tool_call_id="c", attachments=[attachment], exception="ValueError: x"),
        AttachmentPart(attachment=attachment),
        AttachmentPart(attachment=llm.Attachment(url="https://example.com/a.png")),
    ]


@question
def parts_as_dicts():
    return [part.to_dict() for part in every_part()]


@question
def messages_there_and_back():
    messages = [
        llm.user("hi", llm.Attachment(type="image/png", content=b"png"), ["more", TextPart(text="text")]),
        llm.system("be kind", provider_metadata={"cache": True}),
        llm.assistant(*every_part()),
        llm.tool_message(ToolResultPart(name="n", output="o", tool_call_id="c")),
    ]
    written = [message.to_dict() for message in messages]
    back = [llm.Message.from_dict(message) for message in written]
    return [
        written,
        [message.to_dict() for message in back],
        [one == other for one, other in zip(messages, back, strict=True)],
    ]


@question
def what_a_message_refuses():
    return [outcome(lambda bad=bad: llm.user(bad).to_dict()) for bad in (3, None, {"a": 1})]


class Echo(llm.Model):
    model_id = "echo-here"
    can_stream = True
    supports_tools = True
    supports_schema = True
    attachment_types = frozenset(["image/png", "text/plain"])
    replies = ()

    class Options(llm.Options):
        warmth: Optional[int] = pydantic.Field(default=None, ge=0)  # noqa: UP045  # as plugins write it
        tone: str = "plain"

    def execute(self, prompt, stream, response, conversation):
        for reply in self.replies or (prompt.prompt,):
            if callable(reply):
                yield from reply(prompt, response)
            else:
                yield reply


class AsyncEcho(llm.AsyncModel):
    model_id = "echo-here"
    can_stream = True
    supports_tools = True

    async def execute(self, prompt, stream, response, conversation):
        yield prompt.prompt
        yield "!"


def shape(messages):
    return [message.to_dict() for message in messages]


@question
def messages_of_a_prompt():
    model = Echo()
    picture = llm.Attachment(type="image/png", content=b"png")
    result = llm.ToolResult(name="t", output="o", tool_call_id="c")
    prompts = [
        model.prompt("hi").prompt,
        model.prompt("hi", system="be kind", fragments=["f1", "f2"], system_fragments=["s1"]).prompt,
        model.prompt("hi", attachments=[picture]).prompt,
        model.prompt(None, tool_results=[result]).prompt,
        model.prompt("now", messages=[llm.user("before"), llm.assistant("then")]).prompt,
        model.prompt("", system="only").prompt,
        model.prompt("x", schema={"type": "object"}).prompt,
    ]
    return [[prompt.prompt, prompt.system, prompt.schema, shape(prompt.messages)] for prompt in prompts]


@question
def conversations_go_on():
    conversation = Echo().conversation()
    first = conversation.prompt("one", system="be kind", fragments=["f"])
    first.text()
    second = conversation.prompt("two", attachments=[llm.Attachment(type="image/png", content=b"png")])
    second.text()
    third = conversation.prompt("three")
    return [
        [response.text() for response in conversation.responses],
        shape(second.prompt.messages),
        shape(third.prompt.messages),
        len(conversation.responses),
    ]


@question
def replies_go_on():
    response = Echo().prompt("one", system="be kind")
    return [
        shape(response.reply("two").prompt.messages),
        shape(response.reply(messages=[llm.user("m")]).prompt.messages),
    ]


@question
def responses_there_and_back():
    model = Echo()
    model.replies = ("answer",)
    response = model.prompt("one", system="be kind", options={"warmth": 3})
    response.text()
    response.set_usage(input=1, output=2, details={"a": 1})
    written = response.to_dict()
    back = llm.Response.from_dict(written, model=model)
    known = {key: value for key, value in written.items() if key not in ("id", "datetime_utc")}
    return [known, back.text(), shape(back.messages()), shape(back.reply("two").prompt.messages)]


@question
def options_of_a_model():
    model = Echo()
    return [
        model.prompt("x", warmth=3).prompt.options.model_dump(),
        model.prompt("x", options={"tone": "warm"}).prompt.options.model_dump(),
        dict(model.prompt("x", warmth="4").prompt.options),
        outcome(lambda: model.prompt("x", warmth=-1)),
        outcome(lambda: model.prompt("x", unknown=1)),
        outcome(lambda: AsyncEcho().prompt("x", unknown=1)),
        model.Options.model_json_schema()["properties"],
        sorted(AsyncEcho().Options.model_json_schema()),
    ]


@question
def what_a_model_refuses():
    class Plain(llm.Model):
        model_id = "plain"

        def execute(self, prompt, stream, response, conversation):
            yield "x"

    class Single(Plain):
        supports_conversation = False

    picture = llm.Attachment(type="image/png", content=b"png")

    def message(call):
        try:
            call()
        except Exception as error:  # noqa: BLE001  # which one it is, is the answer
            return str(error)
        return None

    single = Single().conversation()
    single.prompt("one").text()
    return [
        message(lambda: Plain().prompt("x", attachments=[picture])),
        message(lambda: Plain().prompt("x", schema={"type": "object"})),
        message(lambda: Plain().prompt("x", tools=[lambda_tool()])),
        message(lambda: Echo().prompt("x", attachments=[llm.Attachment(type="video/mp4", content=b"x")]))[:58],
        outcome(lambda: single.prompt("two").text()),
    ]


def lambda_tool():
    return llm.Tool.function(lambda: 1, name="one")


# Streams


def streamed(*events):
    model = Echo()
    model.replies = events
    response = model.prompt("x")
    texts = list(response)
    return [
        texts,
        shape(response.messages()),
        [[event.type, event.chunk, event.part_index] for event in response.stream_events()],
    ]


@question
def events_become_parts():
    return [
        streamed("a", "b"),
        streamed(StreamEvent("reasoning", "r1"), StreamEvent("reasoning", "r2"), "t", StreamEvent("reasoning", "r3")),
        streamed(
            "t",
            StreamEvent("tool_call_name", "n", tool_call_id="1"),
            StreamEvent("tool_call_args", '{"a":', tool_call_id="1"),
            StreamEvent("tool_call_name", "m", tool_call_id="2"),
            StreamEvent("tool_call_args", "1}", tool_call_id="1"),
            StreamEvent("tool_call_args", "not json", tool_call_id="2"),
        ),
        streamed(
            StreamEvent("tool_call_name", "n"), StreamEvent("tool_call_args", "{}"), StreamEvent("tool_call_name", "m")
        ),
        streamed("t", StreamEvent("reasoning", "", redacted=True)),
        streamed(
            StreamEvent("tool_call_name", "s", tool_call_id="1", server_executed=True),
            StreamEvent("tool_call_args", "{}", tool_call_id="1", server_executed=True),
            StreamEvent("tool_result", "out", tool_call_id="1", server_executed=True, tool_name="s"),
            "after",
        ),
        streamed(
            StreamEvent("text", "a", part_index=0),
            StreamEvent("text", "b", part_index=1),
            StreamEvent("text", "c", part_index=0),
        ),
        streamed("a", StreamEvent("text", "b", message_index=1), StreamEvent("text", "c", message_index=1)),
        streamed(
            StreamEvent("text", "a", provider_metadata={"p": {"x": 1}}),
            StreamEvent("text", "b", provider_metadata={"p": {"y": 2}}),
        ),
        streamed(StreamEvent("text", "")),
    ]


@question
def mixed_parts_are_refused():
    return outcome(
        lambda: streamed(StreamEvent("text", "a", part_index=0), StreamEvent("reasoning", "b", part_index=0))
    )


@question
def a_response_says_what_it_knows():
    def reply(prompt, response):
        response.set_usage(input=1, output=2, details={"a": {"b": 0}})
        response.set_resolved_model("exact")
        response.response_json = {"id": 1}
        response.add_tool_call(llm.ToolCall(name="t", arguments={"a": 1}, tool_call_id="c"))
        yield "done"

    model = Echo()
    model.replies = (reply,)
    response = model.prompt("x")
    called = []
    response.on_done(lambda done: called.append(done.text()))
    text = response.text()
    usage = response.usage()
    return [
        text,
        [usage.input, usage.output, usage.details],
        response.token_usage(),
        response.resolved_model,
        response.json(),
        [[call.name, call.arguments, call.tool_call_id] for call in response.tool_calls()],
        called,
        str(response),
        repr(response),
        shape(response.messages()),
    ]


@question
def async_responses():
    async def run():
        response = AsyncEcho().prompt("hi", system="s")
        chunks = [chunk async for chunk in response]
        conversation = AsyncEcho().conversation()
        first = await conversation.prompt("one")
        second = conversation.prompt("two")
        await second
        return [
            chunks,
            await response.text(),
            shape(await response.messages()),
            await first.text(),
            shape(second.prompt.messages),
            (await response.to_sync_response()).text(),
            repr(AsyncEcho()),
        ]

    return asyncio.run(run())


# Tools


def plain(a: int, b: str = "x", *, c: Optional[float] = None) -> str:  # noqa: UP045  # as plugins write it
    """Does it."""
    return f"{a}{b}{c}"


def fancy(kind: Literal["a", "b"], many: list[int], table: dict[str, int], anything, either: "int | str" = 1):
    "Fancy"


class Point(pydantic.BaseModel):
    x: int
    y: int = 0


def with_model(point: Point) -> str:
    return str(point.x)


async def later(n: int) -> int:
    return n + 1


class Box(llm.Toolbox):
    """A box."""

    def __init__(self, start: int = 1, *names, label="l"):
        self.total = start

    def add(self, by: int) -> int:
        "Add"
        self.total += by
        return self.total

    def _hidden(self):
        pass


class Bare(llm.Toolbox):
    def prepare(self):
        self.add_tool(plain)
        self.add_tool(lambda_tool())
        self.add_tool(about, pass_self=True)


def about(toolbox, n: int) -> str:
    return f"{type(toolbox).__name__} {n}"


@question
def tools_of_functions():
    tools = [llm.Tool.function(function) for function in (plain, fancy, with_model, later)]
    tools.append(llm.Tool.function(plain, name="other", description="Said otherwise"))
    return [[tool.name, tool.description, tool.input_schema, tool.hash()] for tool in tools] + [
        outcome(lambda: llm.Tool.function(lambda: 1))
    ]


@question
def toolboxes():
    box = Box(5, "n", label="m")
    other = Box()
    bare = Bare()
    bare.prepare()
    return [
        [[tool.name, tool.description, tool.input_schema] for tool in box.tools()],
        [tool.name for tool in Box.method_tools()],
        [tool.implementation(by=2) for tool in box.tools()],
        other.total,
        box._config,
        other._config,
        [tool.name for tool in bare.tools()],
        [tool.input_schema for tool in bare.tools()],
        outcome(lambda: bare.add_tool(3)),
    ]


def asks_for(*calls):
    def reply(prompt, response):
        if prompt.tool_results:
            yield "got " + ", ".join(result.output for result in prompt.tool_results)
            return
        for call in calls:
            response.add_tool_call(call)
        yield "asking"

    model = Echo()
    model.replies = (reply,)
    return model


def call(name, arguments, call_id="c"):
    return llm.ToolCall(name=name, arguments=arguments, tool_call_id=call_id)


def raises(text: str):
    raise ValueError(text)


def gives(n: int):
    return llm.ToolOutput(output={"n": n}, attachments=[llm.Attachment(type="image/png", content=b"png")])


def sees(llm_tool_call):
    return llm_tool_call.tool_call_id


@question
def chains_run_tools():
    model = asks_for(
        call("plain", {"a": 1}, "1"),
        call("raises", {"text": "no"}, "2"),
        call("gives", {"n": 3}, "3"),
        call("missing", {}, "4"),
        call("Box_add", {"by": 2}, "5"),
        call("sees", {}, "6"),
        call("later", {"n": 1}, "7"),
        call("plain", {"wrong": 1}, "8"),
    )
    before, after = [], []
    chain = model.chain(
        "go",
        tools=[plain, raises, gives, sees, later, Box(10)],
        before_call=lambda tool, call: before.append([tool.name if tool else None, call.name]),
        after_call=lambda tool, call, result: after.append([call.name, result.output, type(result.exception).__name__]),
    )
    text = chain.text()
    last = list(chain._responses)[-1]
    return [
        text,
        before,
        after,
        [
            [result.name, result.output, result.tool_call_id, len(result.attachments)]
            for result in last.prompt.tool_results
        ],
        [message["role"] for message in shape(last.prompt.messages)],
        len(last.prompt.attachments),
    ]


@question
def chains_stop():
    def forever(prompt, response):
        response.add_tool_call(call("plain", {"a": 1}))
        yield "again"

    model = Echo()
    model.replies = (forever,)

    def cancels(tool, tool_call):
        raise llm.CancelToolCall("not now")

    cancelled = asks_for(call("plain", {"a": 1})).chain("go", tools=[plain], before_call=cancels)

    def pauses():
        raise llm.PauseChain("wait")

    def paused():
        try:
            asks_for(call("plain", {"a": 1}, "1"), call("pauses", {}, "2")).chain("go", tools=[plain, pauses]).text()
        except llm.PauseChain as pause:
            return [str(pause), pause.tool_call.name, [result.output for result in pause.tool_results]]

    return [
        outcome(lambda: model.conversation(chain_limit=3).chain("go", tools=[plain]).text()),
        cancelled.text(),
        paused(),
        outcome(lambda: asks_for(call("t", {})).chain("go", tools=[llm.Tool(name="t", input_schema={})]).text()),
    ]


@question
def tool_calls_by_hand():
    response = asks_for(call("plain", {"a": 1})).prompt("go", tools=[plain])
    results = response.execute_tool_calls()
    one = response.execute_tool_call(llm.ToolCall(name="plain", arguments={"a": 2}))
    return [
        [[result.name, result.output, result.tool_call_id] for result in results],
        [one.name, one.output],
        response.reply("and?").text(),
    ]


@question
def async_chains():
    class Asks(llm.AsyncModel):
        model_id = "asks"
        supports_tools = True
        can_stream = True

        async def execute(self, prompt, stream, response, conversation):
            if prompt.tool_results:
                yield "got " + ", ".join(result.output for result in prompt.tool_results)
                return
            response.add_tool_call(call("later", {"n": 1}, "1"))
            response.add_tool_call(call("plain", {"a": 1}, "2"))
            yield "asking"

    async def run():
        chain = Asks().chain("go", tools=[later, plain])
        return [chunk async for chunk in chain]

    return asyncio.run(run())


# Server-side tools


class Search(llm.ServerSideTool):
    """Searches."""

    name = "search"

    def __init__(self, depth=1):
        super().__init__()
        self.depth = depth

    def tool_spec(self, model):
        return {"type": "search", "depth": self.depth}


@question
def server_side_tools():
    class Knows(Echo):
        @property
        def supported_server_side_tools(self):
            return (Search, llm.ServerSideTool)

    raw = llm.ServerSideTool({"type": "raw"})
    prompt = Knows().prompt("x", tools=[Search(depth=2), raw, plain]).prompt
    return [
        [[tool.name, type(tool).__name__] for tool in prompt.tools],
        prompt.tools[0].description,
        prompt.tools[0].tool_spec(None),
        raw.tool_spec(None),
        prompt.tools[0].hash(),
        outcome(lambda: Echo().prompt("x", tools=[Search()])),
    ]


# Attachments, fragments, templates


@question
def attachments():
    path = os.path.join(os.environ["WORK"], "note.txt")
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + bytes(20))
    given = [
        llm.Attachment(type="image/png", content=b"png"),
        llm.Attachment(path=path),
        llm.Attachment(content=b"%PDF-1.4 and so on"),
        llm.Attachment(url="https://example.com/a.png", type="image/png"),
    ]
    return [
        [
            [
                one.resolve_type(),
                one.id(),
                one.base64_content() if not one.url else None,
                one.content_bytes() == one.content,
            ]
            for one in given[:3]
        ],
        given[3].id(),
        repr(given[0])[:30],
        outcome(llm.Attachment().resolve_type),
    ]


@question
def fragments():
    fragment = llm.Fragment("text", "from:here")
    return [
        fragment,
        fragment.source,
        fragment.id(),
        llm.Fragment("x").source,
        isinstance(fragment, str),
        fragment + "!",
    ]


@question
def templates():
    template = llm.Template(name="t", prompt="Say $input to $who", system="In $tone", defaults={"tone": "jest"})
    bare = llm.Template(name="bare", system="s")
    return [
        template.evaluate("hi", {"who": "you"}),
        bare.evaluate("hi"),
        sorted(template.vars()),
        outcome(lambda: template.evaluate("hi")),
        outcome(lambda: llm.Template(name="t", colour="red")),
        outcome(lambda: llm.Template(prompt="x")),
        outcome(lambda: llm.Template(name="t", options="x")),
        template.model_dump(exclude_none=True),
        llm.Template.interpolate("costs $$5 and ${a}", {"a": 1}),
        llm.Template(name="t", attachment_types=[{"type": "image/png", "value": "a.png"}]).attachment_types[0].value,
    ]


# Embeddings


class Letters(llm.EmbeddingModel):
    model_id = "letters-here"
    supports_binary = True
    batch_size = 2

    def __init__(self):
        self.batches = []

    def embed_batch(self, items):
        items = list(items)
        self.batches.append(len(items))
        for item in items:
            text = item if isinstance(item, str) else item.decode()
            yield [float(text.count(letter)) for letter in "abc"]


@question
def embedding_models():
    model = Letters()

    class TextOnly(Letters):
        supports_binary = False

    return [
        model.embed("aab"),
        list(model.embed_multi(["a", "b", "c", "ab", "ca"])),
        model.batches,
        outcome(lambda: TextOnly().embed(b"x")),
        outcome(lambda: list(TextOnly().embed_multi([b"x"]))),
        str(model),
        llm.encode([1.0, -2.5]).hex(),
        llm.decode(llm.encode([1.0, -2.5])),
        llm.cosine_similarity([1, 2], [2, 1]),
    ]


def found(entries):
    return [[entry.id, round(entry.score, 6), entry.content, entry.metadata] for entry in entries]


@question
def collections():
    from sqlite_utils import Database

    database = Database(sqlite3.connect(os.path.join(os.environ["WORK"], "own.db")))
    model = Letters()
    collection = llm.Collection("things", database, model=model)
    collection.embed("1", "aaa", {"k": 1}, store=True)
    collection.embed("1", "aaa", {"k": 2}, store=True)
    collection.embed("other", "aaa")
    collection.embed_multi([("2", "aab"), ("3", "bbb"), ("4", b"ccc")], store=True)
    collection.embed_multi_with_metadata([("x-5", "abc", {"m": 5}), ("2", "aab", None)])
    memory = llm.Collection("inner", model=Letters())
    memory.embed("1", "a")
    again = llm.Collection("things", database, create=False)
    rows = [
        [
            row["id"],
            row["embedding"].hex(),
            row["content"],
            row["content_blob"] and row["content_blob"].hex(),
            row["metadata"],
        ]
        for row in database.query("select * from embeddings order by id")
    ]
    listed = [list(row.values()) for row in database.query("select * from collections")]
    counted = collection.count()
    similar = found(collection.similar("aab", number=3))
    by_id = found(collection.similar_by_id("2", number=2))
    prefixed = found(collection.similar_by_vector([1, 1, 1], prefix="x-"))
    exists = [llm.Collection.exists(database, "things"), llm.Collection.exists(database, "no")]
    collection.delete()
    return [
        rows, listed, counted, similar, by_id, prefixed, exists,
        memory.count(),
        again.model_id,
        collection.content_hash("aaa").hex(),
        llm.Collection.exists(database, "things"),
        outcome(lambda: llm.Collection("no", database, create=False)),
        outcome(lambda: llm.Collection("no", database)),
        outcome(lambda: again.similar_by_id("nothing")),
    ]  # fmt: skip


# Keys


@question
def keys():
    with open(os.path.join(os.environ["LLM_USER_PATH"], "keys.json"), "w", encoding="utf-8") as file:
        json.dump({"stored": "sk-stored"}, file)
    os.environ["EXAMPLE_KEY"] = "sk-env"

    class Needs(llm.KeyModel):
        model_id = "needs"
        needs_key = "missing"
        key_env_var = "MISSING_KEY"

        def execute(self, prompt, stream, response, conversation, key):
            yield f"key {key}"

    class Has(Needs):
        key_env_var = "EXAMPLE_KEY"

    def message(call):
        try:
            return call()
        except llm.NeedsKeyException as error:
            return str(error)

    return [
        llm.get_key("explicit-key-that-is-long", "stored", "EXAMPLE_KEY"),
        llm.get_key(input="", alias="missing", env="EXAMPLE_KEY"),
        llm.get_key("", "missing", "MISSING_KEY"),
        llm.get_key(explicit_key=None, key_alias="missing", env_var="EXAMPLE_KEY"),
        llm.get_key(),
        message(lambda: Needs().prompt("x").text()),
        message(lambda: Has().prompt("x").text()),
        message(lambda: Has().prompt("x", key="given").text()),
        message(lambda: Needs().get_key("given")),
    ]


answers = {}
for name, function in QUESTIONS.items():
    try:
        answers[name] = json.loads(json.dumps(function()))
    except Exception as error:  # noqa: BLE001  # which one it is, is the answer
        answers[name] = f"{type(error).__name__}: {error}"
json.dump(answers, sys.stdout)
