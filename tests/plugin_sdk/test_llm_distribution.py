"""``importlib.metadata.version("llm")`` answers inside a plugin's process; nothing on disk says that it is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from innkeeper_sdk.llm_distribution import LLM_VERSION


def output_of(python: Path, code: str) -> list[str]:
    ran = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


ASK = """
import sys
from innkeeper_sdk.llm_distribution import answer_for_llm
answer_for_llm()
answer_for_llm()
assert "importlib.metadata" not in sys.modules
from importlib import metadata
print(metadata.version("llm"))
print(metadata.distribution("LLM").metadata["Name"])
print([found.metadata["Name"] for found in metadata.distributions()].count("llm"))
print(metadata.files("llm"), metadata.requires("llm"))
try:
    metadata.version("llm-nothing")
except metadata.PackageNotFoundError as error:
    print(error.name)
"""


def test_version_answers_like_that_of_an_installed_distribution(plugin_python: Path) -> None:
    assert output_of(plugin_python, ASK) == [LLM_VERSION, "llm", "1", "None None", "llm-nothing"]


def test_installers_find_no_such_distribution(plugin_python: Path) -> None:
    listed = subprocess.run(
        ["uv", "pip", "freeze", "--python", plugin_python], capture_output=True, text=True, timeout=60, check=True
    ).stdout
    assert "innkeeper-sdk" in listed
    assert [line for line in listed.splitlines() if line.split("==")[0] == "llm"] == []


@pytest.mark.skipif(sys.version_info < (3, 11), reason="before 3.11 this asks for top_level.txt, which uv leaves out")
def test_package_that_has_the_name_is_the_sdk(plugin_python: Path) -> None:
    code = "from importlib import metadata; print(metadata.packages_distributions()['llm'])"
    assert output_of(plugin_python, code) == ["['innkeeper-sdk']"]


def test_real_distribution_is_found_first_where_there_is_one(plugin_python: Path, tmp_path: Path) -> None:
    real = tmp_path / "llm-0.99.dist-info"
    real.mkdir()
    (real / "METADATA").write_text("Metadata-Version: 2.1\nName: llm\nVersion: 0.99\n", encoding="utf-8")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from innkeeper_sdk.llm_distribution import answer_for_llm; answer_for_llm()\n"
        "from importlib import metadata; print(metadata.version('llm'))"
    )
    assert output_of(plugin_python, code) == ["0.99"]


def test_import_of_llm_costs_next_to_nothing(plugin_python: Path) -> None:
    """What a plugin names it pays for; hookimpl and Model take neither click nor pydantic nor asyncio."""
    code = (
        "import sys; from llm import hookimpl, Model, user_dir\n"
        "print(sorted({'click', 'pydantic', 'asyncio', 'httpx', 'json', 'importlib.metadata'} & set(sys.modules)))"
    )
    assert output_of(plugin_python, code) == ["[]"]
