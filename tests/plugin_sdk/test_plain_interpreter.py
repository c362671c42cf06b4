"""In a plain interpreter ``import llm`` is what it is with the real package: published plugins' tests use it so."""

from __future__ import annotations

import subprocess
from pathlib import Path

AS_IN_A_PLUGINS_TESTS = """
import llm
from llm.plugins import load_plugins, pm

load_plugins()
assert {"llm_echo", "llm_markov"} <= {plugin.__name__ for plugin in pm.get_plugins()}
assert {plugin["name"]: plugin["hooks"] for plugin in llm.get_plugins()}["llm-markov"] == ["register_models"]

model = llm.get_model("markov")
assert len(model.prompt("the cat sat on the mat", length=5, delay=0).text().split()) == 5
assert '"prompt": "hi"' in llm.get_model("echo").prompt("hi").text()
assert {"markov", "echo"} <= {model.model_id for model in llm.get_models()}
try:
    llm.get_model("nothing")
except llm.UnknownModelError as error:
    print(error.args[0])
"""


def test_installed_plugins_are_there_as_with_the_real_package(plugin_python: Path, tmp_path: Path) -> None:
    ran = subprocess.run(
        [plugin_python, "-c", AS_IN_A_PLUGINS_TESTS],
        env={"LLM_USER_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.stderr, ran.stdout) == ("", "Unknown model: nothing\n")
