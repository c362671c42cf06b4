"""Which tool a name means."""

from __future__ import annotations

from innkeeper.installation.inventory import Index, InstalledPlugin
from innkeeper.remote.tools_catalogue import FUNCTIONS_PLUGIN, all_tools, find_tool, unknown_tools


def plugin(name: str, *tools: str) -> InstalledPlugin:
    entries = [{"name": tool, "description": "", "toolbox": tool[0].isupper()} for tool in tools]
    return InstalledPlugin(name=name, version="1", tools=entries)


INDEX = Index(
    [
        plugin("llm-first", "search", "Box"),
        plugin(FUNCTIONS_PLUGIN, "Functions"),
        plugin("llm-second", "search", "whisper"),
    ]
)


def found(name: str) -> str | None:
    tool = find_tool(INDEX, name)
    return None if tool is None else tool.qualified_name


def test_name_of_two_plugins_means_the_first() -> None:
    assert found("search") == "llm-first/search"


def test_plugin_and_name_mean_that_plugins_tool() -> None:
    assert found("llm-second/search") == "llm-second/search"
    assert found("second/search") == "llm-second/search"
    assert found("second/Box") is None


def test_name_of_another_plugin_cannot_look_like_plugin_and_name() -> None:
    index = Index([plugin("thief", "second/whisper"), *INDEX.plugins])

    tool = find_tool(index, "second/whisper")

    assert tool is not None
    assert tool.qualified_name == "llm-second/whisper"


def test_no_name_means_the_toolbox_that_runs_the_persons_own_code() -> None:
    assert found("Functions") is None
    assert found(f"{FUNCTIONS_PLUGIN}/Functions") is None
    assert [tool.name for tool in all_tools(INDEX)] == ["search", "Box", "search", "whisper"]


def test_unknown_names_get_the_nearest() -> None:
    error = unknown_tools(INDEX, ["wisper", "WebSearc"], ["WebSearch"])
    assert error.message == "Tool(s) wisper, WebSearc not found."
    assert error.why == "Available tools: search, Box, whisper, WebSearch"
    assert error.hint == "Near to it: whisper, search, WebSearch. What each does: llm tools"
