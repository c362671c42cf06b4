"""Python and Innkeeper where every user of the machine may run them, as if somebody had installed them there.

The checkout and its interpreter may lie in root's home, where an ordinary user sees nothing. So they are copied: an
interpreter, what the host depends on, the sources, and a command `llm`.
"""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

REPOSITORY = Path(__file__).parents[3]
SOURCES = ("host", "protocol", "plugin_sdk", "plugins")

LAUNCHER = """\
#!{python} -I
import sys
sys.path[:0] = {paths!r}
from innkeeper.cli.main import main
main()
"""

_UNNEEDED = shutil.ignore_patterns("site-packages", "test", "idlelib", "tkinter", "ensurepip", "config-*", "lib2to3")


@dataclass(frozen=True)
class House:
    """*bin* holds `llm`, `uv` and the interpreter."""

    bin: Path
    python: Path
    host: Path
    """The package ``innkeeper``."""

    @property
    def llm(self) -> str:
        return str(self.bin / "llm")


def build_house(folder: Path) -> House:
    """Make a house in *folder*, which everyone can reach."""
    python = _copy_interpreter(folder)
    site_packages = folder / "lib" / Path(sysconfig.get_path("stdlib")).name / "site-packages"
    for needed in _closure("innkeeper"):
        _copy_distribution(needed, site_packages, python.parent)
    for name in SOURCES:
        shutil.copytree(REPOSITORY / name, folder / "clone" / name, ignore=shutil.ignore_patterns(".venv"))
    paths = [str(folder / "clone" / name) for name in ("host", "protocol", "plugin_sdk")]
    launcher = python.parent / "llm"
    launcher.write_text(LAUNCHER.format(python=python, paths=paths), "utf-8")
    launcher.chmod(0o755)
    return House(python.parent, python, folder / "clone" / "host" / "innkeeper")


def _copy_interpreter(folder: Path) -> Path:
    """Copy the base interpreter; one that names the folder of its shared library by its path is made to look there
    from where it is.
    """
    library = Path(sysconfig.get_path("stdlib"))
    program = Path(os.path.realpath(sys._base_executable))  # type: ignore[attr-defined]
    shutil.copytree(library, folder / "lib" / library.name, ignore=_UNNEEDED, symlinks=True)
    for shared in library.parent.glob("libpython*.so*"):
        shutil.copy2(shared, folder / "lib" / shared.name, follow_symlinks=False)
    (folder / "bin").mkdir()
    copy = folder / "bin" / program.name
    named, relative = bytes(library.parent) + b"\0", b"$ORIGIN/../lib"
    copy.write_bytes(program.read_bytes().replace(named, relative.ljust(len(named), b"\0")))
    copy.chmod(0o755)
    (folder / "bin" / "python3").symlink_to(copy.name)
    return copy


def _closure(name: str) -> Iterator[Distribution]:
    """Yield what the distribution *name* needs, at any remove, but for what is ours."""
    seen: set[str] = set()
    wanted = [name]
    for one in wanted:
        for text in distribution(one).requires or ():
            requirement = Requirement(text)
            fits = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
            if fits and requirement.name not in seen:
                seen.add(requirement.name)
                wanted.append(requirement.name)
                if not requirement.name.startswith("innkeeper"):
                    yield distribution(requirement.name)


def _copy_distribution(found: Distribution, site_packages: Path, bin_folder: Path) -> None:
    roots = {path.parts[0] for path in found.files or () if ".." not in path.parts and len(path.parts) > 1}
    for root in sorted(roots):
        source = Path(str(found.locate_file(root)))
        shutil.copytree(source, site_packages / root, symlinks=True, dirs_exist_ok=True)
    for path in found.files or ():
        source = Path(str(found.locate_file(path)))
        if len(path.parts) == 1:
            site_packages.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, site_packages / path)
        elif path.parent.name == "bin" and path.name == "uv":
            shutil.copy2(source, bin_folder / "uv")
