"""The plugins that people have, all of them at once in one home, each doing what it does with the real `llm`."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from .conftest import INSTALL_S, LLAMAFILE_PORT, OPEN_SET, Everything
from .providers import providers

pytestmark = pytest.mark.timeout(2 * INSTALL_S)

CALCULATOR = Path(__file__).parent / "calculator_server.py"


def tool_call(name: str, **arguments: object) -> str:
    """Return the prompt with which llm-echo asks for a tool."""
    return json.dumps({"prompt": "go", "tool_calls": [{"name": name, "arguments": arguments}]})


def test_all_are_installed_and_listed(everything: Everything) -> None:
    plugins = everything.inn.plugins()

    assert set(plugins) == {*OPEN_SET, "llm-tools-mcp"}
    assert {plugin["runtime"] for plugin in plugins.values()} == {"sdk"}
    assert {name: plugin["problems"] for name, plugin in plugins.items() if "problems" in plugin} == {}


def test_what_they_register_is_listed(everything: Everything) -> None:
    listed = everything.inn.ok("models")
    for model in ("Echo: echo", "Markov: markov", "Llamafile: llamafile", "claude-sonnet-4.5", "org/small"):
        assert model in listed

    help_ = everything.inn.ok("--help")
    for command in ("anthropic", "cmd", "jq", "ollama"):
        assert f"\n  {command} " in help_
    for tool in ("MCP", "QuickJS", "simple_eval", "llm_version"):
        assert tool in everything.inn.ok("tools")


def test_ollama_lists_what_its_server_has(everything: Everything) -> None:
    """``-y`` allowed the servers that the person's variables name: nothing else was said about them."""
    rows = everything.inn.ok("ollama", "models", environment=everything.environment).splitlines()

    assert [row.split()[0] for row in rows] == ["model", "tiny:latest", "vectors:latest"]


def test_ollama_answers_and_uses_a_tool(everything: Everything) -> None:
    inn, environment = everything.inn, everything.environment

    assert inn.ok("-m", "ollama/tiny", "hi", environment=environment) == "heard hi\n"
    answer = inn.ok("-m", "ollama/tiny", "-T", "llm_version", "hi", environment=environment)
    assert answer.startswith("the tool said ")


def test_ollama_answers_async(everything: Everything) -> None:
    answer = everything.inn.ok("-m", "ollama/tiny", "--async", "hi", environment=everything.environment)

    assert answer == "heard hi\n"


def test_ollama_embeds(everything: Everything) -> None:
    vector = everything.inn.ok("embed", "-m", "ollama/vectors", "-c", "hello", environment=everything.environment)

    assert json.loads(vector) == [5.0, 0.5]


def test_anthropic_answers_and_uses_a_tool(everything: Everything) -> None:
    asked = ("-m", "claude-sonnet-4.5", "--key", "k", "hi")

    assert everything.inn.ok(*asked, environment=everything.environment) == "heard hi\n"
    answer = everything.inn.ok(*asked, "-T", "llm_version", environment=everything.environment)
    assert "the tool said" in answer


def test_anthropic_counts_tokens_by_the_prompt_command(everything: Everything) -> None:
    counted = everything.inn.ok(
        "anthropic", "count", "-m", "claude-sonnet-4.5", "--key", "k", "hi", environment=everything.environment
    )

    assert int(counted) > 100


def test_llamafile_answers(everything: Everything) -> None:
    try:
        with providers(LLAMAFILE_PORT):
            assert everything.inn.ok("-m", "llamafile", "hi") == "heard hi\n"
    except OSError:
        pytest.skip(f"port {LLAMAFILE_PORT}, which llm-llamafile asks, is taken on this machine")


def test_together_answers_beside_what_it_cannot_share_an_environment_with(everything: Everything) -> None:
    answer = everything.inn.ok("-m", "org/small", "hi", environment=everything.together)

    assert answer == "heard hi\n"


def test_tools_mcp_runs_the_tool_of_a_server(everything: Everything, tmp_path: Path) -> None:
    settings = {"mcpServers": {"calculator": {"command": sys.executable, "args": [str(CALCULATOR)]}}}
    (tmp_path / "mcp.json").write_text(json.dumps(settings), "utf-8")
    everything.inn.ok("plugins", "allow", "llm-tools-mcp", "--read", str(CALCULATOR))

    answer = everything.inn.ok("-m", "echo", "-T", 'MCP("mcp.json")', tool_call("add", a=2, b=40), cwd=tmp_path)

    assert "text='42'" in answer


@pytest.mark.skipif(shutil.which("jq") is None, reason="needs the program jq")
def test_jq_runs_the_program_that_a_model_wrote(everything: Everything) -> None:
    outcome = everything.inn.run("jq", "-m", "echo", "first names", stdin='{"a":1}')

    assert outcome.status == 0
    assert json.loads(outcome.stderr)["prompt"].startswith("first names")


def test_cmd_runs_what_was_agreed_on(everything: Everything) -> None:
    terminal = everything.inn.at_terminal("cmd", "-m", "echo", '{"raw":"echo hi-$((6*7))"}')
    terminal.expect_exact("6*7")
    terminal.send("\r")
    terminal.expect_exact("hi-42")
    terminal.expect_exact("\n")
    terminal.wait()

    assert terminal.exitstatus == 0


def test_templates_fsspec_loads_a_template(everything: Everything, tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("prompt: Say $input\nsystem: briefly\n", "utf-8")

    told = json.loads(everything.inn.ok("-m", "echo", "-t", "fsspec:t.yaml", "hello", cwd=tmp_path))

    assert (told["prompt"], told["system"]) == ("Say hello", "briefly")


def test_fragments_symbex_loads_signatures(everything: Everything, tmp_path: Path) -> None:
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir" / "module.py").write_text("def add(a: int, b: int) -> int:\n    return a + b\n", "utf-8")

    told = json.loads(everything.inn.ok("-m", "echo", "-f", "symbex:dir", "what", cwd=tmp_path))

    assert "def add(a: int, b: int) -> int" in told["prompt"]


def test_fragments_site_text_loads_a_page(everything: Everything, page: str) -> None:
    everything.inn.ok("plugins", "allow", "llm-fragments-site-text", "--net", page.split("/")[2])

    told = json.loads(everything.inn.ok("-m", "echo", "-f", f"site:{page}", "what"))

    assert "pelicans fish in groups" in told["prompt"]


def test_tools_simpleeval_reckons(everything: Everything) -> None:
    answer = everything.inn.ok("-m", "echo", "-T", "simple_eval", tool_call("simple_eval", expression="12345*678"))

    assert '"output": "8369910"' in answer


def test_tools_quickjs_keeps_its_state(everything: Everything) -> None:
    calls = [
        {"name": "QuickJS_execute_javascript", "arguments": {"javascript": code}} for code in ("var c=41; c", "++c")
    ]

    answer = everything.inn.ok("-m", "echo", "-T", "QuickJS", json.dumps({"prompt": "go", "tool_calls": calls}))

    assert [part.split('"')[0] for part in answer.split('"output": "')[1:]] == ["41", "42"]
