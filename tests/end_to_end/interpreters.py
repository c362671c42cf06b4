"""Which other Pythons are on this machine: uv's, the system's and pyenv's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path


def find_python(minor: str) -> str | None:
    """Return an interpreter of version *minor* (``3.13``), or None. Shims do not count: they may fail."""
    pyenv = Path(os.environ.get("PYENV_ROOT", str(Path.home() / ".pyenv")))
    for candidate in sorted(pyenv.glob(f"versions/{minor}*/bin/python{minor}")):
        return str(candidate)
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if uv is None:
        return None
    asked = [uv, "python", "find", "--no-python-downloads", "--no-project", minor]
    found = subprocess.run(asked, capture_output=True, text=True, check=False)
    return found.stdout.strip() or None
