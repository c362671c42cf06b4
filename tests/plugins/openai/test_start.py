"""What a prompt imports: each package costs a tenth of a second or two before the first letter of an answer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Server

PLUGIN = Path(__file__).resolve().parents[3] / "plugins" / "openai"

SCRIPT = """
import json, sys
sys.path.insert(0, sys.argv[1])
from innkeeper_openai import plugin
from innkeeper_sdk.testing import running
with running(plugin, keys={"openai": "sk-1"}) as openai:
    if sys.argv[2] == "describe":
        openai.describe()
    else:
        assert openai.prompt("gpt-4o", "hi", stream=False, **json.loads(sys.argv[2])).text == "hello"
print(json.dumps([name for name in ("httpx", "httpx._main", "click", "pydantic", "yaml") if sys.modules.get(name)]))
"""


@pytest.mark.parametrize(
    ("asked", "imported"),
    [
        ("{}", ["httpx"]),
        ('{"temperature": 1}', ["httpx", "pydantic"]),
        ("describe", ["click", "pydantic"]),
    ],
)
def test_only_what_is_needed_is_imported(
    asked: str, imported: list[str], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", server.address)
    command = [sys.executable, "-c", SCRIPT, str(PLUGIN), asked]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == imported
