"""Of what a plugin says it tried, the host shows what the sandbox kept from it, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from innkeeper.confinement.policy import Policy
from innkeeper.paths import Home
from innkeeper.process.denials import Denial
from innkeeper.remote.refused_paths import NOT_GRANTED, SHARED, refusal
from innkeeper_protocol.payloads.host_services import DenialParams


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
    for name in ("own/x", "person/a", "granted/a", "written/a", "person/innkeeper/keys.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    return tmp_path


def process(folder: Path, **options: Any) -> Any:
    policy = Policy("p", read=(f"{folder}/granted",), write=(f"{folder}/written",), run=("/usr/bin/env",))
    return Process(policy, folder / "own", **options)


def refused(folder: Path, kind: str, what: str, operation: str = "", **options: Any) -> Denial | None:
    told = DenialParams(kind=kind, what=what, operation=operation)
    return refusal(process(folder, **options), Home(f"{folder}/person/innkeeper"), told)


@pytest.mark.parametrize(
    ("kind", "what", "granted_by"),
    [
        ("read", "{}/granted/../person/a", "{}/person/a"),
        ("read", "{}/person/a", "{}/person/a"),
        ("read", "{}/person/missing", None),
        ("read", "{}/granted/a", None),
        ("read", "{}/written/a", None),
        ("read", "{}/own/x", None),
        ("read", "person/a", None),
        ("read", "/etc/passwd", None),
        ("read", "{}/person/a\0", None),
        ("read", "{}/" + "a/" * 3000, None),
        ("write", "{}/person/a", "{}/person/a"),
        ("write", "{}/granted/new", "{}/granted"),
        ("write", "{}/granted/a", "{}/granted/a"),
        ("write", "{}/written/new", None),
        ("write", "{}/missing/new", None),
        ("run", "sh", "sh"),
        ("run", "env", None),
        ("run", "no-such-program", None),
        ("ptrace", "{}/person/a", None),
    ],
)
def test_what_is_there_and_was_not_granted_is_refused(
    folder: Path, kind: str, what: str, granted_by: str | None
) -> None:
    """A new file is its folder: what is not there cannot be granted."""
    expected = Denial(kind, granted_by.format(folder), NOT_GRANTED) if granted_by else None

    assert refused(folder, kind, what.format(folder)) == expected


@pytest.mark.parametrize(
    ("kind", "what"), [("read", "{}/person"), ("read", "{}/person/innkeeper/keys.json"), ("write", "{}/person")]
)
def test_what_nobody_can_grant_is_refused_without_a_command(folder: Path, kind: str, what: str) -> None:
    path = what.format(folder)

    assert refused(folder, kind, path) == Denial("file", path, "there are Innkeeper's own files")


def test_database_in_its_data_that_is_the_person_s_under_llm_is_a_grant_of_its_own(folder: Path) -> None:
    home = Home(f"{folder}/person/innkeeper")
    opened = f"{home.data_dir('p')}/logs.db"
    assert refused(folder, "read", opened) != Denial("database", "logs", NOT_GRANTED), "the person has none"

    Path(home.logs_file).touch()

    assert refused(folder, "read", opened) == Denial("database", "logs", NOT_GRANTED)
    assert refused(folder, "read", f"{home.data_dir('other')}/logs.db") != Denial("database", "logs", NOT_GRANTED)

    Path(home.data_dir("p")).mkdir(parents=True)
    Path(opened).touch()
    assert refused(folder, "read", opened) == Denial("database", "logs", NOT_GRANTED), "opening it makes an empty one"
    Path(opened).write_text("tables of its own")
    assert refused(folder, "read", opened) != Denial("database", "logs", NOT_GRANTED)


def test_new_file_beside_the_hosts_own_is_granted_by_itself(folder: Path) -> None:
    path = f"{folder}/person/new"

    assert refused(folder, "write", path) == Denial("write", path, NOT_GRANTED)


@pytest.mark.parametrize(("operation", "is_told"), [("", False), ("failed", True)])
def test_folders_that_people_share_with_the_system_count_where_it_failed(
    folder: Path, operation: str, is_told: bool
) -> None:
    there = next(path for path in SHARED if os.access(path, os.R_OK))

    assert (refused(folder, "read", there, operation) is not None) is is_told


def test_what_the_person_may_not_do_either_is_not_the_sandbox_s_doing(folder: Path) -> None:
    (folder / "person" / "a").chmod(0o000)
    if not os.access(folder / "person" / "a", os.R_OK):  # root may do everything
        assert refused(folder, "read", f"{folder}/person/a") is None


def test_nothing_is_refused_to_whom_nothing_confines(folder: Path) -> None:
    assert refused(folder, "read", f"{folder}/person/a", tier="off") is None


def test_each_plugin_has_a_tmp_to_write_where_there_are_namespaces(folder: Path) -> None:
    assert refused(folder, "write", "/tmp/new") == Denial("write", "/tmp/new", NOT_GRANTED)
    assert refused(folder, "write", "/tmp/new", tier="ns") is None
