"""Packages that come as source only: nothing of them runs before that is allowed, and then it runs confined."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import socket
import tarfile
from pathlib import Path

import pytest
from innkeeper.confinement.tier import Tier
from innkeeper.errors import InstallError
from innkeeper.installation.archive import fetch, unpack
from innkeeper.installation.request import BuildNeeded
from innkeeper.storage.removal import remove_tree

from .conftest import Shop
from .wheels import model, write_sdist, write_source, write_wheel
from .workbench import Workbench


def test_all_packages_that_must_be_built_are_named_and_nothing_runs(
    bench: Workbench, shop: Shop, tmp_path: Path
) -> None:
    canary = tmp_path / "canary"
    touch = f"open({str(canary)!r}, 'w').close()"
    for name in ("first-source", "second-source"):
        write_sdist(shop.shelf, write_source(tmp_path, name, attempt=touch))
    write_wheel(shop.shelf, "needs-sources", requires=["first-source", "second-source"])

    error = bench.fails("needs-sources")

    assert isinstance(error, BuildNeeded)
    assert error.packages == ("first-source", "second-source")
    assert error.message == "needs-sources was not installed: first-source, second-source must be built from source."
    assert "--build" in error.hint
    assert not canary.exists()


def test_what_is_built_may_need_more_and_is_kept_for_making_the_environment_again(
    bench: Workbench, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_sdist(shop.shelf, write_source(tmp_path, "outer-source", requires=["inner-source"]))
    write_sdist(shop.shelf, write_source(tmp_path, "inner-source", "1.0"))
    write_sdist(shop.shelf, write_source(tmp_path, "inner-source", "2.0"))
    write_wheel(shop.shelf, "plugin-of-sources", requires=["outer-source", "inner-source<2"])

    bench.install("plugin-of-sources", build=True)
    found = bench.distributions("plugin-of-sources")
    assert (found["outer-source"], found["inner-source"]) == ("1.0", "1.0")

    monkeypatch.setenv("UV_OFFLINE", "1")
    bench.said.clear()
    bench.repair("plugin-of-sources")
    assert not [line for line in bench.said if "Building" in line]
    assert bench.distributions("plugin-of-sources") == found


def test_plugin_of_the_index_that_is_a_source_itself(bench: Workbench, shop: Shop, tmp_path: Path) -> None:
    write_sdist(shop.shelf, write_source(tmp_path, "only-source", code="import yaml\n" + model("only-source")))

    plugin = bench.install("only-source", build=True)

    assert (plugin.source_kind, plugin.version) == ("index", "1.0")
    assert "pyyaml" in bench.distributions("only-source")


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a person with something to lose; uv's cache is in it, too."""
    home = tmp_path / "person"
    (home / ".cache" / "uv").mkdir(parents=True)
    (home / "secret").write_text("the person's secret", "utf-8")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    return home


def hostile_sdist(folder: Path, attempts: dict[str, str]) -> Path:
    """Write a source whose build makes *attempts*, and fails with the names of those that worked, if any did."""
    code = [
        "worked = []",
        "def try_out(name, attempt):",
        "    try:",
        "        attempt()",
        "    except BaseException:",
        "        return",
        "    worked.append(name)",
        *(f"try_out({name!r}, lambda: {attempt})" for name, attempt in attempts.items()),
        "if worked: raise SystemExit('WORKED ' + ', '.join(worked))",
    ]
    return write_sdist(folder / "dist", write_source(folder, "hostile", attempt="\n    ".join(code)))


def ways_out(person: Path, bench: Workbench, port: int) -> dict[str, str]:
    return {
        "read a file": f"open({str(person / 'secret')!r}).read()",
        "list the home": f"os.listdir({str(person)!r})",
        "write into the home": f"open({str(person / '.profile')!r}, 'w').close()",
        "write into uv's cache": f"open({str(person / '.cache' / 'uv' / 'poison')!r}, 'w').close()",
        "list the plugins": f"os.listdir({bench.home.plugins_dir!r})",
        "reach the network": f"__import__('socket').create_connection(('127.0.0.1', {port})).close()",
        "signal the host": f"os.kill({os.getpid()}, 0)",
    }


@pytest.mark.parametrize("name", ["ns", "inproc"])
def test_build_has_no_way_out(bench: Workbench, tmp_path: Path, person: Path, name: str) -> None:
    tier = Tier("inproc") if name == "inproc" else bench.means["tier"]
    if tier != name:
        pytest.skip(f"this machine has no tier {name}")
    with socket.create_server(("127.0.0.1", 0)) as server:
        sdist = hostile_sdist(tmp_path, ways_out(person, bench, server.getsockname()[1]))

        plugin = bench.install(sdist, build=True, tier=tier)

    assert plugin.name == "hostile"


def test_every_way_out_is_one_where_nothing_confines(bench: Workbench, tmp_path: Path, person: Path) -> None:
    bench.install(write_wheel(tmp_path, "neighbour"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        attempts = ways_out(person, bench, server.getsockname()[1])

        error = bench.fails(hostile_sdist(tmp_path, attempts), build=True, tier=Tier("off"))

    assert f"WORKED {', '.join(attempts)}" in error.why


def test_build_of_root_s_leaves_no_device_changed(bench: Workbench, tmp_path: Path) -> None:
    """A build may change modes, and in tier ns the devices are the machine's; nobody but root owns them."""
    before = os.stat("/dev/urandom").st_mode

    bench.install(write_source(tmp_path, "devious", attempt="os.chmod('/dev/urandom', 0o777)"), build=True)

    assert os.stat("/dev/urandom").st_mode == before


def test_build_that_fails_says_its_last_words_without_control_characters(bench: Workbench, tmp_path: Path) -> None:
    attempt = "print('last\\x1b[31m words'); raise RuntimeError('no \\x07 compiler')"

    error = bench.fails(write_source(tmp_path, "failing", attempt=attempt))

    assert error.message.endswith("failing-1.0 could not be built.")
    assert "RuntimeError: no   compiler" in error.why.replace("no  c", "no   c")
    assert "last [31m words" in error.why
    assert "\x1b" not in error.why
    assert "\x07" not in error.why


@pytest.mark.parametrize(
    "said",
    ["'../../../escape-1.0-py3-none-any.whl'", "'no_such-1.0-py3-none-any.whl'", "'wheel.zip'", "None", "{}"],
    ids=["path", "nothing", "no wheel", "none", "object"],
)
def test_backend_that_names_a_wheel_it_did_not_make_is_refused(bench: Workbench, tmp_path: Path, said: str) -> None:
    bench.fails(write_source(tmp_path, "lying", attempt=f"return {said}"))


def test_result_that_is_a_link_is_not_followed(bench: Workbench, tmp_path: Path) -> None:
    """The folder of the result is the build's to write; the host must not be led elsewhere by it."""
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_text('{"error": "read from elsewhere"}', "utf-8")
    result = "os.path.join(os.environ['HOME'], 'result.json')"

    error = bench.fails(
        write_source(tmp_path, "linking", attempt=f"os.symlink({str(elsewhere)!r}, {result}); os._exit(0)")
    )

    assert error.why == "It ended with status 0."


def test_source_that_is_not_what_the_index_promised_is_refused(tmp_path: Path, shop: Shop) -> None:
    sdist = write_sdist(shop.shelf, write_source(tmp_path, "swapped"))
    digest = hashlib.sha256(sdist.read_bytes()).hexdigest()
    url = f"{shop.url}/files/{sdist.name}"

    def get(sha256: str) -> str:
        return fetch(url, str(tmp_path), subject="swapped", progress=print, sha256=sha256)

    assert Path(get(digest)).read_bytes() == sdist.read_bytes()
    with pytest.raises(InstallError, match="is not the file the index describes"):
        get(digest[::-1])


def test_archive_cannot_write_outside_its_folder(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    for name, kind, target in (
        ("../outside", tarfile.REGTYPE, ""),
        (str(outside), tarfile.REGTYPE, ""),
        ("link", tarfile.SYMTYPE, str(tmp_path)),
        ("device", tarfile.CHRTYPE, ""),
    ):
        archive = tmp_path / "evil.tar.gz"
        with tarfile.open(archive, "w:gz") as opened:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, target
            opened.addfile(member)
        with contextlib.suppress(InstallError):
            unpack(str(archive), str(tmp_path / "unpacked"), subject="evil")
        assert not outside.exists()
        assert not any(path.is_symlink() for path in tmp_path.rglob("*"))
        shutil.rmtree(tmp_path / "unpacked")


def test_archive_that_claims_to_be_huge_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    archive = tmp_path / "bomb.tar"
    member = tarfile.TarInfo("zeros")
    member.size = 100 * 1024**4
    archive.write_bytes(member.tobuf(tarfile.GNU_FORMAT))

    with pytest.raises(InstallError, match="unpacks to more than"):
        unpack(str(archive), str(tmp_path / "unpacked"), subject="bomb")


def test_source_with_folders_too_deep_is_refused(bench: Workbench, tmp_path: Path) -> None:
    source = write_source(tmp_path, "deep")
    for depth in range(1, 1201):
        os.mkdir(source / "/".join(["d"] * depth))

    try:
        error = bench.fails(source)
    finally:
        remove_tree(str(source))  # pytest would use up its stack, three runs later

    assert error.why == "Its folders are nested too deep."


def test_what_a_build_leaves_running_does_not_keep_the_host_waiting(bench: Workbench, tmp_path: Path) -> None:
    """It holds the pipe that the host reads from, for as long as it lives."""
    attempt = "os.fork() or __import__('time').sleep(3600)"

    assert bench.install(write_source(tmp_path, "lingering", attempt=attempt), tier=Tier("inproc")).version == "1.0"


@pytest.mark.parametrize("where", ["with", "metadata"])
def test_source_that_is_named_by_its_place_is_not_built_by_uv(bench: Workbench, tmp_path: Path, where: str) -> None:
    """Neither as a requirement of the person's nor as one that a plugin brings along."""
    canary = tmp_path / "canary"
    touch = f"open({str(canary)!r}, 'w').close()"
    source = write_source(tmp_path, "by-its-place", attempt=touch)
    sdist = write_sdist(tmp_path / "dist", source)
    for place in (source.as_uri(), sdist.as_uri()):
        named = f"by-its-place @ {place}"
        wheel = write_wheel(tmp_path / where, "innocent", requires=[named] if where == "metadata" else [])

        error = bench.fails(wheel, build=True, with_=(named,) if where == "with" else ())

        assert "by-its-place" in str(error)
        assert not canary.exists()


def test_question_that_a_build_turned_into_a_link_is_not_written_through(
    bench: Workbench, shop: Shop, tmp_path: Path
) -> None:
    """A backend is asked twice where it wants more; in between, its folder is as it left it."""
    write_wheel(shop.shelf, "more-to-build", files={"more_to_build.py": ""}, entry_point=None)
    persons = tmp_path / ".bashrc"
    persons.write_text("the person's", "utf-8")
    source = write_source(tmp_path, "asks-twice")
    with (source / "the_backend.py").open("a", encoding="utf-8") as file:
        file.write(
            f"""
def get_requires_for_build_wheel(config_settings=None):
    home = os.environ["HOME"]
    for name in ("spec.json", "asked.json", *os.listdir(home)):
        path = os.path.join(home, name)
        if not os.path.isdir(path):
            if os.path.lexists(path):
                os.unlink(path)
            os.symlink({str(persons)!r}, path)
    return ["more-to-build"]
"""
        )

    plugin = bench.install(source)

    assert plugin.name == "asks-twice"
    assert persons.read_text("utf-8") == "the person's"
