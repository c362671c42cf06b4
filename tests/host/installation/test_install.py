"""From what a person names to a plugin that is ready: each kind of requirement, and each option."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from innkeeper.errors import InstallError, UsageError
from innkeeper.installation.inspection import unknown_extras
from innkeeper.installation.interpreters import find_all, own
from innkeeper.installation.inventory import InstalledPlugin
from innkeeper.installation.manifest import read_manifest
from innkeeper.installation.request import BuildNeeded, InstallRequest

from .conftest import Shop
from .wheels import model, write_sdist, write_source, write_wheel
from .workbench import Workbench

OURS = f"python{sys.version_info.major}.{sys.version_info.minor}"
OTHERS = [one for one in find_all() if one.minor != own().minor]
NEWER = [one for one in OTHERS if int(one.minor.partition(".")[2]) > sys.version_info.minor]


def test_wheel_file_becomes_a_plugin(bench: Workbench, tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, "tiny-plugin")

    plugin = bench.install(wheel)

    assert bench.plugin("tiny-plugin") == plugin
    generation = bench.root / "plugins" / "tiny-plugin" / "generations" / str(plugin.generation)
    assert plugin == InstalledPlugin(
        name="tiny-plugin",
        version="1.0",
        requirement=str(wheel),
        source_kind="wheel",
        location=str(wheel),
        generation=plugin.generation,
        interpreter=own().path,
        base_prefix=own().base_prefix,
        site_packages=str(generation / ".venv" / "lib" / OURS / "site-packages"),
        hooks=["register_models"],
        models=[{"id": "tiny-plugin", "label": plugin.models[0]["label"], "aliases": [], "sync": True, "async": False}],
        sdk=plugin.sdk,
        watched={str(bench.root / "plugins" / "tiny-plugin" / "grants.json"): None},
        installed_at=plugin.installed_at,
    )
    assert sorted(path.name for path in generation.iterdir()) == [
        ".venv", "lock", "manifest.json", "pyproject.toml", "record.json", "uv.lock", "wheels"
    ]  # fmt: skip
    assert [model.model_id for model in read_manifest(bench.home, plugin).models] == ["tiny-plugin"]


@pytest.mark.parametrize("name", ["llm", "innkeeper-sdk", "innkeeper-functions"])
def test_name_that_is_the_hosts_to_give_is_taken_by_nobody(bench: Workbench, tmp_path: Path, name: str) -> None:
    """Neither one that stands on the file nor one that turns out when it is built."""
    for named in (write_wheel(tmp_path, name), write_source(tmp_path, name)):
        error = bench.fails(named)

        assert error.message.startswith(f"{name} ")
    assert bench.installed() == {}


def test_name_from_the_index_is_installed_once(bench: Workbench) -> None:
    plugin = bench.install("llm-markov")

    assert (plugin.name, plugin.version, plugin.source_kind) == ("llm-markov", "0.1", "index")
    assert bench.install("LLM_Markov>=0.1") == plugin
    assert any(line.startswith("Making the environment of llm-markov: ") and " MB" in line for line in bench.said)


def test_versions_are_chosen_as_asked(bench: Workbench, shop: Shop) -> None:
    for version in ("1.0", "1.5", "2.0", "3.0rc1"):
        write_wheel(shop.shelf, "many-versions", version)

    assert bench.install("many-versions<1.2").version == "1.0"
    assert bench.install("many-versions").version == "1.0", "what is there satisfies that"
    assert bench.install("many-versions>=1.5").version == "2.0"
    assert bench.install("many-versions<2", upgrade=True).version == "1.5"
    assert bench.install("many-versions", upgrade=True).version == "2.0"
    assert bench.install("many-versions", upgrade=True, pre=True).version == "3.0rc1"
    assert bench.installed() == {"many-versions": "3.0rc1"}


def test_extras_bring_what_they_name(bench: Workbench, shop: Shop) -> None:
    write_wheel(shop.shelf, "with-extra", extras={"more": ["an-extra"]})
    write_wheel(shop.shelf, "an-extra", entry_point=None)

    bench.install("with-extra")
    assert "an-extra" not in bench.distributions("with-extra")

    bench.install("with-extra[more]")
    assert "an-extra" in bench.distributions("with-extra")
    plain = bench.plugin("with-extra")
    assert unknown_extras(plain, InstallRequest(requirement="with-extra[MORE,less]")) == ["less"]
    assert bench.install("with-extra") == plain, "an extra that is there stays"


def test_packages_are_added_and_left_out(bench: Workbench, shop: Shop) -> None:
    write_wheel(shop.shelf, "choosy", requires=["unwanted"])
    write_wheel(shop.shelf, "unwanted", entry_point=None)
    write_wheel(shop.shelf, "wanted", "1.0", entry_point=None)
    write_wheel(shop.shelf, "wanted", "2.0", entry_point=None)

    bench.install("choosy", with_=("wanted<2",), without=("Unwanted",))

    found = bench.distributions("choosy")
    assert found["wanted"] == "1.0"
    assert "unwanted" not in found


def test_options_are_remembered_by_an_upgrade_and_forgotten_by_force(bench: Workbench, shop: Shop) -> None:
    write_wheel(shop.shelf, "steady", "1.0")
    write_wheel(shop.shelf, "wanted", entry_point=None)
    bench.install("steady", with_=("wanted",))
    write_wheel(shop.shelf, "steady", "2.0")

    bench.install("steady", upgrade=True)
    assert {"steady": "2.0", "wanted": "1.0"}.items() <= bench.distributions("steady").items()

    bench.install("steady", force_reinstall=True)
    assert "wanted" not in bench.distributions("steady")


def test_upgrade_to_what_is_there_changes_nothing_and_force_makes_it_anew(bench: Workbench, tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, "unchanged")
    first = bench.install(wheel)

    assert bench.install(wheel, upgrade=True) == first

    second = bench.install(wheel, force_reinstall=True, no_cache=True)
    assert second.generation != first.generation
    assert not Path(first.site_packages).exists()


def test_directory_is_built_and_copied(bench: Workbench, tmp_path: Path) -> None:
    source = write_source(tmp_path, "from-directory")

    plugin = bench.install(source)
    assert (plugin.version, plugin.source_kind, plugin.extra_read) == ("1.0", "directory", [])
    assert (Path(plugin.site_packages) / "from_directory.py").read_text("utf-8") == model("from-directory")
    assert sorted(path.name for path in source.iterdir()) == [
        "PKG-INFO", "from_directory.py", "pyproject.toml", "the_backend.py"
    ]  # fmt: skip

    write_source(tmp_path, "from-directory", code=model("renamed"))
    assert [model["id"] for model in bench.install(source).models] == ["renamed"]


def test_editable_directory_is_read_where_it_is(bench: Workbench, tmp_path: Path) -> None:
    source = write_source(tmp_path, "edited", code=model("before"))
    plugin = bench.install(source, editable=True)

    assert plugin.extra_read == [str(source)]
    assert (Path(plugin.site_packages) / "edited.pth").read_text("utf-8") == f"{source}\n"
    assert [model["id"] for model in plugin.models] == ["before"]

    (source / "edited.py").write_text(model("after-that"), "utf-8")
    assert [model["id"] for model in bench.make_ready("edited").models] == ["after-that"]


def test_archives_are_built_once_that_is_allowed(bench: Workbench, tmp_path: Path) -> None:
    sdist = write_sdist(tmp_path / "dist", write_source(tmp_path, "from-sdist"))

    error = bench.fails(sdist)
    assert isinstance(error, BuildNeeded)
    assert error.packages == (str(sdist),)
    assert error.message == f"{sdist} was not installed: it must be built from source."

    plugin = bench.install(sdist, build=True)
    assert (plugin.name, plugin.source_kind) == ("from-sdist", "sdist")


def test_urls_of_wheels_and_archives(bench: Workbench, shop: Shop, tmp_path: Path) -> None:
    wheel = write_wheel(shop.shelf, "far-wheel")
    sdist = write_sdist(shop.shelf, write_source(tmp_path, "far-sdist"))

    url = f"{shop.url}/files/{wheel.name}"
    plugin = bench.install(url)
    assert (plugin.name, plugin.source_kind, plugin.requirement) == ("far-wheel", "url", url)

    plugin = bench.install(f"far-sdist @ {shop.url}/files/{sdist.name}", build=True)
    assert (plugin.name, plugin.source_kind) == ("far-sdist", "url")

    assert "could not be fetched" in bench.fails(f"{shop.url}/files/nothing-1.0.tar.gz", build=True).message
    assert "404" in str(bench.fails(f"{shop.url}/files/nothing-1.0-py3-none-any.whl"))


def test_revision_of_a_git_repository(bench: Workbench, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    source = write_source(repository, "from-git", code=model("first"))

    def git(*arguments: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@t", *arguments], cwd=repository, check=True, stdout=-3
        )

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    git("tag", "v1")
    (source / "from_git.py").write_text(model("second"), "utf-8")
    git("commit", "-qam", "second")
    url = f"git+file://{repository}"

    assert isinstance(bench.fails(f"{url}#subdirectory=from_git-1.0"), BuildNeeded)
    newest = bench.install(f"{url}#subdirectory=from_git-1.0", build=True)
    assert ([one["id"] for one in newest.models], newest.source_kind) == (["second"], "git")
    tagged = bench.install(f"{url}@v1#subdirectory=from_git-1.0", build=True)
    assert [one["id"] for one in tagged.models] == ["first"]

    assert "'nowhere'" in bench.fails(f"{url}#subdirectory=nowhere", build=True).message
    assert "has no folder" in bench.fails(f"{url}#subdirectory=../..", build=True).message
    assert "could not be fetched" in bench.fails(f"{url}@no-such-tag", build=True).message


@pytest.mark.skipif(not OTHERS, reason="there is one Python on this machine")
def test_python_that_fits_is_found_or_named(bench: Workbench, shop: Shop, tmp_path: Path) -> None:
    other = OTHERS[0]
    only = f"=={other.minor}.*"
    from_file = write_wheel(tmp_path, "other-python", requires_python=only)
    write_wheel(shop.shelf, "other-python-too", requires_python=only)

    assert bench.install(from_file).interpreter == other.path
    assert bench.install("other-python-too").interpreter == other.path
    any_python = write_wheel(tmp_path, "any-python")
    assert bench.install(any_python, python=other.minor).interpreter == other.path
    assert bench.install(any_python, python=own().path).interpreter == own().path

    assert f"=={other.minor}.*" in str(bench.fails("other-python-too", python=own().path))
    refused = bench.fails(from_file, python=own().path)
    assert (refused.message, refused.why) == (
        f"other-python does not run on Python {own().version}.", f"It requires Python {only}."
    )  # fmt: skip


@pytest.mark.skipif(not NEWER, reason="there is no newer Python on this machine")
def test_python_that_a_dependency_needs_is_found(bench: Workbench, shop: Shop) -> None:
    write_wheel(shop.shelf, "modest", requires=["demanding"])
    write_wheel(shop.shelf, "demanding", requires_python=f">={NEWER[-1].minor}", entry_point=None)

    assert bench.install("modest").interpreter in [one.path for one in NEWER]


def test_python_that_is_nowhere_is_named(bench: Workbench, shop: Shop, tmp_path: Path) -> None:
    write_wheel(shop.shelf, "from-the-future", requires_python=">=3.99")
    here = write_wheel(tmp_path, "from-the-future", requires_python=">=3.99")

    for requirement in ("from-the-future", here):
        error = bench.fails(requirement)
        assert error.message == "from-the-future needs a Python that is not on this machine: >=3.99"
        assert own().version in error.why


def test_what_a_plugin_imports_without_saying_so_is_added(bench: Workbench, tmp_path: Path) -> None:
    code = "import yaml\n" + model("undeclared").replace(
        "model_id =", "class Options(llm.Options): pass\n    model_id ="
    )
    bench.install(write_wheel(tmp_path, "undeclared", files={"undeclared.py": code}))

    assert {"pyyaml", "pydantic"} <= set(bench.distributions("undeclared"))


def test_package_that_is_no_plugin_is_refused_before_its_dependencies_are_fetched(bench: Workbench, shop: Shop) -> None:
    write_wheel(shop.shelf, "no-plugin", entry_point=None, requires=["a-dependency"])
    dependency = write_wheel(shop.shelf, "a-dependency", entry_point=None)
    dependency.write_bytes(dependency.read_bytes() + b"broken, if it were fetched in whole")

    error = bench.fails("no-plugin")

    assert error.message == "no-plugin was not installed: it is no plugin."
    assert "`llm`" in error.why


def test_errors_say_what_is_wrong(bench: Workbench, shop: Shop, tmp_path: Path) -> None:
    write_wheel(shop.shelf, "torn", requires=["idna<3", "idna>=3"])
    no_wheel = tmp_path / "broken-1.0-py3-none-any.whl"
    no_wheel.write_bytes(b"no zip file")
    renamed = write_wheel(tmp_path, "honest").rename(tmp_path / "other-1.0-py3-none-any.whl")

    unknown = bench.fails("llm-surely-no-such-plugin-anywhere")
    assert unknown.message == (
        "llm-surely-no-such-plugin-anywhere was not installed: the package index has no such package."
    )
    unsatisfiable = bench.fails("torn")
    assert unsatisfiable.message == "torn was not installed."
    assert "idna" in unsatisfiable.why
    assert "only llm-markov==0.1 is available" in bench.fails("llm-markov>=99").why
    assert bench.fails(no_wheel).message == "broken-1.0-py3-none-any.whl cannot be read as a wheel."
    assert bench.fails(renamed).message == f"{renamed} is honest, as it turns out."
    assert bench.fails(tmp_path / "nowhere").message == f"There is no file or directory {tmp_path}/nowhere."
    assert isinstance(bench.fails("llm-markov", with_=("no requirement!",)), UsageError)
    assert isinstance(bench.fails("no requirement!"), UsageError)
    assert bench.fails("llm").message == "llm is no plugin to install."


def test_index_that_cannot_be_reached_is_said_so(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")

    source = write_source(tmp_path, "built")
    (source / "pyproject.toml").write_text('[build-system]\nrequires = ["flit-core"]\nbuild-backend = "flit_core"\n')
    for requirement in ("llm-markov", write_wheel(tmp_path, "tiny-plugin"), source):
        assert bench.fails(requirement).message.endswith(" was not installed: the package index cannot be reached.")

    monkeypatch.setenv("UV_OFFLINE", "1")
    assert bench.fails("llm-markov").message == "llm-markov was not installed: the package index cannot be reached."


def test_plugin_that_fails_at_import_is_refused_and_the_one_before_stays(bench: Workbench, tmp_path: Path) -> None:
    good = bench.install(write_wheel(tmp_path, "fragile"))

    error = bench.fails(write_wheel(tmp_path, "fragile", "2.0", files={"fragile.py": "import surely_not_there\n"}))

    assert error.message == "Plugin 'fragile' cannot be loaded."
    assert "No module named 'surely_not_there'" in error.why
    assert "--with" in error.hint
    assert bench.plugin("fragile") == good
    assert Path(good.site_packages, "fragile.py").exists()


def test_plugin_that_dies_while_it_describes_itself_is_refused(bench: Workbench, tmp_path: Path) -> None:
    error = bench.fails(write_wheel(tmp_path, "dying", files={"dying.py": "import os\nos._exit(7)\n"}))

    assert isinstance(error, InstallError)
    assert error.message == "Plugin 'dying' could not say what it registers."
    assert "status 7" in error.why


def test_hook_that_fails_is_a_problem_and_the_others_count(bench: Workbench, tmp_path: Path) -> None:
    code = model("half") + "\n@llm.hookimpl\ndef register_tools(register):\n    raise RuntimeError('no tools today')\n"

    plugin = bench.install(write_wheel(tmp_path, "half", files={"half.py": code}))

    assert [one["id"] for one in plugin.models] == ["half"]
    assert ["no tools today" in problem for problem in plugin.problems] == [True]


def test_record_says_how_to_make_it_again(bench: Workbench, shop: Shop) -> None:
    write_wheel(shop.shelf, "recorded", files={"recorded.py": "import yaml\n" + model("recorded")})
    plugin = bench.install("recorded>=1", with_=("iniconfig",), upgrade=True)

    folder = bench.home.generation_dir("recorded", str(plugin.generation))
    record = json.loads(Path(folder, "record.json").read_text("utf-8"))

    assert (record["dependency"], record["added"]) == ("recorded>=1", ["pyyaml"])
    assert record["request"]["with_"] == ["iniconfig"]
    assert record["request"]["upgrade"] is False
