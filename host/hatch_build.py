"""Puts wheels of the SDK and of the default plugins into the host's own, so that an installed host needs no clone.

They are built by uv from the sources beside this package. A source distribution carries them, too, and a wheel that is
made of one takes them from there.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from runpy import run_path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from uv import find_uv_bin

CARRIED = "innkeeper/carried"


class CarriedWheels(BuildHookInterface):
    """Builds the wheels in a folder of its own, and has them included."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        repository = Path(self.root).parent
        if version == "editable":
            return  # such a host runs beside the sources, and takes those
        if not (repository / "plugin_sdk" / "pyproject.toml").exists():
            if not (Path(self.root) / CARRIED / "hashes.json").exists():
                raise FileNotFoundError("neither the sources of the SDK nor their wheels are there to be carried")
            return
        self.folder = TemporaryDirectory(prefix="innkeeper-carried-")
        carried = Path(self.folder.name)
        sdk = ("protocol", "plugin_sdk")
        for source in sdk:
            _build(repository / source, carried)
        hashes = {"sdk": _hash(repository, *sdk)}
        for project in sorted(repository.glob("plugins/*/pyproject.toml")):
            wheel = _build(project.parent, carried)
            hashes[wheel.name.partition("-")[0].replace("_", "-")] = _hash(repository, f"plugins/{project.parent.name}")
        (carried / "hashes.json").write_text(json.dumps(hashes, indent=1) + "\n", encoding="utf-8")
        for file in [*carried.glob("*.whl"), carried / "hashes.json"]:
            build_data["force_include"][str(file)] = f"{CARRIED}/{file.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        folder = getattr(self, "folder", None)
        if folder is not None:
            folder.cleanup()


def _build(source: Path, folder: Path) -> Path:
    before = set(folder.glob("*.whl"))
    subprocess.run([find_uv_bin(), "build", "--quiet", "--wheel", "--out-dir", str(folder), str(source)], check=True)
    (wheel,) = set(folder.glob("*.whl")) - before
    return wheel


def _hash(repository: Path, *sources: str) -> str:
    """Return the hash of *sources* as a host that runs from *repository* has it."""
    return str(_source_hash["content_hash"](repository, _source_hash["source_files"](repository, sources)))


_source_hash = run_path(str(Path(__file__).parent / "innkeeper" / "installation" / "source_hash.py"))
"""Run, not imported: the package needs what is not there while it is built."""
