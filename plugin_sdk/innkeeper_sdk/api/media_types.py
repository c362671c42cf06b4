"""Telling a file's MIME type by its first bytes: what models take as attachments, and what people attach.

puremagic is asked for the rest where the plugin's environment has it; a file's name counts last.
"""

from __future__ import annotations

import os

HEAD_BYTES = 4096
"""How much of a file is looked at."""

SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"fLaC", "audio/flac"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
    (b"\xff\xf1", "audio/aac"),
    (b"\xff\xf9", "audio/aac"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"\x00\x00\x01\x00", "image/x-icon"),
    (b"\x1f\x8b", "application/x-gzip"),
    (b"{\\rtf", "application/rtf"),
)

RIFF_KINDS = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/avi"}

ISO_BRANDS: tuple[tuple[bytes, str], ...] = (
    (b"qt", "video/quicktime"),
    (b"M4A", "audio/mp4"),
    (b"M4B", "audio/mp4"),
    (b"heic", "image/heic"),
    (b"heix", "image/heic"),
    (b"mif1", "image/heif"),
    (b"msf1", "image/heif"),
    (b"avif", "image/avif"),
    (b"avis", "image/avif"),
    (b"3g", "video/3gpp"),
)
"""Major brands of the ISO base media format that are something else than ``video/mp4``."""

TEXT_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"<!doctype html", "text/html"),
    (b"<html", "text/html"),
    (b"<svg", "image/svg+xml"),
    (b"<?xml", "application/xml"),
)

EXTENSIONS = {
    ".txt": "text/plain",
    ".md": "text/plain",
    ".csv": "text/csv",
    ".htm": "text/html",
    ".html": "text/html",
    ".css": "text/css",
    ".js": "application/javascript",
    ".json": "application/json",
    ".py": "text/x-python",
    ".rtf": "application/rtf",
    ".svg": "image/svg+xml",
    ".toml": "application/toml",
    ".xml": "application/xml",
    ".yaml": "application/x-yaml",
    ".yml": "application/x-yaml",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".zip": "application/zip",
}

FIXES = {"audio/wave": "audio/wav", "audio/x-wav": "audio/wav"}
"""Names that puremagic has and models do not know."""


def type_of_bytes(content: bytes) -> str | None:
    """Return the MIME type of *content*, or None where nothing gives it away."""
    return _by_first_bytes(content[:HEAD_BYTES]) or _by_puremagic(content)


def type_of_file(path: str | os.PathLike[str]) -> str | None:
    """Return the MIME type of a file, by its content and then by its name. Raises OSError when it cannot be read."""
    with open(path, "rb") as file:
        head = file.read(HEAD_BYTES)
    found = _by_first_bytes(head)
    if found is None or found in ("application/zip", "application/xml"):
        found = EXTENSIONS.get(os.path.splitext(path)[1].lower()) or found
    return found or _by_puremagic(head)


def _by_first_bytes(head: bytes) -> str | None:
    if head[:4] == b"RIFF":
        return RIFF_KINDS.get(head[8:12])
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return next((name for start, name in ISO_BRANDS if brand.startswith(start)), "video/mp4")
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    if head[:2] == b"BM" and len(head) >= 6:
        return "image/bmp"
    if head[:4] == b"PK\x03\x04":
        return _by_names_in_zip(head)
    found = next((name for start, name in SIGNATURES if head.startswith(start)), None)
    return found or _by_text(head)


def _by_names_in_zip(head: bytes) -> str:
    for folder, extension in ((b"word/", ".docx"), (b"xl/", ".xlsx"), (b"ppt/", ".pptx")):
        if folder in head:
            return EXTENSIONS[extension]
    return "application/zip"


def _by_text(head: bytes) -> str | None:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    found = next((name for start, name in TEXT_STARTS if text.startswith(start)), None)
    if found == "application/xml" and b"<svg" in text:
        return "image/svg+xml"
    if found is None and text[:1] in (b"{", b"["):
        return "application/json" if _is_json(head) else None
    return found


def _is_json(head: bytes) -> bool:
    """Tell whether *head* is JSON as a whole; what is longer than was looked at is taken to be."""
    import json

    if len(head) == HEAD_BYTES:
        return True
    try:
        json.loads(head)
    except ValueError:
        return False
    return True


def _by_puremagic(content: bytes) -> str | None:
    try:
        import puremagic  # type: ignore[import-not-found, unused-ignore]  # only where the plugin brought it
    except ImportError:
        return None
    try:
        found = str(puremagic.from_string(content, mime=True))
    except (puremagic.PureError, ValueError):
        return None
    return FIXES.get(found, found) or None
