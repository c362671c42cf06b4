"""Published packages that plugins talk to the network with, in a folder that every user of a room can read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PACKAGES = ("requests", "urllib3", "aiohttp", "httpx", "openai", "anthropic", "grpcio")


def install_vendor_packages(folder: Path) -> Path:
    """Install `PACKAGES` into *folder* and return it."""
    uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", sys.executable]
    subprocess.run([*uv, "--compile-bytecode", "--target", str(folder), *PACKAGES], check=True)
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o644))
    return folder
