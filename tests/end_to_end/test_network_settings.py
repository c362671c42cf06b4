"""The person's own proxy and certificates: what was granted is reached by way of them, and nothing else becomes so."""

from __future__ import annotations

import http.server
import shutil
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from .asking_plugin import Greeter, asking_plugin
from .inn import Inn

CERTIFICATE = Path(__file__).parent / "vendor.pem"
"""For vendor.example.net, with its key; valid for a hundred years and trusted by nobody."""

NAME_IN_A_FOLDER = "df4cc6f5.0"
"""As ``openssl x509 -hash`` says: how it is found in a folder of certificates."""


class Gateway(http.server.BaseHTTPRequestHandler):
    """A proxy that joins whoever asks to the server of the test, and notes what it is asked."""

    server_port = 0
    asked: ClassVar[list[tuple[str, str | None]]] = []

    def do_CONNECT(self) -> None:
        Gateway.asked.append((self.path, self.headers.get("Proxy-Authorization")))
        with socket.create_connection(("127.0.0.1", Gateway.server_port)) as server:
            self.send_response(200)
            self.end_headers()
            answering = threading.Thread(target=self._copy, args=(server, self.connection))
            answering.start()
            self._copy(self.connection, server)
            answering.join()
        self.close_connection = True

    def _copy(self, source: socket.socket, to: socket.socket) -> None:
        try:
            while piece := source.recv(65536):
                to.sendall(piece)
            to.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def gateway() -> Iterator[str]:
    """Return the address of the person's proxy, which wants a password."""
    vendor = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Greeter)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    vendor.socket = context.wrap_socket(vendor.socket, server_side=True)
    Gateway.server_port = vendor.server_address[1]
    proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    for server in (vendor, proxy):
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://me:proxy-password@127.0.0.1:{proxy.server_address[1]}"
    for server in (vendor, proxy):
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def vendor_inn(tmp_path_factory: pytest.TempPathFactory) -> Inn:
    folder = tmp_path_factory.mktemp("vendor")
    inn = Inn(folder / "home")
    inn.ok("install", asking_plugin(folder), "--allow-net", "vendor.example.net:443")
    return inn


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_a_granted_host_is_reached_through_the_person_s_proxy_with_their_certificates(
    vendor_inn: Inn, gateway: str, variable: str, tmp_path: Path
) -> None:
    shutil.copy(CERTIFICATE, tmp_path / NAME_IN_A_FOLDER)
    value = str(tmp_path if variable == "SSL_CERT_DIR" else CERTIFICATE)
    environment = {"HTTPS_PROXY": gateway, "NO_PROXY": "", "no_proxy": "", variable: value}
    Gateway.asked.clear()

    answer = vendor_inn.ok("-m", "asker", "net https://vendor.example.net/", environment=environment)

    assert answer == "hello\n\n"
    assert Gateway.asked == [("vendor.example.net:443", "Basic bWU6cHJveHktcGFzc3dvcmQ=")]


def test_nothing_else_is_reached_through_it_and_its_password_is_not_seen(vendor_inn: Inn, gateway: str) -> None:
    environment = {"HTTPS_PROXY": gateway, "HTTP_PROXY": gateway, "SSL_CERT_FILE": str(CERTIFICATE)}
    Gateway.asked.clear()
    tries = [
        "net https://elsewhere.example.net/",
        "net http://vendor.example.net/",
        f"net http://{gateway.partition('@')[2]}/",
    ]

    outcome = vendor_inn.run(
        "-m", "asker", "\n".join([*(f"quietly {line}" for line in tries), "env HTTPS_PROXY"]), environment=environment
    )

    assert outcome.stdout == "gave up\n" * 3 + "unset\n\n"
    assert Gateway.asked == []
    assert "to reach elsewhere.example.net:443, to reach vendor.example.net:80, to reach 127.0.0.1:" in outcome.stderr
    assert "proxy-password" not in outcome.stderr


def test_without_the_certificates_the_server_is_not_trusted(vendor_inn: Inn, gateway: str) -> None:
    environment = {"HTTPS_PROXY": gateway, "NO_PROXY": "", "no_proxy": ""}

    message = vendor_inn.fails("-m", "asker", "net https://vendor.example.net/", environment=environment)

    assert "CERTIFICATE_VERIFY_FAILED" in message
