"""A plugin whose model does a little of everything, and says what it was sent: for what is kept of that."""

from __future__ import annotations

RECORDER = '''
import json, os
import llm

PNG = b"\\x89PNG\\r\\n\\x1a\\n"

@llm.hookimpl
def register_models(register):
    register(Recorder(), AsyncRecorder(), aliases=("rec",))
    register(Blind())
    register(Echo())

@llm.hookimpl
def register_tools(register):
    register(double)
    register(Box)

def double(number: int) -> str:
    "Twice the number"
    return str(number * 2)

class Box(llm.Toolbox):
    def __init__(self, lid: str = "closed"):
        self.lid = lid

    def open(self):
        "Open the box"
        return llm.ToolOutput(self.lid, attachments=[llm.Attachment(content=PNG + b"inside", type="image/png")])

class Common:
    model_id = "recorder"
    can_stream = True
    supports_schema = True
    supports_tools = True
    needs_key = "recorder"
    attachment_types = {"image/png", "application/pdf", "text/plain"}

    class Options(llm.Options):
        heat: float = 1.0
        count: int = 1

    def answer(self, prompt, response, conversation, key):
        response.set_usage(input=1000, output=7, details={"cached": 3})
        response.set_resolved_model("recorder-1")
        text = (prompt.prompt or "").rstrip().rpartition("\\n")[2]
        if text.startswith("tell"):
            yield json.dumps(told(prompt, conversation))
        elif text.startswith("use"):
            response.add_tool_call(llm.ToolCall(name="double", arguments={"number": 21}, tool_call_id="c1"))
            response.add_tool_call(llm.ToolCall(name="Box_open", arguments={}, tool_call_id="c2"))
            yield "I will use tools."
        elif prompt.tool_results:
            yield "Tools said: " + ", ".join(result.output for result in prompt.tool_results)
        elif text.startswith("think"):
            yield llm.StreamEvent(type="reasoning", chunk="Let me see. ")
            yield llm.StreamEvent(type="reasoning", chunk="Yes.", provider_metadata={"signature": "s" * 70})
            yield llm.StreamEvent(type="text", chunk="I thought.")
        elif text.startswith("code"):
            yield "First:\\n```python\\nprint(1)\\n```\\nand\\n````\\nlast\\n````\\n"
        elif text.startswith("leak"):
            response.response_json = {"authorization": f"Bearer {key}", "id": "r1"}
            yield "It said nothing."
        elif text.startswith("fail"):
            yield "so far"
            raise llm.ModelError("no more")
        elif text.startswith("colours"):
            yield "\\x1b[31mred\\x1b[0m \\x1b]0;title\\x07"
        elif prompt.schema:
            one = {"name": "Rex", "age": 3}
            yield json.dumps({"items": [one, one]} if "items" in prompt.schema["properties"] else one)
        else:
            yield f"You said: {text}"

def told(prompt, conversation):
    """Return what a model is sent."""
    return {
        "prompt": prompt.prompt,
        "system": prompt.system,
        "attachments": [[file.type, file.url, len(file.content or b"")] for file in prompt.attachments],
        "schema": prompt.schema,
        "heat": prompt.options.heat,
        "messages": [
            [message.role, [part.to_dict()["type"] for part in message.parts]] for message in prompt.messages
        ],
        "responses": [
            [one.prompt.prompt, one.text_or_raise(), len(one.prompt.attachments), called(one)]
            for one in (conversation.responses if conversation else [])
        ],
    }

def called(response):
    return [call.name for call in response.tool_calls_or_raise()]

class Recorder(Common, llm.KeyModel):
    def execute(self, prompt, stream, response, conversation, key):
        yield from self.answer(prompt, response, conversation, key)

    def get_key(self, explicit_key=None):
        return explicit_key or "no key"

class Echo(Recorder):
    model_id = "echo"

class AsyncRecorder(Common, llm.AsyncKeyModel):
    async def execute(self, prompt, stream, response, conversation, key):
        for piece in self.answer(prompt, response, conversation, key):
            yield piece

    def get_key(self, explicit_key=None):
        return explicit_key or "no key"

class Blind(llm.Model):
    model_id = "blind"

    def execute(self, prompt, stream, response, conversation):
        yield "I see nothing."
'''
