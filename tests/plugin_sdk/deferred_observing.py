"""Runs ``deferred_behaviour.py`` in a process of its own, since a process has pydantic or has it not."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

BEHAVIOUR = Path(__file__).with_name("deferred_behaviour.py")

TIMEOUT_S = 100


def observed(folder: Path, kept: Sequence[str], classes: Sequence[str]) -> dict[str, list[str] | None]:
    """Return what is seen of *classes*, None for one that pydantic refuses; for those *kept* pydantic waits."""
    ran = subprocess.run(
        [sys.executable, BEHAVIOUR, folder, ",".join(kept), *classes],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, list[str] | None] = json.loads(ran.stdout)
    return found
