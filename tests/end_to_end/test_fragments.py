"""Fragments: `llm -f`, `llm fragments`, loaders of plugins, and what those may read."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from .inn import Inn
from .loader_plugins import DIRECT
from .processes import Watched, descendants

PLUGIN = "loader-cases"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A working directory of the person's."""
    folder = tmp_path / "work"
    (folder / "docs").mkdir(parents=True)
    (folder / "a.txt").write_text("text of a")
    (folder / "b.txt").write_text("text of b")
    (folder / "docs/in.txt").write_text("text within")
    return folder


def seen(inn: Inn, *arguments: str, **how: Any) -> dict[str, Any]:
    """Return what the model is asked with `llm -m echo ARGUMENTS`."""
    answer: dict[str, Any] = json.loads(inn.ok("-m", "echo", *arguments, **how))
    return answer


# Loaders


def test_the_loader_of_the_documentation_works_as_it_stands(loaders: Inn) -> None:
    assert seen(loaders, "-f", "my-fragments:pelicans", "why?")["prompt"] == "text about pelicans\nwhy?"
    assert seen(loaders, "--sf", "my-fragments:pelicans", "-s", "Be brief", "why?") == {
        "prompt": "why?",
        "system": "text about pelicans\n\nBe brief",
        "attachments": [],
        "stream": True,
        "previous": [],
    }


def test_a_loader_may_give_texts_and_files_of_its_own(loaders: Inn) -> None:
    """The first file is 3 MB and lies in the plugin's private tmp, where nobody else can see it."""
    asked = seen(loaders, "-f", "many:bird", "-f", "my-fragments:x", "q")

    assert asked["prompt"] == "first bird\nsecond bird\ntext about x\nq"
    assert [(one["type"], one.get("url")) for one in asked["attachments"]] == [
        ("image/png", None),
        ("image/gif", None),
        ("image/jpeg", "https://example.com/p.jpg"),
    ]


def test_a_system_prompt_takes_no_files(loaders: Inn) -> None:
    assert "Could not use fragment many:x: it holds an attachment." in loaders.fails(
        "-m", "echo", "--sf", "many:x", "q"
    )


@pytest.mark.parametrize(
    ("fragment", "says"),
    [
        ("fails:fish", "Error: Could not load fragment fails:fish: there is no fish [31m\n"),
        ("breaks:key", "Error: Could not load fragment breaks:key: 'key'\n"),
        (
            "wrong:x",
            "Error: Could not load fragment wrong:x: the loader returned int, not a Fragment or an Attachment\n",
        ),
    ],
)
def test_what_a_loader_raises_is_the_persons_message(loaders: Inn, fragment: str, says: str) -> None:
    assert loaders.fails("-m", "echo", "-f", fragment, "q") == says


def test_a_loader_that_dies_is_said_and_what_it_is_called(loaders: Inn) -> None:
    message = loaders.fails("-m", "echo", "-f", "dies:x", "q")

    assert "Plugin 'loader-cases' stopped before it answered 'fragments/load'." in message
    assert "status 3" in message


def test_an_unknown_prefix_gets_the_nearest_one(loaders: Inn) -> None:
    assert loaders.fails("-m", "echo", "-f", "my-fragment:x", "q") == (
        "Error: Unknown fragment prefix: my-fragment\n"
        "  Near to it: my-fragments, my-fragments_1. What the plugins have: llm fragments loaders\n"
    )


def test_the_second_plugin_with_a_prefix_has_a_number_behind_it(loaders: Inn) -> None:
    assert seen(loaders, "-f", "my-fragments_1:x", "q")["prompt"] == "x\nq"


def test_loaders_are_listed_with_what_they_say_of_themselves(loaders: Inn) -> None:
    listing = loaders.ok("fragments", "loaders")

    assert "my-fragments:\n  Undocumented\n\n" in listing
    assert "\nread:\n  Read a file\n\n" in listing
    assert "\nmany:\n  Texts and files\n\n  Give it a word.\n\n" in listing


# What the person names, the plugin may read


def test_a_plugin_reads_the_file_that_the_person_named(loaders: Inn, work: Path) -> None:
    assert seen(loaders, "-f", "read:a.txt", "q", cwd=work)["prompt"] == "text of a\nq"
    assert seen(loaders, "-f", f"read:{work}/docs/in.txt", "q")["prompt"] == "text within\nq"
    assert (
        seen(loaders, "-f", "listing:docs", "-f", "read:docs/in.txt", "q", cwd=work)["prompt"]
        == "in.txt\ntext within\nq"
    )


def test_a_link_shows_what_it_leads_to(loaders: Inn, work: Path) -> None:
    (work / "link.txt").symlink_to("a.txt")

    assert seen(loaders, "-f", "read:link.txt", "q", cwd=work)["prompt"] == "text of a\nq"


@pytest.mark.parametrize("name", ["../b.txt", "way-out", "../docs/way-out", "../none"])
def test_and_nothing_beside_it(loaders: Inn, work: Path, name: str) -> None:
    (work / "docs/way-out").symlink_to("../b.txt")
    assert seen(loaders, "-f", "inside:docs?in.txt", "q", cwd=work)["prompt"] == "text within\nq"

    message = loaders.fails("-m", "echo", "-f", f"inside:docs?{name}", "q", cwd=work)

    assert message.startswith(f"Error: Could not load fragment inside:docs?{name}: [Errno ")


def test_what_a_plugin_was_shown_another_call_of_it_does_not_see(loaders: Inn, work: Path) -> None:
    """The model is of the plugin that was shown the file, and has its own loader asked for it."""
    answer = loaders.ok("-m", "nested", "-f", "read:a.txt", f"fragment|read|{work}/a.txt", cwd=work)

    assert f"Could not load fragment read:{work}/a.txt: [Errno " in answer
    assert "text of a" not in answer


def test_the_working_directory_is_the_persons_and_the_home_its_own(loaders: Inn, work: Path) -> None:
    prompt = seen(loaders, "-f", "environment:x", "q", cwd=work)["prompt"]

    assert prompt == f"{(str(work), str(loaders.home / 'plugins' / PLUGIN / 'data'))!r}\nq"


def test_a_tilde_is_the_persons_home_folder(loaders: Inn, work: Path) -> None:
    prompt = seen(loaders, "-f", "read:~/a.txt", "q", environment={"HOME": str(work)})["prompt"]

    assert prompt == "text of a\nq"


def test_the_hosts_own_files_are_shown_to_no_plugin(loaders: Inn) -> None:
    message = loaders.fails("-m", "echo", "-f", "read:index.json", "q", status=2, cwd=loaders.home)

    assert message.startswith("Error: Plugin 'loader-cases' cannot be shown ")
    assert "it holds Innkeeper's own files" in message


# Other plugins' loaders


def test_a_plugin_may_have_another_load_something(loaders: Inn) -> None:
    assert loaders.ok("-m", "nested", "fragment|my-fragments|x").strip() == "text about x|"
    assert loaders.ok("-m", "nested", "fragment|many|x").startswith(r"first x|b'\x89PNG\r\n\x1a\n0'second x|b'inline'")


def test_what_a_plugin_names_opens_no_file(loaders: Inn, work: Path) -> None:
    answer = loaders.ok("-m", "nested", f"fragment|read|{work}/a.txt")

    assert "text of a" not in answer
    assert "Could not load fragment read:" in answer


def test_what_another_may_fetch_is_fetched_for_who_may_do_as_much_and_in_commands(loaders: Inn) -> None:
    """Else a plugin would get at files and servers through the loaders of those that were allowed them."""
    grant = ("--net", "notes.example.com")
    loaders.ok("plugins", "allow", "my-fragment-loader", *grant)

    refused = loaders.ok("-m", "nested", "fragment|my-fragments|x")
    assert loaders.ok("fetch", "my-fragments:x").strip() == "text about x"
    loaders.ok("plugins", "allow", "loader-cases", *grant)
    assert loaders.ok("-m", "nested", "fragment|my-fragments|x").strip() == "text about x|"

    assert "the loaders of my-fragment-loader may do more than loader-cases was allowed to do" in refused
    for plugin in ("my-fragment-loader", "loader-cases"):
        loaders.ok("plugins", "deny", plugin, *grant)


def test_loaders_that_call_each_other_for_ever_are_ended(loaders: Inn) -> None:
    message = loaders.fails("-m", "echo", "-f", "again:x", "q")

    assert "plugins that call one another: more than 8 deep, ended here" in message


def test_an_interrupt_gives_up_on_a_loader_that_another_plugin_waits_for(loaders: Inn) -> None:
    with loaders.running("-m", "nested", "fragment|waits|x") as host:
        assert host.stdout is not None
        assert host.stdout.readline() == "asking\n"
        plugins = Watched(descendants(host.pid))

        host.send_signal(signal.SIGINT)

        assert host.wait(20) == 130
        assert plugins.left_after(5.0) == []


# Stored fragments, files, stdin


def test_files_and_stdin_go_before_the_prompt(loaders: Inn, work: Path) -> None:
    assert seen(loaders, "-f", "a.txt", "--fragment", "b.txt", "q", cwd=work)["prompt"] == "text of a\ntext of b\nq"
    assert seen(loaders, "-f", "-", "q", stdin="piped")["prompt"] == "piped\nq"


def test_a_fragment_is_stored_under_an_alias(loaders: Inn, work: Path) -> None:
    (work / "kept.txt").write_text("text to keep")
    loaders.ok("fragments", "set", "my-alias", "kept.txt", cwd=work)
    [stored] = json.loads(loaders.ok("fragments", "--json", "-q", "my-alias"))

    assert {**stored, "datetime_utc": ""} == {
        "hash": stored["hash"],
        "aliases": ["my-alias"],
        "datetime_utc": "",
        "source": str(work / "kept.txt"),
        "content": "text to keep",
    }
    assert seen(loaders, "-f", "my-alias", "-f", stored["hash"], "q")["prompt"] == "text to keep\ntext to keep\nq"
    assert loaders.ok("fragments", "show", "my-alias") == "text to keep\n"

    loaders.ok("fragments", "remove", "my-alias")
    assert "Fragment 'my-alias' not found" in loaders.fails("-m", "echo", "-f", "my-alias", "q")


def test_a_list_shows_each_fragment_as_yaml(loaders: Inn) -> None:
    loaders.ok("fragments", "set", "long", "-", stdin="line one\n" + "x" * 200)
    lines = loaders.ok("fragments", "list", "--aliases", "-q", "long").splitlines()

    assert lines[1:3] == ["  aliases:", "  - long"]
    assert lines[4:] == ["  source: '-'", "  content: |-", "    line one", "    " + "x" * 88 + "..."]


def test_a_source_cannot_move_the_terminal(loaders: Inn) -> None:
    loaders.ok("fragments", "set", "odd", "echoing:text")

    assert json.loads(loaders.ok("fragments", "--json", "-q", "odd"))[0]["source"] == "]0;owned text"


# Published plugins


def test_symbex_gives_the_signatures_of_a_folder(loaders: Inn, work: Path) -> None:
    (work / "docs/module.py").write_text('def add(a: int, b: int) -> int:\n    "Adds"\n    return a + b\n')

    assert seen(loaders, "-f", "symbex:docs", "what", cwd=work)["prompt"] == (
        '# from module import add\ndef add(a: int, b: int) -> int:\n    "Adds"\nwhat'
    )


def test_site_text_needs_a_grant_for_the_site(loaders: Inn, page: str) -> None:
    host = page.removeprefix("http://").partition("/")[0]
    denied = loaders.fails("-m", "echo", "-f", f"site:{page}", "what", environment=DIRECT)
    assert f"llm plugins allow llm-fragments-site-text --net {host}" in denied

    loaders.ok("plugins", "allow", "llm-fragments-site-text", "--net", host)
    assert "pelicans fish in groups" in seen(loaders, "-f", f"site:{page}", "what", environment=DIRECT)["prompt"]
