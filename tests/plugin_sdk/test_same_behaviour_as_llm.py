"""What plugins do with ``llm`` comes to the same here as with the real package: one script, run in both, compared."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parent / "llm_behaviour" / "behaviour.py"

QUESTIONS = re.findall(r"@question\ndef (\w+)", SCRIPT.read_text(encoding="utf-8"))


def answers_of(python: Path, folder: Path) -> dict[str, Any]:
    ran = subprocess.run(
        [python, SCRIPT],
        env={"WORK": str(folder), "LLM_USER_PATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    answers: dict[str, Any] = json.loads(ran.stdout)
    return answers


@pytest.fixture(scope="module")
def theirs(real_llm: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return answers_of(real_llm, tmp_path_factory.mktemp("theirs"))


@pytest.fixture(scope="module")
def ours(plugin_python: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return answers_of(plugin_python, tmp_path_factory.mktemp("ours"))


@pytest.mark.parametrize("question", QUESTIONS)
def test_same_answer_as_the_real_llm(question: str, theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    assert not isinstance(theirs[question], str) or theirs[question].startswith("raises "), "the question is wrong"
    assert ours[question] == theirs[question]
