"""What was granted or named is what a plugin sees, also where somebody puts something else in its place meanwhile."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from innkeeper.confinement.confine import LOCKDOWN_FAILED, Run
from innkeeper.confinement.pinned import pinned
from innkeeper.confinement.policy import Policy

from .rooms import TIMEOUT_S, Room

SHOW = """
import sys
try:
    print(open(sys.argv[1]).read())
except OSError as error:
    print(type(error).__name__)
"""


@pytest.fixture
def desk(room: Room) -> Path:
    """Return a folder with a file to show, another that is secret, and a folder of each kind."""
    folder = room.folder / "desk"
    for name in ("shown.txt", "secret.txt", "shown/a.txt", "secret/a.txt"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"in {name}")
    room.own(folder)
    return folder


def showing(*paths: Path) -> Policy:
    named = tuple(map(str, paths))
    return Policy("reader", read=named, pinned=named)


def test_a_file_that_was_named_is_seen(room: Room, desk: Path) -> None:
    assert room.run(SHOW, desk / "shown.txt", policy=showing(desk / "shown.txt")).text == "in shown.txt"
    assert room.run(SHOW, desk / "shown/a.txt", policy=showing(desk / "shown")).text == "in shown/a.txt"


def test_a_link_is_followed_where_its_other_end_was_named_too(room: Room, desk: Path) -> None:
    (desk / "link").symlink_to("shown.txt")

    assert room.run(SHOW, desk / "link", policy=showing(desk / "link", desk / "shown.txt")).text == "in shown.txt"


@pytest.mark.parametrize(("name", "path"), [("shown.txt", "shown.txt"), ("shown", "shown/a.txt")])
def test_a_link_that_was_put_in_its_place_leads_nowhere(room: Room, desk: Path, name: str, path: str) -> None:
    (desk / name).rename(desk / "moved")
    (desk / name).symlink_to("secret.txt" if name.endswith(".txt") else "secret")

    outcome = room.run(SHOW, desk / path, policy=showing(desk / name))

    assert outcome.text == ("FileNotFoundError" if room.tier == "ns" else "PermissionError")


@pytest.mark.parametrize("replaced_by", ["a link", "a file"])
def test_what_is_replaced_while_it_starts_keeps_it_from_starting(room: Room, desk: Path, replaced_by: str) -> None:
    script = room.folder / "show.py"
    script.write_text(SHOW)
    shown = desk / "shown.txt"
    confined = room.confined(Run(script=str(script), argv=(str(shown),)), showing(shown))
    try:
        shown.rename(desk / "moved")
        if replaced_by == "a link":
            shown.symlink_to("secret.txt")
        else:
            (desk / "secret.txt").rename(shown)
        process = room.start(confined)
        output, _ = process.communicate(timeout=TIMEOUT_S)
    finally:
        confined.cleanup()

    assert process.returncode == LOCKDOWN_FAILED
    assert output.decode().strip().endswith(f"{shown} was replaced while this process started")


def test_a_program_that_it_may_rewrite_is_not_run(room: Room, desk: Path) -> None:
    """Its folder was granted, too; a link in its place would otherwise be read and run, wherever it leads."""
    tool = desk / "tool"
    tool.write_text("#!/bin/sh\necho ran\n")
    tool.chmod(0o755)
    room.own(tool)
    code = """
        import subprocess, sys
        try:
            print(subprocess.run([sys.argv[1]], capture_output=True, text=True).stdout)
        except OSError as error:
            print(type(error).__name__)
    """
    policy = Policy("runner", run=(str(tool),))

    assert room.run(textwrap.dedent(code), tool, policy=policy).text == "ran"
    rewriting = policy._replace(write=(str(desk),), pinned=(str(desk),))
    assert room.run(textwrap.dedent(code), tool, policy=rewriting).text == "PermissionError"


def test_only_what_is_there_and_leads_to_one_of_them_is_pinned(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to("file")
    state = (tmp_path / "file").stat()
    identity = (state.st_dev, state.st_ino)
    file, link, missing = (str(tmp_path / name) for name in ("file", "link", "missing"))

    assert pinned([file, missing]) == {file: identity}
    assert pinned([link]) == {}
    assert pinned([link, file]) == {link: identity, file: identity}
