"""What people name by ``https://`` and ``git+https://``, from a server whose certificate only they trust."""

from __future__ import annotations

import http.server
import os
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import certifi
import pytest

from .wheels import model, write_sdist, write_source, write_wheel
from .workbench import Workbench

CERTIFICATE = Path(__file__).parent / "localhost.pem"
"""For localhost, with its key and the certificate that it was signed by; valid for a hundred years."""

needs_git_server = pytest.mark.skipif(
    b"REQUEST_METHOD" not in subprocess.run(["sh", "-c", "git http-backend"], capture_output=True, check=False).stderr,
    reason="git cannot serve here",  # it can: then it says what it lacks
)


class Files(http.server.SimpleHTTPRequestHandler):
    """Serves the folder *root*, and the repositories below ``/git`` as a forge does."""

    root = ""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments, directory=self.root)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        if self.path.startswith("/git/"):
            self.ask_git(b"")
        else:
            super().do_GET()

    def do_POST(self) -> None:
        self.ask_git(self.rfile.read(int(self.headers["Content-Length"])))

    def ask_git(self, body: bytes) -> None:
        path, _, query = self.path.partition("?")
        done = subprocess.run(
            ["git", "http-backend"],
            input=body,
            capture_output=True,
            check=True,
            env={
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": self.root,
                "GIT_HTTP_EXPORT_ALL": "1",
                "REQUEST_METHOD": self.command,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            },
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode("ascii").splitlines())
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve ``tmp_path/served``; yield the address. The person trusts the certificate, beside those of the world."""
    trusted = [Path(certifi.where()), CERTIFICATE, *filter(Path.is_file, [Path(os.environ.get("SSL_CERT_FILE", ""))])]
    bundle = tmp_path / "trusted.pem"
    bundle.write_text("\n".join(path.read_text("ascii") for path in trusted))
    for variable in ("SSL_CERT_FILE", "GIT_SSL_CAINFO"):
        monkeypatch.setenv(variable, str(bundle))
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(variable, "localhost")
    (tmp_path / "served").mkdir()
    handler = type("Served", (Files,), {"root": str(tmp_path / "served")})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"https://localhost:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_wheel_and_archive_at_an_address(bench: Workbench, server: str, tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path / "served", "far-wheel")
    sdist = write_sdist(tmp_path / "served", write_source(tmp_path, "far-sdist"))

    plugin = bench.install(f"{server}/{wheel.name}")
    assert (plugin.name, plugin.source_kind, plugin.requirement) == ("far-wheel", "url", f"{server}/{wheel.name}")
    assert bench.install(f"{server}/{sdist.name}", build=True).name == "far-sdist"


@needs_git_server
def test_repository_at_an_address(bench: Workbench, server: str, tmp_path: Path) -> None:
    work = tmp_path / "work"
    source = write_source(work, "from-forge", code=model("first"))

    def git(*arguments: str) -> None:
        subprocess.run(["git", "-C", str(source), *arguments], check=True, capture_output=True)

    git("init", "--quiet")
    git("add", ".")
    git("-c", "user.name=t", "-c", "user.email=t@t", "commit", "--quiet", "-m", "first")
    git("tag", "v1")
    git("clone", "--quiet", "--bare", str(source), str(tmp_path / "served" / "git" / "one.git"))

    plugin = bench.install(f"git+{server}/git/one.git", build=True)
    assert (plugin.name, plugin.source_kind) == ("from-forge", "git")
    assert [one["id"] for one in bench.install(f"git+{server}/git/one.git@v1", build=True).models] == ["first"]
    assert "could not be fetched" in bench.fails(f"git+{server}/git/two.git", build=True).message


def test_certificate_that_is_not_trusted_is_said_so(
    bench: Workbench, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = write_wheel(tmp_path / "served", "far-wheel")
    sdist = write_sdist(tmp_path / "served", write_source(tmp_path, "far-sdist"))
    monkeypatch.setenv("SSL_CERT_FILE", certifi.where())
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")

    for path in (wheel, sdist):
        assert "certificate" in str(bench.fails(f"{server}/{path.name}", build=True)).lower()
