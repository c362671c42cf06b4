"""The examples of the README work as they stand there."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import llm
import pytest
from innkeeper_protocol.errors import CallFailed
from innkeeper_protocol.payloads import content, models
from innkeeper_protocol.payloads.describe import PermissionRequest
from innkeeper_sdk.testing import running

README = Path(__file__).resolve().parents[2] / "plugin_sdk" / "README.md"


def example(word: str) -> dict[str, Any]:
    """Run the one Python example in which *word* stands; return its names."""
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    [source] = [block for block in blocks if word in block]
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(source, f"README, {word}", "exec"), names)
    return names


def plugin_of(names: dict[str, Any]) -> ModuleType:
    module = ModuleType("example")
    vars(module).update(names)
    return module


@pytest.fixture
def llm_shout() -> Iterator[ModuleType]:
    module = plugin_of(example("class Shout"))
    sys.modules["llm_shout"] = module
    yield module
    del sys.modules["llm_shout"]


def test_plugin_of_five_minutes_passes_its_own_test(llm_shout: ModuleType) -> None:
    example("def test_shouts")["test_shouts"]()


def test_model_with_a_key() -> None:
    names = example("class Careful")

    class Plugin:
        @llm.hookimpl
        def register_models(self, register: Any) -> None:
            register(names["Careful"]())

    prompt = models.Prompt(text="hi", tools=(models.ToolDefinition(name="t"),))
    with running(Plugin(), keys={"careful": "sk-1"}) as plugin:
        answer = plugin.prompt("careful", prompt=prompt)
        with pytest.raises(CallFailed, match=r"^too warm to think$"):
            plugin.prompt("careful", "hi", warmth=9)
        with pytest.raises(CallFailed, match="warmth: Input should be less than or equal to 9"):
            plugin.prompt("careful", "hi", warmth=10)
    assert answer.text == "1 messages, 0 attachments, key sk-1"
    assert [call.name for call in answer.result.tool_calls] == ["t"]
    assert answer.result.usage == models.Usage(input=10, output=4)


def test_embedding_model() -> None:
    with running(plugin_of(example("class Lengths"))) as plugin:
        assert plugin.embed("lengths", "abc", "") == [[3.0, 1.0], [0.0, 1.0]]


def test_command(llm_shout: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    with running(llm_shout, plugin_of(example("def twice"))) as plugin:
        assert plugin.run_command("twice", "-m", "shout", "hi") == 0
    assert capfd.readouterr().out == "HI \nHI \n"


def test_loaders(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text", encoding="utf-8")
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with running(plugin_of(example("def load_notes"))) as plugin:
        template = plugin.load_template("greet", "softly")
        text, picture = plugin.load_fragments("notes", str(tmp_path))
        with pytest.raises(CallFailed, match="is no folder"):
            plugin.load_fragments("notes", str(tmp_path / "none"))
    assert (template.prompt, template.system) == ("Greet $input", "Speak softly")
    assert text.fragment is not None
    assert (text.fragment.content, text.fragment.source) == ("text", str(tmp_path / "a.txt"))
    assert picture.attachment == content.Attachment(type="image/png", content=b"\x89PNG\r\n\x1a\n")


def test_tools() -> None:
    with running(plugin_of(example("class Counter"))) as plugin:
        opened = plugin.open_toolbox("Counter", start=5)
        assert plugin.call_tool("add", a=2, b=40).output == "42"
        assert plugin.call_tool("Counter_up", instance=opened.instance).output == "6"
        assert plugin.call_tool("Counter_up", instance=opened.instance, by=4).output == "10"


def test_permissions() -> None:
    with running(plugin_of(example("def register_permissions"))) as plugin:
        assert plugin.describe().permissions == PermissionRequest(
            net=("api.example.com",),
            keys=("careful",),
            env=("CAREFUL_URL",),
            read=("~/.careful",),
            reason="It asks the Careful API.",
        )
