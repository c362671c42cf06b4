"""What the person's words name, and what they do not."""

from __future__ import annotations

from pathlib import Path

import pytest
from innkeeper.confinement.granting import allow
from innkeeper.confinement.grants import Grants
from innkeeper.errors import UsageError
from innkeeper.paths import Home
from innkeeper.remote.named_paths import named_paths, with_home_folder

PLUGIN = "llm-reader"


@pytest.fixture
def cwd(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    (folder / "docs").mkdir(parents=True)
    for name in ("a.pdf", "docs/b.md", "c d.txt", "q?.txt", "inner.zip"):
        (folder / name).write_text("text")
    (tmp_path / "home" / "plugins" / PLUGIN / "data").mkdir(parents=True)
    (tmp_path / "home" / "keys.json").write_text("{}")
    return folder


def named(cwd: Path, *texts: str) -> list[str]:
    """Return what *texts* name, relative to *cwd* where it lies there."""
    found = named_paths(texts, PLUGIN, home=Home(str(cwd.parent / "home")), cwd=str(cwd))
    return [path.removeprefix(f"{cwd}/") for path in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.pdf", ["a.pdf"]),
        ("./docs/../a.pdf", ["a.pdf"]),
        ("docs", ["docs"]),
        ("docs/", ["docs"]),
        ("docs/b.md", ["docs/b.md"]),
        ("c d.txt", ["c d.txt"]),
        ("q?.txt", ["q?.txt"]),
        ("a.pdf?pages=1-3", ["a.pdf"]),
        ("a.pdf#page=2", ["a.pdf"]),
        ("a.pdf:10-20", ["a.pdf"]),
        ("docs?glob=*.md", ["docs"]),
        ("inner.zip/in/it.txt", ["inner.zip"]),
        ("file://docs/b.md", ["docs/b.md"]),
        ("zip://in/it.yaml::inner.zip", ["inner.zip"]),
        ("simplecache::file://a.pdf", ["a.pdf"]),
        ("missing.pdf", []),
        ("docs/missing.md", []),
        ("https://example.com/a.pdf", []),
        ("a.pdf://docs", []),
        ("simonw/llm:a.pdf", []),
        ("", []),
        ("a\0.pdf", []),
        ("a.pdf" + "/x" * 5000, ["a.pdf"]),
        ("/proc/self/environ", []),
        ("/dev/null", []),
        ("/sys", []),
    ],
)
def test_an_argument_names_what_exists_and_nothing_beside_it(cwd: Path, text: str, expected: list[str]) -> None:
    assert named(cwd, text) == expected


def test_the_working_directory_is_named_by_a_dot(cwd: Path) -> None:
    assert named(cwd, ".") == [str(cwd)]


def test_several_words_name_each_thing_once(cwd: Path) -> None:
    assert named(cwd, "a.pdf", "docs", "./a.pdf") == ["a.pdf", "docs"]


def test_both_ends_of_a_link_are_seen(cwd: Path) -> None:
    """A plugin opens what was typed; in a view of its own there must be something of that name."""
    (cwd / "elsewhere").mkdir()
    (cwd / "elsewhere" / "real.txt").write_text("text")
    (cwd / "link.txt").symlink_to("elsewhere/real.txt")

    assert named(cwd, "link.txt") == ["elsewhere/real.txt", "link.txt"]


def test_dots_behind_a_link_lead_where_the_system_says(cwd: Path) -> None:
    """``link/../secret`` is beside the link's target, not beside the link."""
    (cwd / "far" / "away").mkdir(parents=True)
    (cwd / "far" / "secret").write_text("meant")
    (cwd / "secret").write_text("not meant")
    (cwd / "link").symlink_to("far/away")

    assert named(cwd, "link/../secret") == ["far/secret"]


@pytest.mark.parametrize("text", ["../home/keys.json", "../home", "..", "/", "link-to-keys", "~"])
def test_the_hosts_own_files_are_refused(cwd: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(cwd.parent))
    (cwd / "link-to-keys").symlink_to("../home/keys.json")

    with pytest.raises(UsageError, match=f"Plugin '{PLUGIN}' cannot be shown .*it holds Innkeeper's own files"):
        named(cwd, text)


def test_a_plugins_own_data_needs_no_right(cwd: Path) -> None:
    (cwd.parent / "home/plugins" / PLUGIN / "data/own.txt").write_text("text")

    assert named(cwd, f"../home/plugins/{PLUGIN}/data/own.txt") == []


def test_another_plugins_data_is_refused(cwd: Path) -> None:
    (cwd.parent / "home/plugins/llm-other/data").mkdir(parents=True)

    with pytest.raises(UsageError):
        named(cwd, "../home/plugins/llm-other/data")


def test_a_tilde_is_the_persons_home_folder(cwd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(cwd))

    assert named(cwd, "~/a.pdf") == ["a.pdf"]
    assert with_home_folder("~/a.pdf?x=~/b") == f"{cwd}/a.pdf?x=~/b"
    assert with_home_folder("~other/a.pdf") == "~other/a.pdf"


def test_without_a_working_directory_only_absolute_paths_name_something(cwd: Path) -> None:
    home = Home(str(cwd.parent / "home"))

    assert named_paths(["a.pdf", f"{cwd}/a.pdf"], PLUGIN, home=home, cwd=None) == (f"{cwd}/a.pdf",)


def allow_writing(cwd: Path, plugin: str, folder: Path) -> None:
    allow(Home(str(cwd.parent / "home")), plugin, "index", Grants(write=(str(folder),)))


@pytest.mark.parametrize("writer", [PLUGIN, "llm-other"])
def test_link_where_a_plugin_may_write_is_not_followed(cwd: Path, writer: str) -> None:
    """Otherwise a plugin could have a file of the person's read by naming its own after it, and wait to be asked."""
    (cwd.parent / "secret.txt").write_text("secret")
    for name, target in (("trap.pdf", "../../secret.txt"), ("trap", "../.."), ("chain.pdf", "trap/secret.txt")):
        (cwd / "docs" / name).symlink_to(target)
    (cwd / "way-in").symlink_to("docs")
    assert named(cwd, "docs/trap.pdf") == [str(cwd.parent / "secret.txt"), "docs/trap.pdf"]

    allow_writing(cwd, writer, cwd / "docs")

    for text in (
        "docs/trap.pdf",
        "docs/trap/secret.txt",
        "docs/chain.pdf",
        "way-in/trap.pdf",
        "docs/trap.pdf?page=1",
        "docs/trap/work/../secret.txt",
    ):
        with pytest.raises(UsageError, match="a link in it lies where a plugin may write") as caught:
            named(cwd, text)
        assert str(cwd.parent / "secret.txt") in str(caught.value)
    assert named(cwd, "docs/b.md") == ["docs/b.md"]
    assert named(cwd, "way-in/b.md") == ["docs/b.md", "way-in/b.md"]
    assert named(cwd, str(cwd.parent / "secret.txt")) == [str(cwd.parent / "secret.txt")]


def test_link_out_of_a_plugins_data_is_not_followed(cwd: Path) -> None:
    data = cwd.parent / "home" / "plugins" / PLUGIN / "data"
    (data / "trap.pdf").symlink_to(cwd / "a.pdf")

    with pytest.raises(UsageError, match="lies where a plugin may write"):
        named(cwd, str(data / "trap.pdf"))


def test_links_that_lead_round_in_circles_name_nothing(cwd: Path) -> None:
    (cwd / "one").symlink_to("two")
    (cwd / "two").symlink_to("one")
    allow_writing(cwd, PLUGIN, cwd)

    assert named(cwd, "one", "two/x") == []
