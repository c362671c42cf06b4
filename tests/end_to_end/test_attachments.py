"""Files that go with a prompt: from where they are to the model, with the type that they are of."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from .inn import Inn

PNG = b"\x89PNG\r\n\x1a\n"
PDF = b"%PDF-1.7\n"


def seen(answer: str) -> list[list[object]]:
    """Return type, address and size of each file that the model got."""
    files: list[list[object]] = json.loads(answer)["attachments"]
    return files


TYPES = {"/photo": "image/png; charset=binary", "/odd": "application/x-odd"}


class _Files(BaseHTTPRequestHandler):
    """Serves files by their name: their content type, and no content."""

    def do_HEAD(self) -> None:
        found = TYPES.get(self.path)
        self.send_response(200 if found else 404)
        if found:
            self.send_header("Content-Type", found)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name of the base class
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Files) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_files_go_by_their_content_whatever_they_are_called(recorder: Inn, tmp_path: Path) -> None:
    (tmp_path / "photo.txt").write_bytes(PNG + b"photo")
    (tmp_path / "paper").write_bytes(PDF)

    answer = recorder.ok(
        "-m", "recorder", "-n", "tell me", "-a", "photo.txt", "-a", str(tmp_path / "paper"), cwd=tmp_path
    )

    assert seen(answer) == [["image/png", None, 13], ["application/pdf", None, 9]]


def test_stdin_is_attached_and_then_is_no_part_of_the_prompt(recorder: Inn) -> None:
    answer = recorder.ok("-m", "recorder", "-n", "tell me", "-a", "-", stdin=PNG + b"\x00\xff")

    assert seen(answer) == [["image/png", None, 10]]
    assert json.loads(answer)["prompt"] == "tell me"


def test_type_is_what_the_person_says(recorder: Inn, tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("notes", "utf-8")

    answer = recorder.ok(
        "-m", "recorder", "-n", "tell me", "--at", str(tmp_path / "notes"), "text/plain",
        "--at", "https://example.invalid/a", "image/png", "--at", "-", "image/png", stdin=b"no picture",
    )  # fmt: skip

    assert seen(answer) == [
        ["text/plain", None, 5],
        ["image/png", "https://example.invalid/a", 0],
        ["image/png", None, 10],
    ]


def test_address_stays_one_and_its_server_tells_the_type(recorder: Inn, server: str) -> None:
    answer = recorder.ok("-m", "recorder", "-n", "tell me", "-a", f"{server}/photo")

    assert seen(answer) == [["image/png", f"{server}/photo", 0]]


def test_address_where_nothing_is_is_said(recorder: Inn, server: str) -> None:
    message = recorder.fails("-m", "recorder", "-n", "hi", "-a", f"{server}/nothing", status=2)

    assert f"{server}/nothing cannot be attached" in message
    assert "404" in message


def test_file_that_is_not_there_and_a_folder_are_said(recorder: Inn, tmp_path: Path) -> None:
    missing = recorder.fails("-m", "recorder", "-n", "hi", "-a", str(tmp_path / "no.png"), status=2)
    folder = recorder.fails("-m", "recorder", "-n", "hi", "-a", str(tmp_path), status=2)

    assert "no.png does not exist" in missing
    assert "That is a folder." in folder


def test_file_of_no_known_type_is_said_with_what_to_do(recorder: Inn, tmp_path: Path) -> None:
    (tmp_path / "blob").write_bytes(b"\x00\x01\x02")

    message = recorder.fails("-m", "recorder", "-n", "hi", "-a", str(tmp_path / "blob"), status=2)

    assert "Could not determine mimetype" in message
    assert "--at" in message


def test_model_that_takes_no_files_or_not_these_refuses_them(recorder: Inn, tmp_path: Path, server: str) -> None:
    (tmp_path / "photo.png").write_bytes(PNG)

    none = recorder.fails("-m", "blind", "-n", "hi", "-a", str(tmp_path / "photo.png"))
    other = recorder.fails("-m", "recorder", "-n", "hi", "-a", f"{server}/odd")

    assert "does not support attachments" in none
    assert "does not support attachments of type 'application/x-odd'" in other


def test_a_large_file_arrives_whole(recorder: Inn, tmp_path: Path) -> None:
    (tmp_path / "large.png").write_bytes(PNG + bytes(30 * 1024 * 1024))

    answer = recorder.ok("-m", "recorder", "-n", "tell me", "-a", str(tmp_path / "large.png"))

    assert seen(answer) == [["image/png", None, 30 * 1024 * 1024 + 8]]


def test_log_keeps_where_a_file_is_and_what_came_on_stdin(recorder: Inn, tmp_path: Path) -> None:
    photo, database = tmp_path / "photo.png", str(tmp_path / "logs.db")
    photo.write_bytes(PNG)

    recorder.ok("-m", "recorder", "-d", database, "hi", "-a", str(photo), "-a", "-", stdin=PDF)

    (entry,) = json.loads(recorder.ok("logs", "-d", database, "--json"))
    assert [(one["type"], one["path"], one["content_length"]) for one in entry["attachments"]] == [
        ("image/png", str(photo), None),
        ("application/pdf", None, 9),
    ]
