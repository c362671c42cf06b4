"""What tests of the SDK share: an environment with plugins from the index, and the SDK as wheels beside them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from innkeeper_sdk.llm_distribution import LLM_VERSION

REPOSITORY = Path(__file__).resolve().parents[2]


def uv(*arguments: str | Path) -> None:
    """Run uv; its output is part of the failure, if it fails."""
    done = subprocess.run(
        ["uv", *map(str, arguments)], capture_output=True, text=True, timeout=300, check=False, cwd=REPOSITORY
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def sdk_wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with the wheels of the protocol and the SDK, built from this clone."""
    wheels = tmp_path_factory.mktemp("wheels")
    for package in ("protocol", "plugin_sdk"):
        uv("build", "--wheel", "--quiet", "--out-dir", wheels, REPOSITORY / package)
    return wheels


@pytest.fixture(scope="session")
def plugin_python(sdk_wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the interpreter of an environment like a plugin's: llm-echo, llm-markov and the SDK in place of llm."""
    folder = tmp_path_factory.mktemp("environment")
    overrides = folder / "overrides.txt"
    overrides.write_text("llm ; python_version < '0'\n", encoding="utf-8")
    python = folder / ".venv" / "bin" / "python"
    uv("venv", "--quiet", "--python", sys.executable, folder / ".venv")
    uv(
        *("pip", "install", "--quiet", "--python", python, "--override", overrides),
        *sorted(sdk_wheels.glob("*.whl")),
        *("llm-echo>=0.4", "llm-markov", "pydantic", "httpx", "openai", "sqlite-utils"),
    )
    return python


@pytest.fixture(scope="session")
def real_llm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the interpreter of an environment with the real llm, which says what plugins expect."""
    folder = tmp_path_factory.mktemp("real-llm")
    python = folder / ".venv" / "bin" / "python"
    uv("venv", "--quiet", "--python", sys.executable, folder / ".venv")
    uv("pip", "install", "--quiet", "--python", python, f"llm=={LLM_VERSION}")
    return python
