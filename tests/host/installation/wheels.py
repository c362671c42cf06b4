"""Distributions for the tests, made on the spot: wheels without a build, and sources with a backend of their own."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

MODEL = """
import llm

@llm.hookimpl
def register_models(register):
    register(TheModel())

class TheModel(llm.Model):
    model_id = {model_id!r}

    def execute(self, prompt, stream, response, conversation):
        yield "an answer"
"""


def model(model_id: str) -> str:
    """Return the code of a plugin with one model."""
    return MODEL.format(model_id=model_id)


def write_wheel(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    files: Mapping[str, str] | None = None,
    entry_point: str | None = "",
    requires: Sequence[str] = (),
    extras: Mapping[str, Sequence[str]] | None = None,
    requires_python: str = ">=3.10",
    tag: str = "py3-none-any",
) -> Path:
    """Write a wheel into *folder* and return its path.

    By default it is a plugin with one module that registers the model *name*; *entry_point* None makes it no plugin.
    """
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Python: {requires_python}"]
    metadata += [f"Requires-Dist: {text}" for text in requires]
    for extra, texts in (extras or {}).items():
        metadata += [f"Provides-Extra: {extra}", *(f"Requires-Dist: {text} ; extra == '{extra}'" for text in texts)]
    content = dict(files if files is not None else {f"{module}.py": model(name)})
    content[f"{info}/METADATA"] = "\n".join(metadata) + "\n"
    content[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n"
    if entry_point is not None:
        content[f"{info}/entry_points.txt"] = f"[llm]\n{module} = {entry_point or module}\n"
    rows = [f"{path},sha256={_digest(text)},{len(text.encode())}" for path, text in content.items()]
    content[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,"]) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{module}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inner, text in content.items():
            archive.writestr(inner, text)
    return path


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


BACKEND = """
import base64, hashlib, os, zipfile

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    {attempt}
    return make(wheel_directory, {{{module!r} + ".py": open({module!r} + ".py").read()}})

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    {attempt}
    return make(wheel_directory, {{{module!r} + ".pth": os.getcwd() + "\\n"}})

def make(folder, content):
    info = "{module}-{version}.dist-info"
    content[info + "/METADATA"] = {metadata!r}
    content[info + "/WHEEL"] = "Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    content[info + "/entry_points.txt"] = "[llm]\\n{module} = {module}\\n"
    def digest(text):
        return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    rows = [f"{{path}},sha256={{digest(text)}},{{len(text.encode())}}" for path, text in content.items()]
    content[info + "/RECORD"] = "\\n".join([*rows, info + "/RECORD,,"]) + "\\n"
    name = "{module}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as archive:
        for path, text in content.items():
            archive.writestr(path, text)
    return name
"""


def write_source(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    code: str | None = None,
    attempt: str = "pass",
    requires: Sequence[str] = (),
    requires_python: str = ">=3.10",
) -> Path:
    """Write the source of the plugin *name* and return its folder. It is its own build backend, which needs nothing.

    *attempt* is a statement that runs during its build.
    """
    module = name.replace("-", "_")
    root = folder / f"{module}-{version}"
    root.mkdir(parents=True, exist_ok=True)
    (root / f"{module}.py").write_text(code if code is not None else model(name), "utf-8")
    lines = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Python: {requires_python}"]
    metadata = "\n".join([*lines, *(f"Requires-Dist: {text}" for text in requires)]) + "\n"
    backend = BACKEND.format(attempt=attempt, module=module, version=version, metadata=metadata)
    (root / "the_backend.py").write_text(backend, "utf-8")
    (root / "PKG-INFO").write_text(metadata, "utf-8")
    (root / "pyproject.toml").write_text(
        f"""\
[project]
name = "{name}"
version = "{version}"
requires-python = "{requires_python}"

[build-system]
requires = []
build-backend = "the_backend"
backend-path = ["."]
""",
        "utf-8",
    )
    return root


def write_sdist(folder: Path, source: Path) -> Path:
    """Pack *source*, which `write_source` wrote, into an archive in *folder*; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{source.name}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for file in sorted(source.iterdir()):
            content = file.read_bytes()
            member = tarfile.TarInfo(f"{source.name}/{file.name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path
