"""Editable plugins: a wheel that leads to the person's own source, and which files there count.

The wheel is built from a copy of the source (see `build`), and made to lead to the source itself here.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import zipfile
from collections.abc import Iterator

from innkeeper.errors import InstallError

MOST_BYTES = 64 * 1024 * 1024
"""An editable wheel holds metadata and a path or two."""


_NOT_SOURCE = {"__pycache__", "venv", "node_modules", "build", "dist", "tests", "test"}


def source_files(source: str) -> Iterator[str]:
    """Yield the Python files of an editable plugin in the folder *source*, in a fixed order."""
    for folder, names, files in os.walk(source):
        names[:] = sorted(name for name in names if not name.startswith(".") and name not in _NOT_SOURCE)
        yield from (os.path.join(folder, file) for file in sorted(files) if file.endswith(".py"))


def with_real_path(wheel: str, copy: str, source: str) -> str:
    """Write the editable *wheel* anew, in a folder beside its own, with the path of the *copy* replaced by that of the
    *source*. Returns the new one's path.
    """
    folder = os.path.join(os.path.dirname(os.path.dirname(wheel)), "editable")
    os.makedirs(folder)
    target = os.path.join(folder, os.path.basename(wheel))
    try:
        _rewrite(wheel, target, os.fsencode(copy), os.fsencode(source))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise InstallError(f"{os.path.basename(wheel)} cannot be read as a wheel.", why=str(error)) from error
    return target


def _rewrite(wheel: str, target: str, copy: bytes, source: bytes) -> None:
    rows: list[tuple[str, str, str]] = []
    with zipfile.ZipFile(wheel) as before, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as after:
        entries = [entry for entry in before.infolist() if not entry.is_dir()]
        record = next((entry.filename for entry in entries if entry.filename.endswith(".dist-info/RECORD")), None)
        if record is None or sum(entry.file_size for entry in entries) > MOST_BYTES:
            raise InstallError(f"{os.path.basename(wheel)} is no editable wheel.")
        for entry in entries:
            if entry.filename == record:
                continue
            content = before.read(entry)
            if entry.filename.endswith((".pth", ".py")):
                content = content.replace(copy, source)
            after.writestr(entry, content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            rows.append((entry.filename, f"sha256={digest}", str(len(content))))
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([*rows, (record, "", "")])
        after.writestr(record, text.getvalue())
