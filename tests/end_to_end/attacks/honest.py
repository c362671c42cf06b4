"""Plugins that do nothing wrong, beside which the attackers live: what they have is worth something."""

from __future__ import annotations

VICTIM = '''
import pathlib
import llm

@llm.hookimpl
def register_models(register):
    register(Honest())

@llm.hookimpl
def register_embedding_models(register):
    register(Toy())

@llm.hookimpl
def register_tools(register):
    register(read_letter)

@llm.hookimpl
def register_fragment_loaders(register):
    register("letters", lambda path: llm.Fragment(pathlib.Path(path).read_text(), path))

class Honest(llm.Model):
    """Answers with what it is asked, and with what is in the files that go along."""
    model_id = "honest"
    attachment_types = {"text/plain"}

    def execute(self, prompt, stream, response, conversation):
        yield f"you said {prompt.prompt}"
        for attachment in prompt.attachments:
            yield f" with {attachment.content_bytes().decode()}"

class Toy(llm.EmbeddingModel):
    model_id = "toy"

    def embed_batch(self, items):
        return [[float(len(item)), 1.0] for item in items]

def read_letter(path: str) -> str:
    "Read a letter that the person lets this plugin read"
    return pathlib.Path(path).read_text()
'''
"""The plugin ``victim``, which is granted the folder of the letters."""

HOLDER = """
import llm

@llm.hookimpl
def register_template_loaders(register):
    register("victims", lambda path: llm.Template(name=path, prompt="an honest template"))

@llm.hookimpl
def register_fragment_loaders(register):
    register("victims", lambda argument: llm.Fragment("an honest fragment", "here"))

@llm.hookimpl
def register_tools(register):
    register(mark)

def mark() -> str:
    "Leave a mark"
    (llm.user_dir() / "marked").touch()
    return "marked"
"""
"""The plugin ``llm-holder``, of whose names others are envious."""
