"""Grants: what can be granted, to whom it belongs, how it is kept, and what a damaged file leads to."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest
from innkeeper.confinement import granting
from innkeeper.confinement.granting import (
    allow,
    allow_once,
    allowed_once,
    answered,
    checked,
    deny,
    held_of,
    record_answer,
)
from innkeeper.confinement.grants import NOTHING, Grants, load, policy_for, read, take_once
from innkeeper.confinement.policy import GIB, HostPort, Limits, Policy
from innkeeper.errors import StorageError, UsageError
from innkeeper.paths import Home

INDEX = "index"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "home").mkdir()
    return Home(str(tmp_path / "home"))


def test_grants_are_kept_and_changed(home: Home) -> None:
    first = Grants(net=("api.example.com:443",), keys=("openai",), trust=True, memory_bytes=GIB)

    allow(home, "weather", INDEX, first)
    assert load(home, "weather", INDEX) == first
    allow(home, "weather", INDEX, Grants(keys=("openai", "other"), run=("/bin/cat",)))
    assert load(home, "weather", INDEX) == Grants(
        net=("api.example.com:443",), keys=("openai", "other"), run=("/bin/cat",), trust=True, memory_bytes=GIB
    )
    assert deny(home, "weather", INDEX, Grants(keys=("openai",), trust=True, memory_bytes=1))
    assert load(home, "weather", INDEX) == Grants(net=("api.example.com:443",), keys=("other",), run=("/bin/cat",))
    assert deny(home, "weather", INDEX, None)
    assert load(home, "weather", INDEX) == NOTHING
    assert not deny(home, "weather", INDEX, None)
    assert os.listdir(os.path.dirname(home.grants_file("weather"))) == ["grants.json"]


def test_no_file_is_no_grant(home: Home) -> None:
    assert load(home, "weather", INDEX) == NOTHING
    assert policy_for("weather", NOTHING, environ={}) == Policy("weather")


def test_a_plugin_of_the_same_name_from_elsewhere_has_none(home: Home) -> None:
    allow(home, "weather", INDEX, Grants(keys=("openai",)))

    assert load(home, "weather", "folder:/home/me/weather") == NOTHING
    allow(home, "weather", "folder:/home/me/weather", Grants(env=("COLOUR",)))
    assert load(home, "weather", "folder:/home/me/weather") == Grants(env=("COLOUR",))
    assert load(home, "weather", INDEX) == NOTHING


def test_what_a_shipped_plugin_needs_is_not_given_to_one_of_its_name(home: Home) -> None:
    assert load(home, "innkeeper-local", "default").unix_server
    assert not load(home, "innkeeper-local", INDEX).unix_server
    assert read(home.grants_file("innkeeper-local"), "innkeeper-local", "default") == NOTHING


def test_a_key_that_is_taken_back_takes_its_variables_along(home: Home) -> None:
    allow(home, "weather", INDEX, Grants(keys=("openai",), key_variables=("OPENAI_API_KEY",)))

    deny(home, "weather", INDEX, Grants(keys=("openai",)))

    assert load(home, "weather", INDEX) == NOTHING


def test_an_answer_is_remembered_and_grants_nothing(home: Home) -> None:
    record_answer(home, "weather", INDEX, Grants(net=("api.example.com:443",)))
    record_answer(home, "weather", INDEX, Grants(run=("/bin/cat",)))

    assert answered(home, "weather", INDEX) == Grants(net=("api.example.com:443",), run=("/bin/cat",))
    assert answered(home, "weather", "folder:/weather") == NOTHING
    assert load(home, "weather", INDEX) == NOTHING


def test_what_is_more_than_another_holds() -> None:
    mine = Grants(net=("a.example:1", "b.example:1"), own_sockets=True, memory_bytes=4 * GIB, file_bytes=GIB)

    assert mine.beyond(Grants(net=("a.example:1",), memory_bytes=8 * GIB)) == Grants(
        net=("b.example:1",), own_sockets=True, file_bytes=GIB
    )
    assert mine.beyond(mine) == NOTHING


def test_what_is_allowed_once_goes_to_one_run(home: Home) -> None:
    allow_once(home, "weather", INDEX, Grants(net=("a.example:1",)))
    allow_once(home, "weather", INDEX, Grants(env=("COLOUR",)))

    assert load(home, "weather", INDEX) == NOTHING
    assert allowed_once(home, "weather", INDEX) == Grants(net=("a.example:1",), env=("COLOUR",))
    assert take_once(home, "weather", INDEX) == Grants(net=("a.example:1",), env=("COLOUR",))
    assert take_once(home, "weather", INDEX) == NOTHING
    assert os.listdir(os.path.dirname(home.grants_file("weather"))) == []


def test_what_is_allowed_once_is_not_for_another_source_and_can_be_taken_back(home: Home) -> None:
    allow_once(home, "weather", INDEX, Grants(net=("a.example:1",)))
    assert take_once(home, "weather", "git:https://example.com/weather") == NOTHING

    allow_once(home, "weather", INDEX, Grants(net=("a.example:1",)))
    assert deny(home, "weather", INDEX, None)
    assert take_once(home, "weather", INDEX) == NOTHING


def test_changes_at_once_are_all_kept(home: Home) -> None:
    names = [f"KEY_{number}" for number in range(20)]
    threads = [threading.Thread(target=allow, args=(home, "weather", INDEX, Grants(keys=(name,)))) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(load(home, "weather", INDEX).keys) == sorted(names)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"source": "index"}',
        '{"grants": {}}',
        '{"source": 1, "grants": {}}',
        '{"source": "index", "grants": []}',
        '{"source": "index", "grants": {}, "net": ["api.example.com"]}',
        '{"source": "index", "grants": {"net": "api.example.com"}}',
        '{"source": "index", "grants": {"net": [1]}}',
        '{"source": "index", "grants": {"net": ["https://api.example.com"]}}',
        '{"source": "index", "grants": {"read": ["relative"]}}',
        '{"source": "index", "grants": {"trust": "yes"}}',
        '{"source": "index", "grants": {"trust": 1}}',
        '{"source": "index", "grants": {"memory_bytes": -1}}',
        '{"source": "index", "grants": {"memory_bytes": true}}',
        '{"source": "index", "grants": {"unknown": []}}',
        '{"source": "index", "grants": {"net": {"a": 1}}}',
        "[" * 100_000,
        "\udcff",
    ],
)
def test_a_damaged_file_permits_nothing_and_says_so(home: Home, content: str) -> None:
    for path in map(Path, (home.grants_file("weather"), home.once_file("weather"))):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8", "surrogateescape"))

    with pytest.raises(StorageError, match="The grants of plugin 'weather' cannot be read"):
        load(home, "weather", INDEX)
    with pytest.raises(StorageError, match="The grants of plugin 'weather' cannot be read"):
        take_once(home, "weather", INDEX)


def test_the_grants_file_is_readable_json(home: Home) -> None:
    allow(home, "weather", INDEX, Grants(net=("a.example:1",)))

    path = Path(home.grants_file("weather"))
    assert json.loads(path.read_text("utf-8")) == {"source": INDEX, "grants": {"net": ["a.example:1"]}}
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_policy_has_what_was_granted_and_the_person_s_values(home: Home) -> None:
    grants = Grants(
        net=("api.example.com:443",),
        keys=("openai",),
        env=("COLOUR", "ABSENT"),
        read=("/srv/books",),
        write=("/srv/notes",),
        run=("/usr/bin/git",),
        memory_bytes=GIB,
    )
    environ = {"COLOUR": "red", "SECRET": "s", "SSL_CERT_FILE": "/srv/corp.pem", "HTTPS_PROXY": "http://proxy:1"}

    policy = policy_for("weather", grants, read=("/src/weather",), shown=("/home/me/a.pdf",), environ=environ)

    assert policy == Policy(
        "weather",
        read=("/src/weather", "/srv/books", "/home/me/a.pdf", "/srv/corp.pem"),
        write=("/srv/notes",),
        pinned=("/srv/books", "/home/me/a.pdf", "/srv/notes"),
        run=("/usr/bin/git",),
        net=(HostPort("api.example.com", 443),),
        keys=("openai",),
        environment=(("COLOUR", "red"), ("SSL_CERT_FILE", "/srv/corp.pem")),
        limits=Limits(memory_bytes=GIB),
    )


def test_folders_of_certificates_are_all_seen_wherever_they_lead(home: Home, tmp_path: Path) -> None:
    (tmp_path / "certs").mkdir()
    (tmp_path / "link").symlink_to("certs")
    folders = f"{tmp_path}/link{os.pathsep}/srv/certs"

    policy = policy_for("weather", Grants(net=("a.example",)), environ={"SSL_CERT_DIR": folders})

    assert policy.read == (f"{tmp_path}/link", f"{tmp_path}/certs", "/srv/certs")
    assert policy.environment == (("SSL_CERT_DIR", folders),)
    assert policy_for("weather", NOTHING, environ={"SSL_CERT_DIR": folders}) == Policy("weather")


def test_what_the_person_types_is_made_exact(home: Home, tmp_path: Path) -> None:
    (tmp_path / "books").mkdir()
    (tmp_path / "link").symlink_to("books")
    program = tmp_path / "bin" / "tool"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (tmp_path / "bin-link").symlink_to("bin")
    (tmp_path / "bin" / "other-name").symlink_to("tool")

    grants = checked(
        home,
        Grants(
            net=("API.example.com:443",),
            read=(str(tmp_path / "link"),),
            run=("sh", str(tmp_path / "bin-link" / "other-name")),
        ),
    )

    assert grants.net == ("api.example.com:443",)
    assert grants.read == (str(tmp_path / "books"),)
    assert os.path.basename(grants.run[0]) == "sh"
    assert os.path.isabs(grants.run[0])
    assert grants.run[1] == str(tmp_path / "bin" / "other-name")


@pytest.mark.parametrize(
    "grants",
    [
        Grants(net=("https://x",)),
        Grants(env=("LD_PRELOAD",)),
        Grants(env=("PYTHONPATH",)),
        Grants(env=("INNKEEPER_CHANNEL",)),
        Grants(env=("A=B",)),
        Grants(env=("",)),
        Grants(key_variables=("LD_PRELOAD",)),
        Grants(run=("no-such-program-anywhere",)),
    ],
)
def test_what_cannot_be_granted_is_a_usage_error(home: Home, grants: Grants) -> None:
    with pytest.raises(UsageError):
        checked(home, grants)


@pytest.mark.parametrize("kind", ["read", "write"])
def test_the_host_s_own_files_cannot_be_granted(home: Home, tmp_path: Path, kind: str) -> None:
    (tmp_path / "link").symlink_to(home.root)
    for path in ("/", home.root, home.keys_file, str(tmp_path), home.data_dir("other"), str(tmp_path / "link")):
        with pytest.raises(UsageError, match="Innkeeper's own files"):
            checked(home, Grants(**{kind: (path,)}))  # type: ignore[arg-type]


def test_a_socket_to_listen_on_and_the_network_exclude_each_other(home: Home) -> None:
    """The policy of both is refused when the plugin starts: the person is told when they ask for it."""
    allow(home, "server", INDEX, Grants(unix_server=True))
    for more in (Grants(net=("a.example:1",)), Grants(own_sockets=True)):
        with pytest.raises(UsageError, match="cannot both listen"):
            allow(home, "server", INDEX, more)
        with pytest.raises(UsageError, match="cannot both listen"):
            allow_once(home, "server", INDEX, more)
        with pytest.raises(UsageError, match="cannot both listen"):
            allow(home, "innkeeper-local", "default", more)

    assert load(home, "server", INDEX) == Grants(unix_server=True)


@pytest.mark.parametrize(
    ("typed", "held"),
    [
        (Grants(net=("a.example",)), Grants(net=("a.example:1", "a.example"))),
        (Grants(net=("A.example:1",)), Grants(net=("a.example:1",))),
        (Grants(net=("example",)), NOTHING),
        (Grants(read=("/srv",)), Grants(read=("/srv/books", "/srv"))),
        (Grants(read=("/srv/book",)), NOTHING),
        (Grants(run=("gone",)), Grants(run=("/opt/bin/gone",))),
        (Grants(run=("/opt/bin/gone",)), Grants(run=("/opt/bin/gone",))),
        (Grants(run=("on",)), NOTHING),
        (Grants(keys=("openai",)), Grants(keys=("openai",))),
    ],
)
def test_what_is_taken_back_may_be_gone_or_part_of_what_was_said(typed: Grants, held: Grants) -> None:
    granted = Grants(
        net=("a.example:1", "a.example", "b.example"),
        keys=("openai",),
        read=("/srv/books", "/srv", "/opt"),
        run=("/opt/bin/gone",),
    )

    assert held_of(granted, typed) == held


def test_paths_that_are_not_there_are_named(tmp_path: Path) -> None:
    grants = Grants(read=(str(tmp_path),), write=(str(tmp_path / "later"),))

    assert granting.not_there(grants) == [str(tmp_path / "later")]
