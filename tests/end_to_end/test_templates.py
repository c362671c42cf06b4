"""Templates: `llm -t`, `--save`, `llm templates`, loaders of plugins, and what those may name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .inn import Inn
from .loader_plugins import DIRECT


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A working directory of the person's."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "secret.txt").write_text("the secret")
    return folder


def seen(inn: Inn, *arguments: str, **how: Any) -> dict[str, Any]:
    """Return what the model is asked with `llm ARGUMENTS`."""
    answer: dict[str, Any] = json.loads(inn.ok(*arguments, **how))
    return answer


# Loaders


def test_the_loader_of_the_documentation_works_as_it_stands(loaders: Inn) -> None:
    asked = seen(loaders, "-m", "echo", "-t", "my-prefix:some/path", "hello")

    assert (asked["prompt"], asked["system"]) == ("Say hello", "You are terse")


def test_every_field_of_a_template_counts(loaders: Inn) -> None:
    outcome = loaders.run("-t", "everything:x", "-p", "mood", "wild", "you")
    assert outcome.status == 0, outcome
    assert json.loads(outcome.stdout) == {
        "prompt": "text about one\nHello you",
        "system": "text about two\n\nBe wild",
        "schema": {"type": "object"},
        "tone": "calm",
        "attachments": [["image/png", "https://example.com/a.png"], ["image/gif", "https://example.com/b"]],
        "tools": [],
    }
    assert "Template everything:x brings functions of its own, which are not run" in outcome.stderr


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("fails-t:fish", "Error: Could not load template fails-t:fish: there is no fish [31m\n"),
        ("wrong-t:x", "Error: Could not load template wrong-t:x: the loader returned int, not a Template\n"),
        (
            "my-prefx:x",
            "Error: Unknown template prefix: my-prefx\n"
            "  Near to it: my-prefix. What the plugins have: llm templates loaders\n",
        ),
    ],
)
def test_what_goes_wrong_is_the_persons_message(loaders: Inn, template: str, says: str) -> None:
    assert loaders.fails("-m", "echo", "-t", template, "q") == says


def test_loaders_are_listed_and_what_they_give_is_shown(loaders: Inn) -> None:
    assert "my-prefix:\n  Undocumented\n" in loaders.ok("templates", "loaders")
    assert loaders.ok("templates", "show", "my-prefix:x") == ("name: x\nprompt: Say $input\nsystem: You are terse\n\n")


def test_a_plugin_reads_the_template_that_the_person_named(loaders: Inn, work: Path) -> None:
    (work / "t.txt").write_text("Do $input")

    assert seen(loaders, "-m", "echo", "-t", "read-t:t.txt", "it", cwd=work)["prompt"] == "Do it"


def test_a_plugins_template_names_what_the_plugin_itself_may_read(loaders: Inn) -> None:
    assert seen(loaders, "-m", "echo", "-t", "own-file:x")["prompt"] == "cached x\np"


@pytest.mark.parametrize("prefix", ["wants", "attaches"])
@pytest.mark.parametrize("name", ["secret.txt", "{work}/secret.txt", "{home}/index.json", "-"])
def test_and_no_file_of_the_persons(loaders: Inn, work: Path, prefix: str, name: str) -> None:
    """What is sent may go to a model of the same plugin. The person wrote it backwards, so they did not name it."""
    path = name.format(work=work, home=loaders.home)
    message = loaders.fails("-m", "echo", "-t", f"{prefix}:{path[::-1]}", "q", cwd=work, stdin="the secret")

    assert "the secret" not in message
    assert "may not" in message


def test_a_plugin_may_have_another_load_a_template(loaders: Inn) -> None:
    assert loaders.ok("-m", "nested", "template|my-prefix|x").strip() == "x: Say $input"
    assert "are not for plugins" in loaders.ok("-m", "nested", "template||mine")


# Stored templates


def test_what_was_asked_is_saved_and_asked_again(loaders: Inn, work: Path) -> None:
    loaders.ok(
        "Tell $who about $input", "-m", "echo", "-s", "Be kind", "-p", "who", "me", "-o", "thinking", "0",
        "-f", "my-fragments:x", "--save", "tell", cwd=work,
    )  # fmt: skip
    stored = (loaders.home / "templates/tell.yaml").read_text()

    assert stored == (
        "model: echo\nprompt: Tell $who about $input\nsystem: Be kind\ndefaults:\n    who: me\n"
        "fragments:\n- my-fragments:x\noptions:\n    thinking: false\n"
    )
    assert seen(loaders, "-t", "tell", "birds")["prompt"] == "text about x\nTell me about birds"
    assert (
        seen(loaders, "-t", "tell", "-p", "who", "her", stdin="fish")["prompt"] == "text about x\nTell her about fish"
    )


def test_saving_names_what_it_cannot_be_used_with(loaders: Inn) -> None:
    assert "--save cannot be used with --template" in loaders.fails("--save", "x", "-t", "y", "hi", status=2)
    assert "Unknown model: nosuch" in loaders.fails("-m", "nosuch", "--save", "x", "hi")
    assert "no option 'lenght'" in loaders.fails("-m", "echo", "-o", "lenght", "1", "--save", "x", "hi")
    assert "is no name for a template" in loaders.fails("--save", "../x", "hi", status=2)


def test_templates_are_combined_from_left_to_right(loaders: Inn) -> None:
    write(loaders, "outer", "prompt: 'Outer($input)'\nsystem: first\n")
    write(loaders, "inner", "prompt: 'Inner($input)'\nsystem: second\nmodel: echo\n")

    asked = seen(loaders, "-t", "inner", "-t", "outer", "typed", stdin="piped")

    assert (asked["prompt"], asked["system"]) == ("Outer(Inner(piped typed))", "second")


def test_missing_parameters_are_named(loaders: Inn) -> None:
    write(loaders, "blank", "prompt: $a and $b\n")

    assert loaders.fails("-m", "echo", "-t", "blank", "x").startswith("Error: Missing variables: a, b\n")


def test_a_template_in_a_file_or_at_an_address(loaders: Inn, work: Path, page: str) -> None:
    (work / "t.yaml").write_text("prompt: from a file\n")

    assert seen(loaders, "-m", "echo", "-t", "./t.yaml", cwd=work)["prompt"] == "from a file"
    assert (
        seen(loaders, "-m", "echo", "-t", page.replace("page.html", "t.yaml"), environment=DIRECT)["prompt"]
        == "from afar"
    )


def test_a_broken_template_hides_no_other(loaders: Inn) -> None:
    write(loaders, "broken", "prompt: [unclosed\n")
    write(loaders, "whole", "prompt: |-\n  two\n  lines\nsystem: sys\n")

    outcome = loaders.run("templates")

    assert "whole" in outcome.stdout
    assert " : system: sys prompt: two lines\n" in outcome.stdout
    assert "broken" not in outcome.stdout
    assert "Template 'broken' is not YAML." in outcome.stderr
    assert outcome.status == 0
    assert "Template 'broken' is not YAML." in loaders.fails("-m", "echo", "-t", "broken", "x")


def test_a_template_is_edited_in_the_persons_editor(loaders: Inn, work: Path) -> None:
    editor = work / "editor"
    editor.write_text("#!/bin/sh\ncat > \"$1\" <<'END'\nprompt: edited\nEND\n")
    editor.chmod(0o755)

    loaders.ok("templates", "edit", "mine", environment={"EDITOR": str(editor), "VISUAL": str(editor)})

    assert loaders.ok("templates", "show", "mine") == "name: mine\nprompt: edited\n\n"
    assert loaders.ok("templates", "path").strip() == str(loaders.home / "templates")


def test_an_unknown_template_gets_the_nearest_names(loaders: Inn) -> None:
    write(loaders, "summarise", "prompt: x\n")

    assert "Near to it: summarise" in loaders.fails("-m", "echo", "-t", "sumarise", "x")


# Published plugins


def test_fsspec_loads_a_template_from_a_file(loaders: Inn, work: Path) -> None:
    (work / "t.yaml").write_text("prompt: Ask $input\nsystem: Be kind\n")

    asked = seen(loaders, "-m", "echo", "-t", "fsspec:t.yaml", "hello", cwd=work)

    assert (asked["prompt"], asked["system"]) == ("Ask hello", "Be kind")


def write(inn: Inn, name: str, text: str) -> None:
    folder = inn.home / "templates"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.yaml").write_text(text)
