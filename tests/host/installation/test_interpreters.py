"""Which Pythons there are, found by looking: pyenv's, uv's, the system's; shims and wrappers are none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from innkeeper.errors import InstallError, UsageError
from innkeeper.installation.interpreters import Interpreter, at, choose, find_all, own


def python(prefix: Path, minor: str) -> Path:
    """Make what looks like a Python of version *minor* in *prefix*."""
    program = prefix / "bin" / f"python{minor}"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text("#!/bin/sh\n", "utf-8")
    program.chmod(0o755)
    library = prefix / "lib" / f"python{minor}"
    library.mkdir(parents=True)
    (library / "os.py").touch()
    return program


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """A person's environment on a machine with some Pythons, none of them of the version that runs the tests."""
    pyenv, data, path = tmp_path / "pyenv", tmp_path / "data", tmp_path / "path"
    python(pyenv / "versions" / "3.10.2", "3.10")
    python(pyenv / "versions" / "3.10.13", "3.10")
    python(data / "uv" / "python" / "cpython-3.14.1-linux-x86_64-gnu", "3.14")
    python(pyenv / "versions" / "3.9.1", "3.9")
    shim = path / "python3.13"
    path.mkdir()
    shim.write_text("#!/bin/sh\nexit 127\n", "utf-8")
    shim.chmod(0o755)
    return {"PYENV_ROOT": str(pyenv), "XDG_DATA_HOME": str(data), "PATH": f"{path}:relative", "HOME": str(tmp_path)}


def test_pythons_are_found_newest_first_after_the_hosts_own(machine: dict[str, str]) -> None:
    found = find_all(machine)

    assert found[0] == own()
    ours = [(one.minor, one.version) for one in found if str(machine["HOME"]) in one.path]
    assert ours == [("3.14", "3.14.1"), ("3.10", "3.10.13")]


def test_first_that_fits_is_chosen_and_older_releases_when_only_they_do(machine: dict[str, str]) -> None:
    assert choose("", None, subject="x", environ=machine) == own()
    assert choose("==3.14.*", None, subject="x", environ=machine).version == "3.14.1"
    assert choose("==3.10.2", None, subject="x", environ=machine).version == "3.10.2"
    assert choose("", "3.10.2", subject="x", environ=machine).version == "3.10.2"
    assert choose("", "python3.10", subject="x", environ=machine).version == "3.10.13"


def test_what_is_missing_is_named_with_what_there_is(machine: dict[str, str]) -> None:
    with pytest.raises(InstallError) as caught:
        choose("==3.9.*", None, subject="old-plugin", environ=machine)
    assert caught.value.message == "old-plugin needs a Python that is not on this machine: ==3.9.*"
    assert "3.14.1" in caught.value.why
    assert caught.value.hint == "Plugins run on Python 3.10 to 3.14."

    with pytest.raises(InstallError) as caught:
        choose("", "3.12.99", subject="x", environ=machine)
    assert caught.value.hint == "Get one: uv python install 3.12, or name one: --python PATH"


def test_shims_and_wrappers_are_no_pythons(machine: dict[str, str], tmp_path: Path) -> None:
    assert at(str(tmp_path / "path" / "python3.13")) is None
    assert at(str(tmp_path / "nowhere" / "python3.12")) is None
    with pytest.raises(InstallError, match="cannot be run by"):
        choose("", str(tmp_path / "path" / "python3.13"), subject="x", environ=machine)
    with pytest.raises(UsageError, match="no version of Python"):
        choose("", "latest", subject="x", environ=machine)


def test_python_that_was_asked_for_and_cannot_be_had_is_named_with_the_way_out(
    machine: dict[str, str], tmp_path: Path
) -> None:
    """The person may have asked long ago: it is told of when the environment has to be made anew, too."""
    (tmp_path / "python3.12").write_text("#!/bin/sh\n", "utf-8")

    with pytest.raises(InstallError) as gone:
        choose("", str(tmp_path / "gone" / "python3.12"), subject="llm-x", environ=machine)
    with pytest.raises(InstallError) as wrapper:
        choose("", str(tmp_path / "python3.12"), subject="llm-x", environ=machine)

    way_out = (
        "To have it run by another, of Python 3.10 to 3.14 and no wrapper script: "
        "llm install llm-x --python VERSION|PATH"
    )
    assert gone.value.message == f"llm-x cannot be run by {tmp_path}/gone/python3.12."
    assert (gone.value.why, gone.value.hint) == ("It is not there.", way_out)
    assert (wrapper.value.why, wrapper.value.hint) == ("It is none of the interpreters that plugins run on.", way_out)


def test_environment_is_followed_to_its_base(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "python"
    program.parent.mkdir()
    os.symlink(own().path, program)

    assert at(str(program)) == own()


def test_requirement_that_one_python_alone_meets() -> None:
    assert Interpreter("/p", "3.11.7", "/").this_version == ">=3.11.7,<3.12"
    assert Interpreter("/p", "3.11", "/").this_version == "==3.11.*"
