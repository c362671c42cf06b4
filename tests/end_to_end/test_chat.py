"""Chats, in a terminal of their own as people have them, and with a program at the other end."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pexpect
import pytest

from .inn import LLM, Inn
from .plugin_source import write_plugin

TALKERS = """
import os, secrets, threading
import llm

process = "p" + secrets.token_hex(4)

@llm.hookimpl
def register_models(register):
    register(Talker())
    register(Loner())

@llm.hookimpl
def register_tools(register):
    register(double)

def double(number: int) -> str:
    "Twice the number"
    return str(number * 2)

class Talker(llm.Model):
    model_id = "talker"
    can_stream = True
    supports_tools = True
    class Options(llm.Options):
        mood: str = "fine"

    def execute(self, prompt, stream, response, conversation):
        text, history = prompt.prompt, [one.prompt.prompt for one in conversation.responses]
        if prompt.tool_results:
            yield f"<tool said {prompt.tool_results[0].output}>"
        elif text.startswith("double"):
            response.add_tool_call(llm.ToolCall(name="double", arguments={"number": int(text.split()[1])}))
        elif text == "wait":
            yield "<waiting>"
            threading.Event().wait()
        elif text == "count":
            number = 0
            while True:
                yield f"<{number}>"
                number += 1
        elif text == "die":
            os._exit(7)
        elif text == "fail":
            raise llm.ModelError("<no idea>")
        else:
            yield f"<{text!r} system={prompt.system!r} mood={prompt.options.mood} after={history!r} in {process}>"

class Loner(llm.Model):
    model_id = "loner"
    supports_conversation = False

    def execute(self, prompt, stream, response, conversation):
        yield "alone"
"""


@pytest.fixture(scope="module")
def talkers(tmp_path_factory: pytest.TempPathFactory) -> Inn:
    """A home with a model that says what it sees, and a tool. For tests that only read, besides the log."""
    folder = tmp_path_factory.mktemp("talkers")
    inn = Inn(folder / "home")
    inn.ok("install", write_plugin(folder, "talkers", TALKERS))
    return inn


class Chat:
    """A chat in a terminal."""

    def __init__(self, inn: Inn, *options: str, environment: dict[str, str] | None = None) -> None:
        inn_environment = {**inn.environment(environment), "TERM": "xterm", "NO_COLOR": "1"}
        self.terminal = pexpect.spawn(
            LLM, ["chat", "-m", "talker", *options], env=inn_environment, encoding="utf-8", timeout=30, echo=True
        )
        self.terminal.expect_exact("Chatting with talker")
        self.wait()

    def wait(self) -> None:
        """Wait until the person may speak."""
        self.terminal.expect("\r?\n(?:\x1b\\[\\?2004h)?> ")

    def say(self, text: str) -> str:
        """Type a line, and return what the model says: all that stands between angle brackets."""
        self.terminal.sendline(text)
        self.terminal.expect("<([^>]*)>")
        assert self.terminal.match is not None
        said = str(self.terminal.match[1])
        self.wait()
        return said

    def leave(self, word: str = "quit") -> None:
        self.terminal.sendline(word)
        self.terminal.expect(pexpect.EOF)
        self.terminal.close()
        assert self.terminal.exitstatus == 0, self.terminal.before


def process_in(said: str) -> str:
    return said.rpartition(" in p")[2]


def logged(inn: Inn) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(inn.ok("logs", "--json", "-n", "0"))
    return found


def test_option_that_the_model_has_not_is_refused_before_anything_is_said(talkers: Inn) -> None:
    message = talkers.fails("chat", "-m", "talker", "-o", "mod", "gloomy")

    assert message == (
        "Error: Model talker has no option 'mod'.\n  It has: mood. What they are: llm models list --options -m talker\n"
    )


def test_turns_know_of_one_another_and_share_a_process(talkers: Inn) -> None:
    chat = Chat(talkers, "-s", "be brief", "-o", "mood", "glad")

    first, second = chat.say("hello"), chat.say("and again")
    chat.leave()

    assert first.startswith("'hello' system='be brief' mood=glad after=[] in p")
    assert second.startswith("'and again' system='' mood=glad after=['hello'] in p")
    assert process_in(first) == process_in(second)
    entries = logged(talkers)[-2:]
    assert [entry["prompt"] for entry in entries] == ["hello", "and again"]
    assert entries[0]["conversation_id"] == entries[1]["conversation_id"]
    assert [entry["system"] for entry in entries] == ["be brief", "be brief"]


def test_a_chat_goes_on_where_another_ended(talkers: Inn) -> None:
    chat = Chat(talkers)
    chat.say("remember this")
    chat.leave("exit")

    chat = Chat(talkers, "-c")
    said = chat.say("what was it")
    chat.leave()

    assert said.startswith("'what was it' system='' mood=fine after=['remember this'] in p")
    assert "after=['remember this', 'what was it']" in talkers.ok("-c", "and from the command line")


def test_several_lines_are_one_turn_with_empty_ones_among_them(talkers: Inn) -> None:
    chat = Chat(talkers)
    chat.terminal.sendline("!multi code")
    for line in ("first", "", "!end", "last"):
        chat.terminal.sendline(line)

    said = chat.say("!end code")
    chat.leave()

    assert said.startswith(r"'first\n\n!end\nlast' ")


def test_a_line_can_be_edited_and_the_one_before_it_fetched(talkers: Inn) -> None:
    up, left, control_a = "\x1b[A", "\x1b[D", "\x01"
    chat = Chat(talkers)

    first = chat.say(f"helo{left}l")
    second = chat.say(f"{up}{control_a}oh ")
    chat.leave()

    assert first.startswith("'hello' ")
    assert second.startswith("'oh hello' ")


def test_the_editor_writes_a_turn(talkers: Inn, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nprintf "from the editor\\n\\nand more\\n" > "$1"\nsleep 1.1\ntouch "$1"\n', "utf-8")
    editor.chmod(editor.stat().st_mode | stat.S_IXUSR)
    chat = Chat(talkers, environment={"EDITOR": str(editor), "VISUAL": ""})

    said = chat.say("!edit")
    chat.leave()

    assert said.startswith(r"'from the editor\n\nand more' ")


def test_fragments_go_with_the_first_turn_and_with_those_that_name_one(talkers: Inn, tmp_path: Path) -> None:
    (tmp_path / "first.txt").write_text("at first", "utf-8")
    (tmp_path / "later.txt").write_text("later on", "utf-8")
    chat = Chat(talkers, "-f", str(tmp_path / "first.txt"))

    first = chat.say("one")
    second = chat.say(f"!fragment {tmp_path / 'later.txt'}")
    chat.terminal.sendline("!multi")
    chat.terminal.sendline(f"!fragment {tmp_path / 'later.txt'}")
    chat.terminal.sendline("three")
    third = chat.say("!end")
    chat.leave()

    assert [said.partition(" system=")[0] for said in (first, second, third)] == [
        r"'at first\none'",
        "'later on'",
        r"'later on\nthree'",
    ]


def test_tools_are_called_and_the_answer_goes_on(talkers: Inn) -> None:
    chat = Chat(talkers, "-T", "double", "--td")

    said = chat.say("double 21")
    chat.leave()

    assert said == "tool said 42"
    call, result = logged(talkers)[-2:]
    assert [one["name"] for one in call["tool_calls"]] == ["double"]
    assert [one["output"] for one in result["tool_results"]] == ["42"]


def test_a_template_makes_every_turn(talkers: Inn) -> None:
    talkers.ok("--save", "asks", "Say $input, $how", "-s", "on $input", "-p", "how", "please")
    chat = Chat(talkers, "-t", "asks", "-p", "how", "now")

    first, second = chat.say("one"), chat.say("two")
    chat.leave()

    assert first.startswith("'Say one, now' system='on one' ")
    assert second.startswith("'Say two, now' system='on two' mood=fine after=['Say one, now'] ")


def test_a_system_prompt_of_the_persons_stands_for_that_of_the_template(talkers: Inn) -> None:
    talkers.ok("--save", "terse", "Say $input", "-s", "terse")
    chat = Chat(talkers, "-t", "terse", "-s", "kind")

    first, second = chat.say("one"), chat.say("two")
    chat.leave()

    assert first.startswith("'Say one' system='kind' ")
    assert second.startswith("'Say two' system='' ")


def test_ctrl_c_stops_the_answer_and_the_chat_goes_on(talkers: Inn) -> None:
    chat = Chat(talkers)
    before = chat.say("hello")
    chat.terminal.sendline("count")
    chat.terminal.expect_exact("<100>")

    chat.terminal.sendintr()

    chat.wait()
    after = chat.say("still there")
    chat.leave()
    assert process_in(after) == process_in(before)
    assert "after=['hello'] " in after


def test_ctrl_c_ends_a_plugin_that_does_not_listen_and_the_next_turn_gets_a_new_one(talkers: Inn) -> None:
    chat = Chat(talkers)
    before = chat.say("hello")
    chat.terminal.sendline("wait")
    chat.terminal.expect_exact("<waiting>")

    chat.terminal.sendintr()

    chat.wait()
    after = chat.say("hello again")
    chat.leave()
    assert "after=['hello'] " in after
    assert process_in(after) != process_in(before)


def test_what_goes_wrong_is_told_and_the_chat_goes_on(talkers: Inn) -> None:
    chat = Chat(talkers, "-s", "sys")
    chat.say("fail")
    chat.terminal.sendline("die")
    chat.terminal.expect_exact("Error: Plugin 'talkers' stopped")
    chat.wait()
    chat.terminal.sendline("!fragment nowhere-to-be-found")
    chat.terminal.expect_exact("Error: Fragment 'nowhere-to-be-found' not found")
    chat.wait()

    said = chat.say("hello")
    chat.leave()

    assert said.startswith("'hello' system='sys' mood=fine after=[] in p")


def test_ctrl_d_ends_it(talkers: Inn) -> None:
    chat = Chat(talkers)

    chat.terminal.sendeof()

    chat.terminal.expect(pexpect.EOF)
    chat.terminal.close()
    assert chat.terminal.exitstatus == 0


def test_a_program_may_speak_and_hears_of_errors(talkers: Inn) -> None:
    heard = talkers.run("chat", "-m", "talker", stdin="hello\nquit\nnever said\n")
    failed = talkers.run("chat", "-m", "talker", stdin="fail\nnever said\n")

    assert heard.status == 0
    assert heard.stdout.count("<'") == 1
    assert failed.status == 1
    assert failed.stderr == "Error: <no idea>\n"
    assert "never said" not in heard.stdout + failed.stdout


def test_nothing_is_logged_where_that_is_wished(talkers: Inn) -> None:
    talkers.ok("chat", "-m", "talker", stdin="to be logged\n")
    before = len(logged(talkers))

    talkers.ok("chat", "-m", "talker", "-n", stdin="hello\n")

    assert len(logged(talkers)) == before


def test_a_model_that_takes_no_conversation_says_so(talkers: Inn) -> None:
    message = talkers.fails("chat", "-m", "loner", status=2)

    assert "does not support conversations" in message


def test_bytes_that_are_no_text_are_refused_plainly(talkers: Inn) -> None:
    outcome = talkers.run("chat", "-m", "talker", stdin=b"caf\xe9\n")

    assert outcome.status == 1
    assert outcome.stderr.splitlines()[0] == "Error: The prompt is not text."
