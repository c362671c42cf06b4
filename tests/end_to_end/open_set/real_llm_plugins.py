"""Plugins that take more from `llm` than the SDK has, or want another release of it: each runs on the real one."""

from __future__ import annotations

NEWER = """
import asyncio, json
import click, llm
from llm.logs import LogStore  # the SDK has no such module
from llm.parts import StreamEvent, TextPart


class Mixin:
    supports_tools = True
    supports_schema = True
    can_stream = True
    attachment_types = {"text/plain"}

    class Options(llm.Options):
        loud: bool | None = None

    def answer(self, prompt, conversation):
        parts = [part for message in prompt.messages for part in message.parts if isinstance(part, TextPart)]
        told = {
            "prompt": prompt.prompt,
            "system": prompt.system,
            "loud": prompt.options.loud,
            "parts": len(parts),
            "before": [response.text() for response in conversation.responses] if conversation else [],
            "files": [attachment.content_bytes().decode() for attachment in prompt.attachments],
            "results": [result.output for result in prompt.tool_results],
        }
        return json.dumps(told)


class Real(Mixin, llm.Model):
    model_id = "real"

    def execute(self, prompt, stream, response, conversation):
        yield StreamEvent(type="reasoning", chunk="thinking")
        if prompt.prompt and prompt.prompt.startswith("call "):
            name = prompt.prompt.split()[1]
            response.add_tool_call(llm.ToolCall(name=name, arguments={"text": "from the model"}))
            yield StreamEvent(type="tool_call_name", chunk=name, tool_call_id="t1")
        else:
            yield StreamEvent(type="text", chunk=self.answer(prompt, conversation))
        response.set_usage(input=1, output=2)


class RealAsync(Mixin, llm.AsyncModel):
    model_id = "real"

    async def execute(self, prompt, stream, response, conversation):
        await asyncio.sleep(0)
        yield "async "
        yield prompt.prompt


class RealKey(llm.KeyModel):
    model_id = "real-key"
    needs_key = "realkey"

    def execute(self, prompt, stream, response, conversation, key):
        yield f"key {key}"


class Relay(llm.Model):
    model_id = "real-relay"

    def execute(self, prompt, stream, response, conversation):
        talk = llm.get_model("parrot").conversation()
        yield talk.prompt(prompt.prompt, system="sys").text()
        yield " and "
        yield talk.prompt("again").text()

        async def ask():
            return await llm.get_async_model("async-parrot").prompt("async").text()

        yield " and " + asyncio.run(ask())


class Lost(llm.Model):
    model_id = "real-lost"

    def execute(self, prompt, stream, response, conversation):
        try:
            llm.get_model("no-such-model-anywhere")
        except llm.UnknownModelError as error:
            yield f"lost: {error.args[0]}"


class Numbers(llm.EmbeddingModel):
    model_id = "real-numbers"
    supports_binary = True

    def embed_batch(self, items):
        return [[float(len(item)), 1.0] for item in items]


def shout(text: str) -> str:
    "Say it louder"
    return text.upper()


class RealCounter(llm.Toolbox):
    def __init__(self, start: int = 0):
        self.count = start

    def more(self, text: str) -> llm.ToolOutput:
        "Count"
        self.count += 1
        return llm.ToolOutput(output={"count": self.count, "text": text})


@llm.hookimpl
def register_models(register):
    register(Real(), RealAsync(), aliases=("really",))
    register(RealKey())
    register(Relay())
    register(Lost())


@llm.hookimpl
def register_embedding_models(register):
    register(Numbers())


@llm.hookimpl
def register_tools(register):
    register(shout, name="real_shout")
    register(RealCounter)


@llm.hookimpl
def register_template_loaders(register):
    register("real", lambda path: llm.Template(name=path, prompt="Say $input", system="of " + path))


@llm.hookimpl
def register_fragment_loaders(register):
    register("real", lambda argument: [llm.Fragment("text of " + argument, "real:" + argument)])


@llm.hookimpl
def register_commands(cli):
    @cli.command(name="real-version")
    @click.option("--model", default="parrot")
    def real_version(model):
        "Say which llm this is"
        import importlib.metadata
        click.echo(importlib.metadata.version("llm") + " " + llm.get_model(model).prompt("hi").text())
        click.echo(str(llm.user_dir().name) + " " + str(LogStore.__name__))
"""

OLDER = """
import llm

class Old(llm.Model):
    model_id = "old"

    class Options(llm.Options):
        times: int = 1

    def execute(self, prompt, stream, response, conversation):
        before = [response.text() for response in conversation.responses] if conversation else []
        yield from (f"{prompt.prompt} {before}" for _ in range(prompt.options.times))

class OldNumbers(llm.EmbeddingModel):
    model_id = "old-numbers"

    def embed_batch(self, texts):
        return [[float(len(text))] for text in texts]

@llm.hookimpl
def register_models(register):
    register(Old())

@llm.hookimpl
def register_embedding_models(register):
    register(OldNumbers())
"""

PARROT = """
import llm

class Parrot(llm.Model):
    model_id = "parrot"

    def execute(self, prompt, stream, response, conversation):
        before = len(conversation.responses) if conversation else 0
        yield f"{prompt.system or ''} {prompt.prompt} {before}".strip()

class AsyncParrot(llm.AsyncModel):
    model_id = "async-parrot"

    async def execute(self, prompt, stream, response, conversation):
        yield f"async {prompt.prompt}"

@llm.hookimpl
def register_models(register):
    register(Parrot())
    register(None, AsyncParrot())
"""
