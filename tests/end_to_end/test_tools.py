"""Models that call tools: a model in one plugin, tools in others, the person at a terminal or in a script."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .inn import LLM, Inn, Outcome
from .processes import Watched, descendants
from .tool_plugins import write_tool_plugins


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Inn:
    """A home with the plugins of `tool_plugins`, and published ones."""
    folder = tmp_path_factory.mktemp("tools")
    inn = Inn(folder / "home")
    inn.ok("install", *write_tool_plugins(folder), "llm-echo", "llm-tools-simpleeval", "llm-tools-quickjs")
    return inn


def rounds(*each: list[Any]) -> str:
    return json.dumps(each)


def said(stdout: str) -> dict[str, Any]:
    """Return what the model got in the end."""
    answer: dict[str, Any] = json.loads(stdout[stdout.index("{") :])
    return answer


def outputs(stdout: str) -> list[str]:
    return [output for _, output, _ in said(stdout)["results"]]


def echo_calls(*calls: tuple[str, dict[str, Any]]) -> str:
    return json.dumps({"prompt": "go", "tool_calls": [{"name": name, "arguments": args} for name, args in calls]})


def echo_outputs(stdout: str) -> list[str]:
    last = json.loads(stdout[stdout.rindex('{\n  "prompt"') :])
    return [result["output"] for result in last["tool_results"]]


# Published plugins, and those that come with the host


def test_default_tools_are_there_without_installing_anything(default_only: Inn) -> None:
    listed = json.loads(default_only.ok("tools", "list", "--json"))

    assert [(tool["name"], tool["plugin"], tool["arguments"]) for tool in listed["tools"]] == [
        ("llm_time", "innkeeper-tools", {"properties": {}, "type": "object"}),
        ("llm_version", "innkeeper-tools", {"properties": {}, "type": "object"}),
    ]
    assert listed["toolboxes"] == []
    assert "llm_time() (plugin: innkeeper-tools)" in default_only.ok("tools")


def test_published_function_evaluates(tools: Inn) -> None:
    answer = tools.ok("-m", "echo", "-T", "simple_eval", echo_calls(("simple_eval", {"expression": "12345*678"})))

    assert echo_outputs(answer) == ["8369910"]


def test_published_toolbox_keeps_its_state_through_a_chain(tools: Inn) -> None:
    run = "QuickJS_execute_javascript"
    calls = echo_calls((run, {"javascript": "var c=41; c"}), (run, {"javascript": "++c"}))

    assert echo_outputs(tools.ok("-m", "echo", "-T", "QuickJS", calls)) == ["41", "42"]


def test_tools_of_several_plugins_go_with_one_prompt(tools: Inn) -> None:
    calls = echo_calls(("llm_version", {}), ("simple_eval", {"expression": "1+1"}), ("shout", {"text": "hi"}))
    options = ["-T", "llm_version", "-T", "simple_eval", "-T", "shout"]

    version, two, loud = echo_outputs(tools.ok("-m", "echo", *options, calls))

    assert (version[0].isdigit(), two, loud) == (True, "2", "HI")


# What plugins register


def test_functions_tools_and_toolboxes_are_called(tools: Inn) -> None:
    asked = rounds(
        [["shout", {"text": "hi", "times": 2}], ["upper", {"text": "abc"}]],
        [["Counter_add", {}]],
        [["Counter_add", {}]],
    )
    options = ["-T", "shout", "-T", "upper", "-T", "Counter(40, step=2)"]

    answer = tools.ok("-m", "asks", "-s", "be kind", *options, asked)

    assert answer.startswith("asking 0 asking 1 asking 2 {")
    assert said(answer) == {
        "results": [["Counter_add", "44", "call-2-0"]],
        "exceptions": [],
        "files": [],
        "roles": ["system", "user", *["assistant", "tool"] * 3],
        "system": "be kind",
        "tools": ["shout", "upper", "Counter_add", "Counter_crash"],
        "server_side": [],
    }


def test_async_model_gets_its_tools_alike(tools: Inn) -> None:
    asked = rounds([["shout", {"text": "hi"}], ["Counter_add", {}]])

    assert outputs(tools.ok("-m", "asks", "--async", "-T", "shout", "-T", "Counter", asked)) == ["HI", "1"]


def test_what_tools_raise_goes_back_to_the_model(tools: Inn) -> None:
    asked = rounds([["fails", {"text": "way"}], ["cancels", {}], ["shout", {"txet": "?"}], ["whisper", {}]])

    got = said(tools.ok("-m", "asks", "-T", "fails", "-T", "cancels", "-T", "shout", asked))

    assert [output for _, output, _ in got["results"]] == [
        "Error: no way",
        "Cancelled: not now",
        "Error: shout() got an unexpected keyword argument 'txet'",
        'Error: tool "whisper" does not exist',
    ]
    assert [type(text) for text in got["exceptions"]] == [str] * 4


def test_files_that_tools_give_reach_the_model(tools: Inn) -> None:
    """A small one inside the message, a large one ahead of it."""
    got = said(tools.ok("-m", "asks", "-T", "draws", "-T", "paints", rounds([["draws", {}], ["paints", {}]])))

    assert [output for _, output, _ in got["results"]] == ['{"shape": "circle"}', "large"]
    assert got["files"] == [["image/png", 3], ["image/png", 3_000_000]]
    assert got["roles"] == ["user", "assistant", "tool", "user"]


def test_paused_chain_ends_with_the_tools_words(tools: Inn) -> None:
    message = tools.fails(
        "-m", "asks", "-T", "pauses", "-T", "shout", rounds([["pauses", {}], ["shout", {"text": "x"}]])
    )

    assert message == "Error: pauses paused the chain: waiting for a person\n"


def test_name_that_two_plugins_have_means_the_first_and_the_other_has_a_longer_one(tools: Inn) -> None:
    asked = rounds([["shout", {"text": "a"}], ["shout_1", {"text": "a"}]])

    assert outputs(tools.ok("-m", "asks", "-T", "shout", "-T", "tool-more/shout", asked)) == ["A", "aa"]
    names = [tool["name"] for tool in json.loads(tools.ok("tools", "list", "--json"))["tools"]]
    assert [name for name in names if "shout" in name] == ["shout", "tool-more/shout"]


def test_the_same_tool_twice_is_one(tools: Inn) -> None:
    options = ["-T", "shout", "-T", "Counter(1)", "-T", "shout", "-T", "Counter(1)", "-T", "Counter(5)"]
    asked = rounds([["Counter_add", {}], ["Counter_add_1", {}]])

    got = said(tools.ok("-m", "asks", *options, asked))

    assert got["tools"] == ["shout", "Counter_add", "Counter_crash", "Counter_add_1", "Counter_crash_1"]
    assert [output for _, output, _ in got["results"]] == ["2", "6"]


def test_tools_of_the_models_provider_are_named_like_others(tools: Inn) -> None:
    got = said(tools.ok("-m", "asks", "-T", "WebSearch(max_uses=2)", "-T", "shout", rounds([["shout", {"text": "a"}]])))

    assert (got["server_side"], got["tools"]) == ([["web_search", 2]], ["shout"])
    listed = json.loads(tools.ok("tools", "list", "-m", "asks", "--json"))["server_side_tools"]
    assert listed == [
        {
            "name": "WebSearch",
            "description": "Searches the web, at the provider's",
            "signature": "(max_uses: int = 5)",
            "server_side": True,
        }
    ]


# Limits of a chain


def test_chain_has_as_many_responses_as_it_may(tools: Inn) -> None:
    once = [["shout", {"text": "a"}]]

    message = tools.fails("-m", "asks", "-T", "shout", rounds(*[once] * 5))
    assert message.startswith("Error: Chain limit of 5 exceeded.\n")
    assert "Chain limit of 1 exceeded" in tools.fails("-m", "asks", "-T", "shout", "--cl", "1", rounds(once))
    assert outputs(tools.ok("-m", "asks", "-T", "shout", "--cl", "2", rounds(once))) == ["A"]
    assert outputs(tools.ok("-m", "asks", "-T", "shout", "--cl", "0", rounds(*[once] * 7))) == ["A"]


def test_usage_is_told_for_each_response(tools: Inn) -> None:
    asked = echo_calls(("simple_eval", {"expression": "1"}))

    assert tools.run("-m", "echo", "-u", "-T", "simple_eval", asked).stderr.count("Token usage: ") == 2


# What goes wrong


def test_unknown_tools_get_the_nearest_names_before_anything_is_asked(tools: Inn) -> None:
    outcome = tools.run("-m", "asks", "-T", "shot", "-T", "Countr(1)", rounds())

    assert (outcome.status, outcome.stdout) == (1, "")
    first, available, near = outcome.stderr.splitlines()
    assert first == "Error: Tool(s) shot, Countr not found."
    assert available.startswith("  Available tools: llm_version, ")
    assert near == "  Near to it: shout, Counter. What each does: llm tools"


def test_constructor_that_refuses_its_arguments_is_the_persons_to_mend(tools: Inn) -> None:
    message = tools.fails("-m", "asks", "-T", "Counter(strat=1)", rounds())

    assert "Counter.__init__() got an unexpected keyword argument 'strat'" in message
    assert "tool-set" in message


def test_plugin_that_dies_in_a_call_is_named_to_the_model_and_the_chain_goes_on(tools: Inn) -> None:
    asked = rounds([["dies", {}], ["llm_version", {}]], [["shout", {"text": "back"}]])
    answer = tools.ok("-m", "asks", "-T", "dies", "-T", "shout", "-T", "llm_version", "--td", asked)
    assert outputs(answer) == ["BACK"]

    first = tools.run("-m", "asks", "-T", "dies", "-T", "shout", "-T", "llm_version", "--td", asked).stderr
    assert "Exception: PluginStopped: Plugin 'tool-set' stopped before it answered 'tools/call'." in first


def test_toolbox_whose_plugin_died_begins_anew(tools: Inn) -> None:
    asked = rounds([["Counter_add", {}]], [["Counter_crash", {}]], [["Counter_add", {}]])

    assert outputs(tools.ok("-m", "asks", "-T", "Counter(40)", asked)) == ["41"]


# Files and permissions


def test_path_in_a_toolboxs_arguments_is_readable_and_nothing_beside_it(tools: Inn, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("pelican")
    (tmp_path / "secret.txt").write_text("secret")
    asked = rounds([["read_named", {}], ["Files_read", {"other": "secret.txt"}]])

    named, other = outputs(tools.ok("-m", "asks", "-T", "Files('notes.txt')", asked, cwd=tmp_path))

    assert named == "pelican"
    assert other.startswith("Error: [Errno ")


def test_path_of_the_hosts_own_files_is_refused(tools: Inn) -> None:
    message = tools.fails("-m", "asks", "-T", f"Files({str(tools.home)!r})", rounds(), status=2)

    assert "it holds Innkeeper's own files" in message


def test_plugin_runs_another_plugins_tool_that_may_do_no_more_than_itself(tools: Inn) -> None:
    def asks(specification: str, name: str, **arguments: Any) -> str:
        asked = rounds([["asks_other", {"specification": specification, "name": name, "arguments": arguments}]])
        [output] = outputs(tools.ok("-m", "asks", "-T", "asks_other", asked))
        return output

    assert asks("tool-more/shout", "shout", text="a") == "aa"
    assert asks("QuickJS", "QuickJS_execute_javascript", javascript="6*7") == "42"
    assert asks("whisper", "whisper") == "Error: \"no tool 'whisper'\""
    assert asks("Functions", "x", code="1") == "Error: \"no tool 'Functions'\""
    tools.ok("plugins", "allow", "tool-more", "--net", "api.example.com")
    try:
        refused = "the tools of tool-more may do more than tool-set was allowed to do"
        assert asks("tool-more/shout", "shout", text="a") == f"Error: {refused}"
        assert asks("write_fifo", "write_fifo", path="x") == f"Error: {refused}"
    finally:
        tools.ok("plugins", "deny", "tool-more", "--net", "api.example.com")


def test_tools_that_run_one_another_for_ever_are_ended(tools: Inn) -> None:
    [output] = outputs(tools.ok("-m", "asks", "-T", "again", rounds([["again", {"depth": 0}]])))

    assert "more than 8 deep" in output


def test_template_of_a_plugin_names_tools_but_opens_no_file_and_no_permission(tools: Inn, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("pelican")
    asked = rounds([["shout", {"text": "a"}]])
    assert outputs(tools.ok("-m", "asks", "-t", "with-tool:shout", asked)) == ["A"]

    read = rounds([["read_named", {}]])
    [output] = outputs(tools.ok("-m", "asks", "-t", "with-tool:Files('notes.txt')", read, cwd=tmp_path))
    assert output.startswith("Error: [Errno ")

    tools.ok("plugins", "allow", "tool-set", "--net", "api.example.com")
    try:
        message = tools.fails("-m", "asks", "-t", "with-tool:shout", asked)
        assert message.splitlines()[0] == "Error: Template with-tool:shout may not have the tool shout used."
        assert outputs(tools.ok("-m", "asks", "-T", "shout", asked)) == ["A"]
    finally:
        tools.ok("plugins", "deny", "tool-set", "--net", "api.example.com")


def test_template_of_the_persons_own_has_tools_and_functions(tools: Inn) -> None:
    code = "def double(n: int) -> int:\n    return 2 * n\n"
    tools.ok("-T", "shout", "--functions", code, "$input", "--save", "able")

    asked = rounds([["shout", {"text": "a"}], ["double", {"n": 21}]])
    assert outputs(tools.ok("-m", "asks", "-t", "able", asked)) == ["A", "42"]


# Several at once, and giving up


@pytest.fixture
def fifo(tools: Inn, tmp_path: Path) -> Iterator[str]:
    """A pipe with a name, which blocks whoever opens one end until the other is open; both plugins may use it."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    for plugin in ("tool-set", "tool-more"):
        tools.ok("plugins", "allow", plugin, "--write", str(path))
    yield str(path)
    for plugin in ("tool-set", "tool-more"):
        tools.ok("plugins", "deny", plugin, "--write", str(path))


def test_calls_to_different_plugins_run_at_the_same_time(tools: Inn, fifo: str) -> None:
    """One reads what the other writes: one after the other, the first would wait for ever."""
    asked = rounds([["read_fifo", {"path": fifo}], ["write_fifo", {"path": fifo}]])

    answer = tools.ok("-m", "asks", "-T", "read_fifo", "-T", "write_fifo", asked)

    assert outputs(answer) == ["hello", "written"]


def test_interrupt_cancels_the_tool_that_runs(tools: Inn, fifo: str) -> None:
    with tools.running("-m", "asks", "-T", "waits", rounds([["waits", {"path": fifo}]])) as process:
        assert Path(fifo).read_text() == "began"
        plugins = Watched(descendants(process.pid))
        os.killpg(process.pid, signal.SIGINT)
        assert Path(fifo).read_text() == "cancelled"
        assert process.wait(20) == 130
        assert plugins.left_after(5) == []


# Code of the person's own

MULTIPLY = '''
total = 0

def multiply(x: int, y: int) -> int:
    """Multiply two numbers."""
    return x * y

def remember(n: int) -> int:
    global total
    total += n
    return total
'''


def test_functions_of_the_person_run_and_keep_their_state(tools: Inn, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MULTIPLY)
    asked = rounds([["multiply", {"x": 1337, "y": 4242}], ["remember", {"n": 2}]], [["remember", {"n": 3}]])

    assert outputs(tools.ok("-m", "asks", "--functions", "mine.py", asked, cwd=tmp_path)) == ["5"]
    assert outputs(tools.ok("-m", "asks", "--functions", MULTIPLY, rounds([["multiply", {"x": 6, "y": 7}]]))) == ["42"]
    assert "multiply(x: int, y: int)" in tools.ok("tools", "list", "--functions", MULTIPLY)


def test_functions_of_the_person_are_confined_until_they_are_allowed_more(tools: Inn, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("pelican")
    code = "def read(path: str) -> str:\n    with open(path) as file:\n        return file.read()\n"
    asked = rounds([["read", {"path": str(tmp_path / "notes.txt")}]])

    assert outputs(tools.ok("-m", "asks", "--functions", code, asked))[0].startswith("Error: [Errno ")
    tools.ok("plugins", "allow", "functions", "--read", str(tmp_path))
    assert outputs(tools.ok("-m", "asks", "--functions", code, asked)) == ["pelican"]


def test_code_that_does_not_run_says_why(tools: Inn) -> None:
    assert "Error in --functions definition: invalid syntax" in tools.fails("-m", "asks", "--functions", "def (", "x")
    assert "llm install innkeeper-functions --with nowhere" in tools.fails(
        "-m", "asks", "--functions", "import nowhere", "x"
    )
    assert tools.fails("-m", "asks", "--functions", "nowhere.py", "x").startswith("Error: File not found: nowhere.py\n")


# What the person sees and decides


def test_details_of_each_call_are_shown_on_stderr(tools: Inn) -> None:
    asked = rounds([["draws", {}], ["fails", {"text": "way"}], ["colours", {}]])
    options = ["-T", "draws", "-T", "fails", "-T", "colours"]
    expected = """
Tool call: draws({})
  {
    "shape": "circle"
  }

  Attachments:
    image/png, 3 bytes


Tool call: fails({'text': 'way'})
  Error: no way
  Exception: ValueError: no way

Tool call: colours({})
   ]0;owned  [31mred [0m

"""
    assert tools.run("-m", "asks", *options, "--td", asked).stderr == expected
    assert tools.run("-m", "asks", *options, asked, environment={"LLM_TOOLS_DEBUG": "1"}).stderr == expected
    assert tools.run("-m", "asks", *options, asked).stderr == ""


def test_calls_are_approved_at_the_terminal_one_by_one(tools: Inn) -> None:
    asked = rounds([["shout", {"text": "one"}], ["shout", {"text": "two"}]])
    terminal = tools.at_terminal("-m", "asks", "-T", "shout", "--ta", asked)
    for answer, text in (("y", "one"), ("n", "two")):
        terminal.expect_exact(f"Tool call: shout({{'text': '{text}'}})")
        terminal.expect_exact("Approve tool call? [y/N]: ")
        terminal.sendline(answer)
    terminal.expect('"ONE".*"Cancelled: User cancelled tool call"')
    terminal.wait()
    terminal.close()


def test_without_a_terminal_no_call_is_approved(tools: Inn) -> None:
    outcome = without_terminal(tools, "-m", "asks", "-T", "shout", "--ta", rounds([["shout", {"text": "a"}]]))

    assert outcome.status == 0
    assert outputs(outcome.stdout) == ["Cancelled: there is nobody to approve tool calls"]
    assert "there is no terminal to ask on (--ta)" in outcome.stderr


def without_terminal(inn: Inn, *arguments: str) -> Outcome:
    """Run a command in a session of its own, which has no terminal even where the tests have one."""
    done = subprocess.run(
        [LLM, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        env=inn.environment(),
        start_new_session=True,
        timeout=60,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)
