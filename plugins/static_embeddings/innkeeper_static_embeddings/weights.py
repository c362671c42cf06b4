"""Where the vectors of the tokens lie, and the tokenizer's file: the wheel of wordllama carries both.

The weights are a safetensors file: the length of a header, the header as JSON, and the numbers. It is mapped, so that
starting reads next to nothing of it. https://huggingface.co/docs/safetensors/index#format
"""

from __future__ import annotations

import importlib.util
import json
import mmap
import os
import struct

import llm
import numpy as np

PACKAGE = "wordllama"
WEIGHTS = os.path.join("weights", "l2_supercat_256.safetensors")
TOKENIZER = os.path.join("tokenizers", "l2_supercat_tokenizer_config.json")
TENSOR = "embedding.weight"

MOST_HEADER_BYTES = 1_000_000
"""Of a file that holds one tensor the header is 100 bytes."""


def find_file(name: str) -> str:
    """Return the path of a file of the package, which is looked up and not imported.

    Raises:
        llm.ModelError: the package, or the file in it, is not there.
    """
    spec = importlib.util.find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations if spec else None) or ():
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
    raise llm.ModelError(
        f"the weights are missing: {os.path.basename(name)} comes with the package {PACKAGE}, "
        "which is not installed whole"
    )


def map_vectors(path: str) -> np.ndarray:
    """Return the matrix in the file at *path*, a row a token, half precision; it cannot be written.

    Raises:
        llm.ModelError: the file does not hold what is expected.
    """
    with open(path, "rb") as file:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        (header_bytes,) = struct.unpack_from("<Q", content)
        if header_bytes > MOST_HEADER_BYTES:
            raise ValueError(f"a header of {header_bytes} bytes")
        tensor = json.loads(content[8 : 8 + header_bytes])[TENSOR]
        rows, columns = tensor["shape"]
        start, end = tensor["data_offsets"]
        if tensor["dtype"] != "F16" or end - start != 2 * rows * columns:
            raise ValueError(f"a tensor {tensor}")
        return np.frombuffer(content, "<f2", rows * columns, 8 + header_bytes + start).reshape(rows, columns)
    except (struct.error, ValueError, KeyError, TypeError) as error:
        raise llm.ModelError(f"the weights cannot be used: {path}: {error}") from error
