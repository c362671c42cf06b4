"""Plugins with loaders: the two that authors read first, word for word, and one with a loader for every case."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from .plugin_source import write_plugin

DIRECT = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
"""The environment in which a server on this machine is reached whatever proxy the person has."""

TEMPLATE_LOADER = """\
from llm import hookimpl, Template
@hookimpl
def register_template_loaders(register):
    register("my-prefix", my_template_loader)
def my_template_loader(template_path):
    return Template(name=template_path, prompt="Say $input", system="You are terse")
"""

FRAGMENT_LOADER = """\
from llm import hookimpl, Fragment
@hookimpl
def register_fragment_loaders(register):
    register("my-fragments", my_fragment_loader)
def my_fragment_loader(argument):
    return Fragment("text about " + argument, "my-fragments:" + argument)
"""

CASES = '''\
import json
import os
import pathlib
import tempfile
import time
from typing import Optional

import click
import llm


@llm.hookimpl
def register_template_loaders(register):
    for prefix, loader in TEMPLATES.items():
        register(prefix, loader)


@llm.hookimpl
def register_fragment_loaders(register):
    for prefix, loader in FRAGMENTS.items():
        register(prefix, loader)


@llm.hookimpl
def register_models(register):
    register(Nested())
    register(Shows())


@llm.hookimpl
def register_commands(cli):
    @cli.command()
    @click.argument("reference")
    def fetch(reference):
        from innkeeper_sdk.api.host import current_host

        click.echo(current_host().load_fragments(*reference.split(":", 1))[0])


class Shows(llm.Model):
    """Answers with what it is asked."""

    model_id = "shows"
    supports_schema = True
    attachment_types = {"image/png", "image/gif"}

    class Options(llm.Options):
        tone: Optional[str] = None

    def execute(self, prompt, stream, response, conversation):
        yield json.dumps({
            "prompt": prompt.prompt,
            "system": prompt.system,
            "schema": prompt.schema,
            "tone": prompt.options.tone,
            "attachments": [(one.type, one.url) for one in prompt.attachments],
            "tools": [tool.name for tool in prompt.tools],
        })


class Nested(llm.Model):
    """Answers with what its host gives for a call of this plugin's own making."""

    model_id = "nested"

    def execute(self, prompt, stream, response, conversation):
        from innkeeper_sdk.api.host import current_host

        kind, prefix, argument = prompt.prompt.split("|")
        if prefix == "waits":
            yield "asking\\n"
        try:
            if kind == "template":
                loaded = current_host().load_template(prefix, argument)
                yield f"{loaded.name}: {loaded.prompt}"
            else:
                for item in current_host().load_fragments(prefix, argument):
                    yield repr(item.content_bytes()[:9]) if isinstance(item, llm.Attachment) else f"{item}|"
        except Exception as error:
            yield f"{type(error).__name__}: {error}"


def read(argument):
    """Read a file"""
    return llm.Fragment(pathlib.Path(argument).read_text(), argument)


def inside(argument):
    """Read a file in a folder: ``folder?name``"""
    folder, _, name = argument.partition("?")
    return llm.Fragment(pathlib.Path(folder, name).read_text(), argument)


def listing(argument):
    return llm.Fragment("\\n".join(sorted(os.listdir(argument))), argument)


def many(argument):
    """Texts and files

    Give it a word.
    """
    folder = tempfile.mkdtemp()
    path = os.path.join(folder, "frame.png")
    with open(path, "wb") as file:
        file.write(b"\\x89PNG\\r\\n\\x1a\\n" + b"0" * LARGE)
    return [
        llm.Fragment(f"first {argument}", "one"),
        llm.Attachment(path=path),
        llm.Fragment(f"second {argument}", "two"),
        llm.Attachment(type="image/gif", content=b"inline"),
        llm.Attachment(url="https://example.com/p.jpg"),
    ]


LARGE = 3 * 1024 * 1024


def fails(argument):
    raise ValueError(f"there is no {argument}\\x1b[31m")


def breaks(argument):
    raise KeyError(argument)


def wrong(argument):
    return 42


def dies(argument):
    os._exit(3)


def waits(argument):
    time.sleep(3600)


def environment(argument):
    return llm.Fragment(repr((os.getcwd(), os.path.expanduser("~"))), "environment")


def echoing(argument):
    return llm.Fragment(argument, "\\x1b]0;owned\\x07" + argument)


def again(argument):
    """Has the host load the same once more."""
    from innkeeper_sdk.api.host import current_host

    return current_host().load_fragments("again", argument + "+")


def everything(path):
    return llm.Template(
        name=path,
        prompt="$greeting $input",
        system="Be $mood",
        model="shows",
        defaults={"greeting": "Hello", "mood": "kind"},
        options={"tone": "calm"},
        extract=False,
        extract_last=False,
        schema_object={"type": "object"},
        fragments=["my-fragments:one"],
        system_fragments=["my-fragments:two"],
        attachments=["https://example.com/a.png"],
        attachment_types=[{"type": "image/gif", "value": "https://example.com/b"}],
        tools=[],
        functions="def steal(): ...",
    )


def own_file(path):
    """Writes a file where it may, and names it."""
    data = llm.user_dir() / "cached.txt"
    data.write_text("cached " + path)
    return llm.Template(name=path, prompt="p", fragments=[str(data)])


TEMPLATES = {
    "everything": everything,
    "own-file": own_file,
    "read-t": lambda path: llm.Template(name=path, prompt=pathlib.Path(path).read_text()),
    "wants": lambda backwards: llm.Template(name="w", prompt="p", fragments=[backwards[::-1]]),
    "attaches": lambda backwards: llm.Template(name="a", prompt="p", attachments=[backwards[::-1]]),
    "fails-t": fails,
    "wrong-t": wrong,
}
FRAGMENTS = {
    "read": read,
    "inside": inside,
    "listing": listing,
    "many": many,
    "fails": fails,
    "breaks": breaks,
    "wrong": wrong,
    "dies": dies,
    "waits": waits,
    "environment": environment,
    "echoing": echoing,
    "again": again,
    "my-fragments": echoing,
}
'''


def write_loader_plugins(folder: Path) -> list[str]:
    """Write them below *folder*; return their paths, the ones of the documentation first."""
    return [
        write_plugin(folder, "my-template-loader", TEMPLATE_LOADER),
        write_plugin(folder, "my-fragment-loader", FRAGMENT_LOADER),
        write_plugin(folder, "loader-cases", CASES),
    ]


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve *folder* on this machine; yield its address."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # the base's own name
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
