"""Of what a plugin says it tried, the host shows what the sandbox kept from it, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from innkeeper.confinement.policy import Policy
from innkeeper.remote.refused_paths import is_refused


class Process:
    """As much of a launched process as decides: its policy, its tier, and its own folders."""

    def __init__(self, policy: Policy, own: Path, tier: str = "inproc") -> None:
        self.policy = policy
        self.tier = tier
        self.own_paths = (str(own),)

    @property
    def is_confined(self) -> bool:
        return self.tier != "off"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("own/x", "person/a", "granted/a", "written/a"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("x")
    return tmp_path


def process(folder: Path, **options: Any) -> Any:
    policy = Policy("p", read=(f"{folder}/granted",), write=(f"{folder}/written",), run=("/usr/bin/env",))
    return Process(policy, folder / "own", **options)


@pytest.mark.parametrize(
    ("kind", "what", "refused"),
    [
        ("read", "{}/person/a", True),
        ("read", "{}/person", True),
        ("read", "{}/granted/../person/a", True),
        ("read", "{}/person/missing", False),
        ("read", "{}/granted/a", False),
        ("read", "{}/written/a", False),
        ("read", "{}/own/x", False),
        ("read", "person/a", False),
        ("read", "/etc/passwd", False),
        ("read", "{}/person/a\0", False),
        ("read", "{}/" + "a/" * 3000, False),
        ("write", "{}/person/a", True),
        ("write", "{}/person/new", True),
        ("write", "{}/granted/a", True),
        ("write", "{}/written/new", False),
        ("write", "{}/missing/new", False),
        ("run", "sh", True),
        ("run", "env", False),
        ("run", "no-such-program", False),
        ("ptrace", "{}/person/a", False),
    ],
)
def test_what_is_there_and_was_not_granted_is_refused(folder: Path, kind: str, what: str, refused: bool) -> None:
    assert is_refused(process(folder), kind, what.format(folder)) is refused


def test_what_the_person_may_not_do_either_is_not_the_sandbox_s_doing(folder: Path) -> None:
    (folder / "person" / "a").chmod(0o000)
    if not os.access(folder / "person" / "a", os.R_OK):  # root may do everything
        assert not is_refused(process(folder), "read", f"{folder}/person/a")


def test_nothing_is_refused_to_whom_nothing_confines(folder: Path) -> None:
    assert not is_refused(process(folder, tier="off"), "read", f"{folder}/person/a")


def test_each_plugin_has_a_tmp_to_write_where_there_are_namespaces(folder: Path) -> None:
    assert is_refused(process(folder), "write", "/tmp/new")
    assert not is_refused(process(folder, tier="ns"), "write", "/tmp/new")
