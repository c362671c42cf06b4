"""Fetches and unpacks the archive of a source, a stranger's file: bounded, and nothing lands outside its folder."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import zipfile
import zlib
from lzma import LZMAError

from innkeeper.errors import InstallError
from innkeeper.untrusted import cleaned

from .request import Progress
from .requirement import without_password

FETCH_TIMEOUT_S = 60.0
"""Between two pieces of a download."""
_AS_IT_IS = {"Accept-Encoding": "identity"}
MOST_ARCHIVE_BYTES = 2 * 1024**3
MOST_UNPACKED_BYTES = 8 * 1024**3


def fetch(place: str, folder: str, *, subject: str, progress: Progress, sha256: str = "") -> str:
    """Bring *place*, a URL or a path, into *folder*; return the file's path.

    Raises InstallError, also where its hash is not *sha256*, which may be "" for a file that the person named.
    """
    name = os.path.basename(place.partition("?")[0].partition("#")[0])
    path = os.path.join(folder, name)
    if "://" in place:
        _download(place, path, subject=subject, progress=progress)
    else:
        shutil.copyfile(place, path)
    if sha256:
        with open(path, "rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != sha256:
            raise InstallError(f"{subject} could not be fetched.", why=f"{name} is not the file the index describes.")
    return path


def _download(url: str, path: str, *, subject: str, progress: Progress) -> None:
    import httpx

    shown = without_password(url)
    try:
        with (
            httpx.stream("GET", url, headers=_AS_IT_IS, follow_redirects=True, timeout=FETCH_TIMEOUT_S) as response,
            open(path, "wb") as file,
        ):
            response.raise_for_status()
            length = int(response.headers.get("content-length", 0))
            progress(f"Fetching {shown}" + (f" ({length / 1e6:.1f} MB)" if length else ""))
            for part in response.iter_raw():
                file.write(part)
                if file.tell() > MOST_ARCHIVE_BYTES:
                    raise InstallError(f"{shown} is larger than {MOST_ARCHIVE_BYTES // 1024**3} GB.")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise InstallError(
            f"{subject} could not be fetched.", why=f"{shown}: {without_password(str(error))}"
        ) from error


def unpack(archive: str, folder: str, *, subject: str) -> str:
    """Unpack *archive* into *folder*; return the one folder in it, or *folder* where there is not exactly one."""
    os.makedirs(folder)
    try:
        if archive.endswith(".zip"):
            with zipfile.ZipFile(archive) as opened:
                _check_size(sum(entry.file_size for entry in opened.infolist()), subject)
                opened.extractall(folder)
        else:
            _unpack_tar(archive, folder, subject)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, LZMAError, EOFError, RuntimeError) as error:
        raise InstallError(f"{os.path.basename(archive)} cannot be unpacked.", why=cleaned(str(error))) from error
    inside = [os.path.join(folder, name) for name in os.listdir(folder)]
    return inside[0] if len(inside) == 1 and os.path.isdir(inside[0]) else folder


def _unpack_tar(archive: str, folder: str, subject: str) -> None:
    """Unpack member by member: to know the size of all beforehand would mean to decompress all."""
    size_bytes = 0
    with tarfile.open(archive) as opened:
        for member in opened:
            size_bytes += member.size
            _check_size(size_bytes, subject)
            opened.extract(member, folder, filter="data")


def _check_size(size_bytes: int, subject: str) -> None:
    if size_bytes > MOST_UNPACKED_BYTES:
        raise InstallError(f"{subject} unpacks to more than {MOST_UNPACKED_BYTES // 1024**3} GB.")


def folder_inside(folder: str, subdirectory: str, *, subject: str) -> str:
    """Return the folder *subdirectory* of *folder*. Raises InstallError where there is none, or where it leads out."""
    outer, inner = os.path.realpath(folder), os.path.realpath(os.path.join(folder, subdirectory))
    if os.path.commonpath([outer, inner]) != outer or not os.path.isdir(inner):
        raise InstallError(f"{subject} has no folder {subdirectory!r}.")
    return inner
