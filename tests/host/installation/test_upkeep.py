"""Plugins that are installed stay fit to start: after the host changed, after files changed, after a Python went."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from innkeeper.confinement.granting import allow
from innkeeper.confinement.grants import Grants
from innkeeper.errors import InstallError, UnknownPlugin
from innkeeper.installation.fingerprint import is_current
from innkeeper.installation.install import make_ready
from innkeeper.installation.interpreters import own
from innkeeper.installation.inventory import InstalledPlugin, change_index
from innkeeper.installation.manifest import read_manifest
from innkeeper.installation.uninstall import uninstall

from .conftest import Shop
from .wheels import model, write_source, write_wheel
from .workbench import Workbench, workbench

REPOSITORY = Path(__file__).resolve().parents[3]


def change_entry(bench: Workbench, name: str, **fields: object) -> None:
    """Make the index say something else of *name*: that it was made by an older host, say."""
    with change_index(bench.home) as index:
        plugin = index.named(name)
        assert plugin is not None
        for field, value in fields.items():
            setattr(plugin, field, value)


def test_plugin_that_is_current_is_left_alone(bench: Workbench, tmp_path: Path) -> None:
    plugin = bench.install(write_wheel(tmp_path, "tiny"))
    bench.said.clear()

    assert is_current(bench.home, plugin)
    assert bench.make_ready("tiny") == plugin
    assert bench.said == []


def test_environment_of_another_sdk_is_made_anew_without_network(
    bench: Workbench, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("1.0", "2.0"):
        write_wheel(
            shop.shelf, "steady", version, requires=["dependency"], files={"steady.py": "import yaml\n" + model("m")}
        )
    write_wheel(shop.shelf, "dependency", "1.0", entry_point=None)
    before = bench.install("steady<2")
    write_wheel(shop.shelf, "dependency", "2.0", entry_point=None)
    found = bench.distributions("steady")
    change_entry(bench, "steady", sdk="that of an older host")
    monkeypatch.setenv("UV_OFFLINE", "1")

    after = bench.make_ready("steady")

    assert (after.version, after.sdk) == ("1.0", before.sdk)
    assert after.generation != before.generation
    assert bench.distributions("steady") == found
    assert is_current(bench.home, bench.plugin("steady"))


def test_sdk_in_an_environment_is_the_hosts_byte_for_byte_and_compiled(bench: Workbench, shop: Shop) -> None:
    """Whatever an index has under these names, and whatever a wheel puts in the SDK's place."""
    for name in ("llm", "innkeeper", "innkeeper-sdk", "innkeeper-protocol"):
        write_wheel(
            shop.shelf, name, "99.0", files={f"from_the_index_{name.replace('-', '_')}.py": ""}, entry_point=None
        )
    impostor = {
        "impostor.py": model("impostor"),
        "llm/__init__.py": "raise SystemExit",
        "llm/more.py": "",
        "innkeeper_sdk/run.py": "",
    }
    write_wheel(shop.shelf, "impostor", files=impostor, requires=["llm>=0.1", "innkeeper-sdk", "llm-echo"])

    plugin = bench.install("impostor")

    site_packages = Path(plugin.site_packages)
    roots = [("protocol", "innkeeper_protocol"), ("plugin_sdk", "innkeeper_sdk"), ("plugin_sdk", "llm")]
    ours = {
        str(path.relative_to(REPOSITORY / root)): path.read_bytes()
        for root, package in roots
        for path in (REPOSITORY / root / package).rglob("*.py")
    }
    theirs = {
        str(path.relative_to(site_packages)): path.read_bytes()
        for _, package in roots
        for path in (site_packages / package).rglob("*.py")
    }
    assert theirs == ours
    assert list(site_packages.glob("from_the_index_*")) == []
    assert "llm" not in bench.distributions("impostor")
    assert list(site_packages.glob("*editable*")) == []
    compiled = [path for path in site_packages.rglob("*.pyc") if "innkeeper_sdk" in path.parts]
    assert len(compiled) == len([name for name in ours if name.startswith("innkeeper_sdk")])


def test_manifest_is_asked_for_anew_when_a_file_it_hangs_on_changes(tmp_path: Path) -> None:
    """The home is not below /tmp: what a plugin reads there counts as its own temporary files."""
    hook = "TheModel.model_id = (llm.user_dir() / 'models.txt').read_text().strip(); register(TheModel())"
    wheel = write_wheel(
        tmp_path, "configured", files={"configured.py": model("placeholder").replace("register(TheModel())", hook)}
    )
    with TemporaryDirectory(dir="/var/tmp") as folder, workbench(Path(folder)) as bench:
        data = bench.root / "plugins" / "configured" / "data"
        data.mkdir(parents=True)
        (data / "models.txt").write_text("first\n", "utf-8")
        plugin = bench.install(wheel)
        assert [one["id"] for one in plugin.models] == ["first"]

        (data / "models.txt").write_text("the second\n", "utf-8")
        assert not is_current(bench.home, plugin)
        after = bench.make_ready("configured")

        assert [one["id"] for one in after.models] == ["the second"]
        assert [one.model_id for one in read_manifest(bench.home, after).models] == ["the second"]
        assert after.generation == plugin.generation
        assert bench.plugin("configured") == after
        assert is_current(bench.home, after)


def test_grant_and_a_key_that_was_granted_have_the_manifest_asked_for_anew(bench: Workbench, tmp_path: Path) -> None:
    plugin = bench.install(write_wheel(tmp_path, "granted"))
    Path(bench.home.keys_file).write_text("{}", "utf-8")
    assert is_current(bench.home, plugin)

    allow(bench.home, plugin.name, plugin.source, Grants(keys=("example",)))
    assert not is_current(bench.home, plugin)
    plugin = bench.make_ready("granted")
    assert is_current(bench.home, plugin)

    Path(bench.home.keys_file).write_text('{"example": "sk"}', "utf-8")
    assert not is_current(bench.home, plugin)


def test_plugin_moves_to_another_python_when_its_own_is_gone(bench: Workbench, tmp_path: Path) -> None:
    bench.install(write_wheel(tmp_path, "homeless"))
    bench.install(write_source(tmp_path, "homeless-source"))
    for name in ("homeless", "homeless-source"):
        change_entry(bench, name, interpreter="/nowhere/bin/python3.12")

        assert bench.make_ready(name).interpreter == own().path


def test_environment_that_was_deleted_is_made_again(bench: Workbench, tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, "deleted")
    plugin = bench.install(wheel)
    wheel.unlink()
    shutil.rmtree(Path(plugin.site_packages).parents[2])

    assert not is_current(bench.home, plugin)
    assert is_current(bench.home, bench.make_ready("deleted"))


def test_repair_makes_a_damaged_environment_anew_with_the_same_versions(bench: Workbench, shop: Shop) -> None:
    write_wheel(shop.shelf, "damaged", "1.0")
    plugin = bench.install("damaged")
    write_wheel(shop.shelf, "damaged", "2.0")
    module = Path(plugin.site_packages, "damaged.py")
    module.unlink()
    module.write_text("raise RuntimeError('damaged')", "utf-8")

    repaired = bench.repair("damaged")

    assert (repaired.version, [one["id"] for one in repaired.models]) == ("1.0", ["damaged"])
    assert Path(repaired.site_packages, "damaged.py").read_text("utf-8") == model("damaged")


def test_repair_of_a_plugin_whose_folder_is_gone(bench: Workbench, shop: Shop, tmp_path: Path) -> None:
    write_wheel(shop.shelf, "lost")
    bench.install("lost")
    bench.install(write_wheel(tmp_path, "lost-file"))
    for name in ("lost", "lost-file"):
        shutil.rmtree(bench.root / "plugins" / name)

    assert bench.repair("lost").version == "1.0"
    with pytest.raises(InstallError, match="is not known any more") as caught:
        bench.repair("lost-file")
    assert "llm install" in str(caught.value)


def test_home_that_was_moved_still_works(bench: Workbench, tmp_path: Path) -> None:
    bench.install(write_wheel(tmp_path, "mover"))
    bench.root.rename(tmp_path / "moved")

    with workbench(tmp_path / "moved") as moved:
        plugin = moved.make_ready("mover")
        assert Path(plugin.site_packages).is_relative_to(tmp_path / "moved")
        assert [one.model_id for one in moved.host.describe(plugin).models] == ["mover"]


def test_uninstalled_plugin_is_gone_with_what_it_was_allowed(bench: Workbench, tmp_path: Path) -> None:
    plugin = bench.install(write_wheel(tmp_path, "guest"))
    allow(bench.home, plugin.name, plugin.source, Grants(net=("example.com",)))
    (bench.root / "plugins" / "guest" / "data" / "notes").write_text("x", "utf-8")

    uninstall(bench.home, "guest")

    assert bench.installed() == {}
    assert not (bench.root / "plugins" / "guest").exists()
    with pytest.raises(UnknownPlugin, match="There is no plugin 'guest'"):
        uninstall(bench.home, "guest")
    with pytest.raises(UnknownPlugin):
        make_ready(bench.home, plugin, **bench.means)


def test_data_and_grants_may_be_kept(bench: Workbench, tmp_path: Path) -> None:
    plugin = bench.install(write_wheel(tmp_path, "guest"))
    allow(bench.home, plugin.name, plugin.source, Grants(net=("example.com",)))
    (bench.root / "plugins" / "guest" / "data" / "notes").write_text("x", "utf-8")

    uninstall(bench.home, "guest", keep_data=True)

    assert sorted(path.name for path in (bench.root / "plugins" / "guest").iterdir()) == [
        "audit.jsonl",
        "data",
        "grants.json",
    ]


def test_asking_whether_a_plugin_is_current_loads_nothing_heavy() -> None:
    code = "import sys; from innkeeper.installation import fingerprint, generation; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)

    heavy = {
        "msgspec",
        "click",
        "packaging",
        "httpx",
        "tomllib",
        "subprocess",
        "asyncio",
        "tempfile",
        "shutil",
        "zipfile",
    }
    assert not heavy & set(loaded.stdout.split())


def test_plugin_of_a_record_from_a_newer_host_is_understood(bench: Workbench, tmp_path: Path) -> None:
    plugin = bench.install(write_wheel(tmp_path, "future"))
    path = Path(bench.home.generation_dir("future", str(plugin.generation)), "record.json")
    record = json.loads(path.read_text("utf-8"))
    record["plugin"]["invented_later"] = record["request"]["invented_later"] = record["more"] = 1
    path.write_text(json.dumps(record), "utf-8")
    os.unlink(bench.home.index_file)

    assert bench.plugin("future") == plugin
    assert isinstance(bench.repair("future"), InstalledPlugin)
