"""For plugin authors: run a plugin in the test's own process, over the real protocol, without a host.

```python
import my_plugin
from innkeeper_sdk.testing import running

def test_answers() -> None:
    with running(my_plugin, keys={"example": "sk-1"}) as plugin:
        assert plugin.prompt("my-model", "hi", temperature=1).text == "hello"
```

What a plugin would ask its host for is answered from the arguments of ``running``. There is no sandbox here.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from innkeeper_protocol import methods
from innkeeper_protocol.link import memory_links
from innkeeper_protocol.payloads import commands, content, embeddings, fragments, models, templates, tools
from innkeeper_protocol.payloads.base import Nothing
from innkeeper_protocol.payloads.describe import Description
from innkeeper_protocol.payloads.host_services import GetKeyParams, GetKeyResult, ListModelsResult
from innkeeper_protocol.peer import Handler, IncomingCall, Peer

from .adapters.embeddings import rows_of
from .api import local
from .api.host import current_host, set_host
from .entry_points import EntryPoint, LoadedPlugins
from .host_services import PeerHost
from .llm_distribution import answer_for_llm
from .registry import free_name
from .serve import Service

LEAVING_S = 10.0
"""How long a plugin may take to end at the end of a test: far longer than any that works."""


@dataclass
class Answer:
    """What a model answered: its text, every stream item, and what is known once the stream has ended."""

    items: list[str | models.ModelEvent]
    result: models.PromptResult

    @property
    def text(self) -> str:
        """The plain text of the answer."""
        return "".join(
            item if isinstance(item, str) else item.chunk if item.type == "text" else "" for item in self.items
        )


@dataclass
class PluginUnderTest:
    """A running plugin. Failures come as ``CallFailed`` with their code, as a host would see them."""

    peer: Peer

    def describe(self) -> Description:
        """Return everything that the plugin registers."""
        return self.peer.call(methods.DESCRIBE, Nothing())

    def prompt(
        self,
        model_id: str,
        text: str | None = None,
        *,
        prompt: models.Prompt | None = None,
        conversation: models.Conversation | None = None,
        stream: bool = True,
        use_async: bool = False,
        key: str | None = None,
        **options: Any,
    ) -> Answer:
        """Put a prompt to a model: *text* with *options*, or a whole *prompt*."""
        params = models.PromptParams(
            model_id=model_id,
            prompt=prompt or models.Prompt(text=text, options=options),
            conversation=conversation,
            stream=stream,
            use_async=use_async,
            key=key,
        )
        with self.peer.open_stream(methods.MODELS_PROMPT, params) as opened:
            return Answer(list(opened), opened.result())

    def embed(self, model_id: str, *items: str | bytes, key: str | None = None) -> list[list[float]]:
        """Embed *items*; one vector each."""
        answer = self.peer.call(methods.EMBED, embeddings.EmbedParams(model_id=model_id, items=items, key=key))
        return rows_of(answer)

    def open_toolbox(self, name: str, *positional: Any, **arguments: Any) -> tools.OpenToolboxResult:
        """Make an instance of a toolbox."""
        params = tools.OpenToolboxParams(name=name, positional=positional, arguments=arguments)
        return self.peer.call(methods.OPEN_TOOLBOX, params)

    def close_toolbox(self, instance: int) -> None:
        """Forget an instance of a toolbox."""
        self.peer.call(methods.CLOSE_TOOLBOX, tools.CloseToolboxParams(instance=instance))

    def call_tool(self, name: str, *, instance: int | None = None, **arguments: Any) -> tools.CallToolResult:
        """Run a tool: a function, or a method of an open *instance*."""
        params = tools.CallToolParams(name=name, arguments=arguments, instance=instance)
        return self.peer.call(methods.CALL_TOOL, params)

    def load_template(self, prefix: str, path: str) -> templates.Template:
        """Run a template loader."""
        return self.peer.call(methods.LOAD_TEMPLATE, templates.LoadTemplateParams(prefix=prefix, path=path))

    def load_fragments(self, prefix: str, argument: str) -> list[fragments.FragmentItem]:
        """Run a fragment loader."""
        params = fragments.LoadFragmentsParams(prefix=prefix, argument=argument)
        return list(self.peer.call(methods.LOAD_FRAGMENTS, params).items)

    def run_command(self, name: str, *arguments: str) -> int:
        """Run a command on the test's own stdin, stdout and stderr; return its exit code."""
        params = commands.RunCommandParams(name=name, arguments=arguments)
        return self.peer.call(methods.RUN_COMMAND, params).exit_code

    def content_of(self, attachment: content.Attachment) -> bytes:
        """Return the bytes of an attachment that the plugin gave, however they came."""
        if attachment.blob is not None:
            return bytes(self.peer.take_blob(attachment.blob))
        return attachment.content or b""


@contextlib.contextmanager
def running(
    *plugins: Any, keys: Mapping[str, str] | None = None, handlers: Mapping[str, Handler] | None = None
) -> Iterator[PluginUnderTest]:
    """Run *plugins*, modules or objects with hook implementations, as one plugin.

    *keys* are what ``get_key`` finds by name; there are no models but the plugin's own. *handlers* answer what else it
    asks of its host, by the method's name; what nobody answers fails as it does where nothing was granted.
    """

    def load(loaded: LoadedPlugins) -> None:
        for plugin in plugins:
            taken = {entry_point.name for entry_point in loaded.entry_points.values()}
            name = free_name(getattr(plugin, "__name__", type(plugin).__name__), taken)
            loaded.add(plugin, EntryPoint(name, name, "plugin-under-test"))

    stored = dict(keys or {})

    def get_key(params: GetKeyParams, call: IncomingCall) -> GetKeyResult:
        return GetKeyResult(key=stored.get(params.name or ""))

    def list_no_models(params: Nothing, call: IncomingCall) -> ListModelsResult:
        return ListModelsResult()

    service = Service(load)
    ours, theirs = memory_links()
    answers: dict[str, Handler] = {methods.GET_KEY.name: get_key, methods.LIST_MODELS.name: list_no_models}
    host = Peer(ours, role="host", handlers={**answers, **(handlers or {})})
    plugin_peer = service.connect(theirs)
    serving = threading.Thread(target=plugin_peer.serve, name="plugin-under-test", daemon=True)
    answer_for_llm()
    before = current_host(), local.provider()
    set_host(PeerHost(plugin_peer, service.calls))
    local.set_registrations(lambda: service.registry)
    serving.start()
    try:
        host.initialize()
        yield PluginUnderTest(host)
    finally:
        host.close()
        serving.join(LEAVING_S)
        service.close()
        set_host(before[0])
        local.set_registrations(before[1])
