"""What a plugin's Python tries is noted, whatever comes of it. In processes of their own: an audit hook stays."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

PROLOGUE = """
import json, os, subprocess, sys
from innkeeper_sdk.paths_tried import MOST, PathsTried
tried = PathsTried()
tried.watch({"HOME": sys.argv[1] + "/home", "TMPDIR": sys.argv[1] + "/tmp"})
tried.take()
def attempt(do, *arguments, **options):
    try:
        return do(*arguments, **options)
    except OSError as error:
        return error
os.chdir(sys.argv[1])
"""


def noted(folder: Path, code: str) -> list[list[str]]:
    """Run *code*, and return what was noted: without the path of *folder*, nor an operation that is ""."""
    for name in ("home", "tmp", "work"):
        (folder / name).mkdir()
    (folder / "work" / "a.txt").write_text("a")
    program = PROLOGUE + textwrap.dedent(code) + "\nprint(json.dumps(tried.take()))"
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, str(folder)],
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=60,
    )
    found = [[kind, what.replace(f"{folder}/", ""), *rest] for kind, what, *rest in json.loads(done.stdout)]
    return [[part for part in one if part] for one in found]


def test_files_are_noted_by_what_was_to_be_done_with_them(tmp_path: Path) -> None:
    code = """
        attempt(open, "work/a.txt"); attempt(open, b"work/a.txt"); attempt(os.open, "work/missing", os.O_RDONLY)
        attempt(open, "work/b.txt", "w"); attempt(os.listdir, "work"); attempt(os.mkdir, "work/new")
        attempt(os.remove, "work/none"); attempt(os.stat, "work/a.txt"); attempt(os.listdir, 0); attempt(open, 0)
    """

    assert noted(tmp_path, code) == [
        ["read", "work/a.txt"],
        ["read", "work/missing"],
        ["write", "work/b.txt"],
        ["read", "work"],
        ["write", "work/new"],
        ["write", "work/none"],
    ]


def test_what_is_written_is_what_it_is_to_be_called_afterwards(tmp_path: Path) -> None:
    """And nothing that is relative to an open folder, which is how a tree is removed."""
    code = """
        import tempfile
        attempt(os.rename, "work/a.txt", "work/b.txt"); attempt(os.link, "work/b.txt", "work/c.txt")
        attempt(os.symlink, "nowhere", "work/d.txt")
        with tempfile.TemporaryDirectory(dir=sys.argv[1] + "/tmp") as folder:
            open(folder + "/x", "w").close()
        folder = os.open("tmp", os.O_RDONLY)
        os.mkdir("made", dir_fd=folder); os.rename("made", "x", src_dir_fd=folder, dst_dir_fd=folder)
    """

    assert noted(tmp_path, code) == [
        ["write", "work/a.txt"],
        ["write", "work/b.txt"],
        ["write", "work/c.txt"],
        ["write", "work/d.txt"],
    ]


def test_programs_are_noted_by_name(tmp_path: Path) -> None:
    code = """
        attempt(subprocess.run, ["no-such-program", "x"]); attempt(os.posix_spawn, "/none/tool", ["tool"], {})
        os.system("exit 0")
    """

    assert noted(tmp_path, code) == [["run", "no-such-program"], ["run", "/none/tool"], ["run", "sh"]]


def test_its_own_files_and_the_system_s_do_not_count(tmp_path: Path) -> None:
    code = """
        attempt(open, "home/x", "w"); attempt(open, "home/x"); attempt(open, "tmp/x", "w"); attempt(open, "tmp/x")
        attempt(open, "/etc/hosts"); attempt(open, os.__file__); attempt(os.listdir, "tmp")
        import wave
    """

    assert noted(tmp_path, code) == []


def test_another_s_temporary_file_is_noted(tmp_path: Path) -> None:
    assert noted(tmp_path, 'attempt(open, "tmp/not-here")') == [["read", "tmp/not-here"]]


def test_errors_are_noted_with_what_led_to_them(tmp_path: Path) -> None:
    code = """
        error = ValueError("wrapped")
        error.__cause__ = attempt(os.stat, "work/none")
        tried.add_error(error)
        tried.add_error(None)
        tried.add_error(OSError(2, "no file at all"))
        tried.add_error(attempt(os.readlink, "work/a.txt"))
    """

    assert noted(tmp_path, code) == [["read", "work/none", "failed"]]


def test_an_error_about_what_was_to_be_written_is_not_noted_as_reading(tmp_path: Path) -> None:
    code = "tried.add_error(attempt(open, sys.argv[1] + '/none/x', 'w'))"

    assert noted(tmp_path, code) == [["write", "none/x"], ["write", "none/x", "failed"]]


def test_paths_that_an_error_names_are_noted(tmp_path: Path) -> None:
    """Whether a file is there is asked without an audit event; who was told no says so, as a rule."""
    code = """
        here = sys.argv[1]
        tried.add_error(ValueError(f"no such file: {here}/one. Nor '{here}/two words', nor ({here}/three)"))
        tried.add_error(ValueError("https://example.com/a/b, 3/4, a//b, its /v1/models, / and -/x"))
        class Odd(Exception):
            def __str__(self):
                raise RuntimeError
        tried.add_error(Odd())
        tried.add_error(ValueError(" ".join(f"/many/{number}" for number in range(100))))
    """

    assert noted(tmp_path, code) == [
        ["read", "one"],
        ["read", "two words"],
        ["read", "three"],
        ["read", "/v1/models"],
        *(["read", f"/many/{number}"] for number in range(5)),
    ]


def test_databases_are_noted(tmp_path: Path) -> None:
    """Those of its own are not, but for two that are the person's under the real ``llm``."""
    code = """
        import sqlite3
        try:
            sqlite3.connect("none/x.db")
        except sqlite3.OperationalError:
            pass
        for name in ("mine", "logs", "embeddings"):
            sqlite3.connect(f"home/{name}.db").close()
            attempt(os.remove, f"home/{name}.db")
    """

    assert noted(tmp_path, code) == [["read", "none/x.db"], ["read", "home/logs.db"], ["read", "home/embeddings.db"]]


def test_a_tree_of_files_is_not_listed_without_end(tmp_path: Path) -> None:
    code = """
        for number in range(2 * MOST):
            attempt(open, f"work/{number}")
        assert len(tried.take()) == MOST
        attempt(open, "work/one-more")
    """

    assert noted(tmp_path, code) == []
