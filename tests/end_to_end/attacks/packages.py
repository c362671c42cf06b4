"""Wheels and sources written by hand, honest or not: an attacker keeps to no rule of packaging."""

from __future__ import annotations

import base64
import hashlib
import textwrap
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

BACKEND = """
import base64, hashlib, os, sys, zipfile

{hooks}

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    content = {{{module!r} + ".py": open({module!r} + ".py").read()}}
    info = {module!r} + "-1.0.dist-info"
    content[info + "/METADATA"] = "Metadata-Version: 2.1\\nName: " + {name!r} + "\\nVersion: 1.0\\n"
    content[info + "/WHEEL"] = "Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    content[info + "/entry_points.txt"] = "[llm]\\n" + {module!r} + " = " + {module!r} + "\\n"
    def digest(text):
        return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    rows = [f"{{path}},sha256={{digest(text)}},{{len(text.encode())}}" for path, text in content.items()]
    content[info + "/RECORD"] = "\\n".join([*rows, info + "/RECORD,,"]) + "\\n"
    wheel = {module!r} + "-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, wheel), "w") as archive:
        for path, text in content.items():
            archive.writestr(path, text)
    return wheel
"""


def write_wheel(
    folder: Path,
    name: str,
    code: str = "",
    *,
    more: Mapping[str, str | bytes] | None = None,
    named: str | None = None,
    entry_points: str | None = None,
    record: Sequence[str] = (),
    requires: Sequence[str] = (),
) -> str:
    """Write the plugin *name*, whose module is *code*, as a wheel below *folder*; return its path.

    *more* are files beside the module, by their path in the wheel; *named* is the name in the file's own name;
    *entry_points* the whole of that file; *record* further lines of RECORD, true or not.
    """
    module = name.replace("-", "_")
    info = f"{module}-1.0.dist-info"
    content: dict[str, str | bytes] = {f"{module}.py": textwrap.dedent(code), **(more or {})}
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0", *(f"Requires-Dist: {one}" for one in requires)]
    content[f"{info}/METADATA"] = "\n".join(metadata) + "\n"
    content[f"{info}/WHEEL"] = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    content[f"{info}/entry_points.txt"] = entry_points or f"[llm]\n{module} = {module}\n"
    rows = [f"{path},sha256={_digest(_bytes(one))},{len(_bytes(one))}" for path, one in content.items()]
    content[f"{info}/RECORD"] = "\n".join([*rows, *record, f"{info}/RECORD,,"]) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{(named or name).replace('-', '_')}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for inner, one in content.items():
            archive.writestr(inner, one)
    path.chmod(0o644)
    return str(path)


def write_source(folder: Path, name: str, code: str, hooks: str) -> Path:
    """Write the plugin *name* as a source that is its own build backend, and return its folder.

    *hooks* is code of the backend: what stands there runs when it is imported.
    """
    module = name.replace("-", "_")
    root = folder / f"{module}-1.0"
    root.mkdir(parents=True)
    (root / f"{module}.py").write_text(textwrap.dedent(code), "utf-8")
    backend = BACKEND.format(hooks=textwrap.dedent(hooks), module=module, name=name)
    (root / "the_backend.py").write_text(backend, "utf-8")
    (root / "pyproject.toml").write_text(
        f'[project]\nname = "{name}"\nversion = "1.0"\n\n'
        '[build-system]\nrequires = []\nbuild-backend = "the_backend"\nbackend-path = ["."]\n',
        "utf-8",
    )
    return root


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
