"""Models that speak OpenAI's API send what the real ``llm`` sends, field by field, and read the answers as it does."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .openai_server import openai_server

SCRIPT = Path(__file__).parent / "llm_behaviour" / "openai_behaviour.py"

QUESTIONS = re.findall(r"@question\ndef (\w+)", SCRIPT.read_text(encoding="utf-8"))


def asked_and_answered(python: Path, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    with openai_server() as server:
        ran = subprocess.run(
            [python, SCRIPT, server.address],
            env={"LLM_USER_PATH": str(folder), "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert ran.returncode == 0, ran.stderr
    return server.asked, json.loads(ran.stdout)


@pytest.fixture(scope="module")
def theirs(real_llm: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    return asked_and_answered(real_llm, tmp_path_factory.mktemp("theirs"))


@pytest.fixture(scope="module")
def ours(plugin_python: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    return asked_and_answered(plugin_python, tmp_path_factory.mktemp("ours"))


@pytest.mark.parametrize("question", QUESTIONS)
def test_same_requests(question: str, theirs: tuple[Any, Any], ours: tuple[Any, Any]) -> None:
    assert ours[0][question] == theirs[0][question]


@pytest.mark.parametrize("question", QUESTIONS)
def test_same_answers(question: str, theirs: tuple[Any, Any], ours: tuple[Any, Any]) -> None:
    answer = theirs[1][question]
    assert not (isinstance(answer, str) and "Error: " in answer), "the question is wrong"
    assert ours[1][question] == answer
