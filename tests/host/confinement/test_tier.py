"""Finding out what this machine can do, and refusing when it can do nothing."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest
from innkeeper.confinement import bubblewrap
from innkeeper.confinement import confine as confining
from innkeeper.confinement.confine import Run, confine
from innkeeper.confinement.policy import HostPort, Policy
from innkeeper.confinement.tier import choose_tier, probe
from innkeeper.confinement.view import entries
from innkeeper.errors import ConfinementError
from innkeeper.paths import Home

from .rooms import TIMEOUT_S, Room, bubblewrap_here


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(str(tmp_path / "home"))


def broken(folder: Path) -> str:
    program = folder / "bwrap"
    program.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    return str(program)


def test_the_strongest_that_works_is_found_and_remembered(home: Home) -> None:
    first = choose_tier(home)

    assert first == ("ns" if bubblewrap_here() else "inproc")
    assert first.bubblewrap == bubblewrap_here()
    kept = Path(home.cache_dir, "confinement.json")
    assert json.loads(kept.read_text(encoding="utf-8"))["tier"] == first
    before = kept.stat().st_mtime_ns
    assert (choose_tier(home), kept.stat().st_mtime_ns) == (first, before)


@pytest.mark.parametrize("damage", ["", "[]", "{}", '{"circumstances": {}, "tier": "off"}'])
def test_a_damaged_memory_is_no_answer(home: Home, damage: str) -> None:
    os.makedirs(home.cache_dir)
    Path(home.cache_dir, "confinement.json").write_text(damage, encoding="utf-8")

    assert choose_tier(home) in ("ns", "inproc")


def test_a_bubblewrap_that_does_not_work_leads_to_the_other_tier(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = broken(tmp_path)
    monkeypatch.setattr(bubblewrap, "candidates", lambda: [program])

    assert probe(str(tmp_path / "data")) == {
        "tier": "inproc",
        "bubblewrap": None,
        "failures": [f"{program}: bwrap: setting up uid map: Permission denied"],
    }


def test_where_nothing_works_nothing_starts(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bootstrap that is not there stands for all that keeps a process from being locked down."""
    program = broken(tmp_path)
    monkeypatch.setattr(bubblewrap, "candidates", lambda: [program])
    monkeypatch.setattr(confining, "BOOTSTRAP", str(tmp_path))

    with pytest.raises(ConfinementError) as caught:
        choose_tier(home)
    what, first, second, hint = str(caught.value).splitlines()
    assert what == "This machine cannot confine plugins, so none is started."
    assert first == f"  {program}: bwrap: setting up uid map: Permission denied"
    assert second.startswith("  lock-down without namespaces: ")
    assert second.endswith("[Errno 2] No such file or directory")
    assert hint == (
        "  What is missing: llm doctor. To run a plugin unconfined all the same, at your own risk: --no-sandbox"
    )
    assert choose_tier(home, no_sandbox=True) == "off"


@pytest.mark.parametrize("no_sandbox", [False, True])
def test_other_systems_are_told_that_it_is_linux_only(
    home: Home, monkeypatch: pytest.MonkeyPatch, no_sandbox: bool
) -> None:
    monkeypatch.setattr("sys.platform", "darwin")

    with pytest.raises(ConfinementError, match="Plugins are run on Linux only, for now") as caught:
        choose_tier(home, no_sandbox=no_sandbox)
    assert "Landlock, seccomp, namespaces" in caught.value.why


def test_the_network_s_certificates_are_seen_only_with_a_network() -> None:
    def paths(policy: Policy) -> set[str]:
        found = entries(policy, namespaces=True, interpreter="/p", base_prefix="/b", read=(), write=())
        return {entry.path for entry in found}

    assert "/etc/ssl/certs" not in paths(Policy("x"))
    assert "/etc/ssl/certs" in paths(Policy("x", net=(HostPort("a.example", 443),)))


@pytest.mark.parametrize("prefix", ["/usr", "/home/someone/.local"])
def test_the_interpreter_s_prefix_itself_is_not_seen(prefix: str) -> None:
    """It may be the folder that the person's programs keep their data in."""
    found = entries(
        Policy("x"), namespaces=False, interpreter=f"{prefix}/bin/python3.12", base_prefix=prefix, read=(), write=()
    )

    assert prefix not in {entry.path for entry in found}


def test_a_channel_that_the_plugin_closes_is_closed(room: Room) -> None:
    """Bubblewrap's own processes must not hold it open: the host waits for its end."""
    ours, theirs = socket.socketpair()
    script = room.folder / "attempt" / "closes.py"
    script.parent.mkdir()
    script.write_text(
        "import os, time\nos.close(int(os.environ['INNKEEPER_CHANNEL']))\ntime.sleep(60)", encoding="utf-8"
    )
    confined = room.confined(Run(script=str(script)), Policy("closer"), channel_fd=theirs.fileno())
    process = room.start(confined)
    theirs.close()
    ours.settimeout(TIMEOUT_S)
    try:
        assert ours.recv(1) == b""
        assert process.poll() is None
    finally:
        ours.close()
        process.kill()
        process.communicate(timeout=TIMEOUT_S)
        confined.cleanup()


def test_a_module_is_run_as_python_would_run_it(room: Room) -> None:
    package = room.site_packages / "a_program"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "__main__.py").write_text(
        "import sys\nfrom . import __name__ as up\nprint(__name__, __package__, __spec__.name, up, sys.argv[1:])",
        encoding="utf-8",
    )
    (room.site_packages / "more.pth").write_text("import sys; sys.stdout.write('pth ')\n", encoding="utf-8")
    confined = room.confined(Run(module="a_program", argv=("x",)), Policy("runner"))
    process = room.start(confined)
    output, _ = process.communicate(timeout=TIMEOUT_S)
    assert confined.broker_fd is not None
    os.close(confined.broker_fd)
    confined.cleanup()

    assert output.decode() == "pth __main__ a_program a_program.__main__ a_program ['x']\n"


def test_confining_leaves_nothing_behind_when_it_fails(tmp_path: Path) -> None:
    before = sorted(os.listdir("/proc/self/fd"))
    with pytest.raises(ValueError, match="unmarshallable"):
        confine(
            "inproc",
            Policy("x"),
            interpreter="/usr/bin/python3",
            base_prefix="/usr",
            data_dir=str(tmp_path / "data"),
            run=Run(module="x", argv=(object(),)),  # type: ignore[arg-type]
            environ={"TMPDIR": str(tmp_path)},
        )

    assert sorted(os.listdir("/proc/self/fd")) == before
    assert os.listdir(tmp_path) == ["data"]
