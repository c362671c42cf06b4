"""The network of a plugin: granted names through the broker, with the libraries that plugins use, and nothing else."""

from __future__ import annotations

import http.server
import os
import shutil
import socket
import ssl
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from innkeeper.confinement.policy import HostPort, Policy

from .rooms import Room

HTTPX = str(Path(sys.prefix) / f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages")


class Server(http.server.BaseHTTPRequestHandler):
    """Answers "hello", or redirects to wherever the path after /to/ says."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class ManyAtOnce(http.server.ThreadingHTTPServer):
    request_queue_size = 128


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Return the port of an HTTP server on the loopback."""
    server = ManyAtOnce(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def granted(port: int, **more: object) -> Policy:
    return Policy("talker", net=(HostPort.parse(f"localhost:{port}"),), read=(HTTPX,), **more)  # type: ignore[arg-type]


CLIENTS = {
    "urllib": """
        import urllib.request
        print(urllib.request.urlopen(f"http://localhost:{port}/", timeout=5).read().decode())
    """,
    "httpx": """
        import httpx
        with httpx.Client() as client:
            print(client.get(f"http://localhost:{port}/").text)
    """,
    "httpx, asynchronous": """
        import asyncio, httpx
        async def main():
            async with httpx.AsyncClient() as client:
                answers = await asyncio.gather(*[client.get(f"http://localhost:{port}/{n}") for n in range(20)])
            print(*{answer.text for answer in answers})
        asyncio.run(main())
    """,
    "asyncio streams": """
        import asyncio
        async def main():
            reader, writer = await asyncio.open_connection("localhost", port)
            writer.write(b"GET / HTTP/1.0\\r\\nConnection: close\\r\\n\\r\\n")
            print((await reader.read())[-5:].decode())
            writer.close()
        asyncio.run(main())
    """,
    "a socket with options and a timeout": """
        import socket
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(5)
            sock.connect(socket.getaddrinfo("localhost", port)[0][4])
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert sock.getpeername()[1] == port and sock.gettimeout() == 5
            sock.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
            print(b"".join(iter(lambda: sock.recv(100), b""))[-5:].decode())
    """,
    "sockets beside others that are not connected": """
        import errno, select, socket
        idle, shut = socket.socket(), socket.socket()
        idle.setblocking(False)
        shut.shutdown(socket.SHUT_RDWR)
        with socket.create_connection(("localhost", port)) as sock:
            assert idle.connect_ex(("127.0.0.1", port)) == errno.EINPROGRESS
            assert select.select([], [idle], [], 5)[1] and idle.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
            assert idle.getpeername() == sock.getpeername() and not idle.getblocking()
            sock.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
            print(b"".join(iter(lambda: sock.recv(100), b""))[-5:].decode())
    """,
    "a socket that does not block": """
        import errno, select, socket
        sock = socket.socket()
        sock.setblocking(False)
        assert sock.connect_ex(("127.0.0.1", port)) == errno.EINPROGRESS
        assert select.select([], [sock], [], 5)[1] and sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
        sock.setblocking(True)
        sock.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
        print(b"".join(iter(lambda: sock.recv(100), b""))[-5:].decode())
    """,
    "many threads": """
        import urllib.request
        from concurrent.futures import ThreadPoolExecutor
        def get(n):
            return urllib.request.urlopen(f"http://localhost:{port}/{n}", timeout=10).read().decode()
        with ThreadPoolExecutor(20) as pool:
            print(*set(pool.map(get, range(60))))
    """,
}


def program(code: str, port: int) -> str:
    return f"import sys\nsys.path.append({HTTPX!r})\nport = {port}\n" + textwrap.dedent(code)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_granted_host_is_reached(room: Room, port: int, client: str) -> None:
    outcome = room.run(program(CLIENTS[client], port), policy=granted(port))

    assert (outcome.text, outcome.status, outcome.denials) == ("hello", 0, [])


REFUSED = {
    "another name": ("http://example.com:{port}/", "example.com"),
    "another address": ("http://127.0.0.2:{port}/", "127.0.0.2"),
    "a redirect elsewhere": ("http://localhost:{port}/to/http://example.com:{port}/", "example.com"),
    "a name with a secret in it": ("http://c2VjcmV0.evil.example:{port}/", "c2vjcmv0.evil.example"),
    "an IPv6 address": ("http://[2001:db8::1]:{port}/", "2001:db8::1"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_anything_else_is_refused_and_reported_by_name(room: Room, port: int, kind: str) -> None:
    url, host = REFUSED[kind]
    code = f"""
        import urllib.request
        try:
            urllib.request.urlopen({url.format(port=port)!r}, timeout=5)
        except OSError as error:
            print(type(error.reason).__name__)
    """

    outcome = room.run(program(code, port), policy=granted(port))

    assert (outcome.text, outcome.status) == ("PermissionError", 0)
    assert outcome.denials == [("talker", host, port)]


def test_another_port_of_a_granted_host_is_refused(room: Room, port: int) -> None:
    code = """
        import socket
        try:
            socket.create_connection(("localhost", 22))
        except PermissionError as error:
            print(error)
    """

    outcome = room.run(program(code, port), policy=granted(port))

    assert "talker may not connect to localhost:22" in outcome.text
    assert "llm plugins allow talker --net localhost:22" in outcome.text


def test_a_connection_that_fails_says_why_as_without_walls(room: Room) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        code = f"""
            import asyncio, socket
            try:
                socket.create_connection(("localhost", {port}))
            except ConnectionRefusedError:
                print("refused")
            try:
                asyncio.run(asyncio.open_connection("localhost", {port}))
            except ConnectionRefusedError:
                print("refused")
        """

        outcome = room.run(textwrap.dedent(code), policy=granted(port))

    assert (outcome.text, outcome.denials) == ("refused\nrefused", [])


def test_the_broker_gives_nothing_to_what_is_not_a_request(room: Room, port: int) -> None:
    """What is no request ends the plugin's network; descriptors that it sends are closed."""
    code = f"""
        import array, os, _socket as s
        broker = s.socket(s.AF_UNIX, s.SOCK_SEQPACKET, 0, int(os.environ["INNKEEPER_BROKER"]))
        rights = array.array("i", [0] * 20)
        broker.sendmsg([b"1 {port} localhost"], [(s.SOL_SOCKET, s.SCM_RIGHTS, rights)])
        print(broker.recv(100).decode())
        broker.send(b"proxy")
        print(broker.recv(100))
    """
    before = len(os.listdir("/proc/self/fd"))

    outcome = room.run(textwrap.dedent(code), policy=granted(port))
    for thread in threading.enumerate():
        if thread.name == "broker of talker":  # it has answered, and closes its own end now
            thread.join(10)

    assert outcome.text.splitlines() == ["1 0 ", "b''"]
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.fixture
def certificate(everyones_folder: Path) -> Path:
    """Return a certificate for localhost and its key, valid for a hundred years and trusted by nobody."""
    return Path(shutil.copy(Path(__file__).parent / "localhost.pem", everyones_folder))


def test_tls_checks_the_name_that_was_asked_for(room: Room, certificate: Path) -> None:
    server = ManyAtOnce(("127.0.0.1", 0), Server)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    port = server.server_address[1]
    code = """
        import asyncio, httpx, urllib.request
        print(urllib.request.urlopen(f"https://localhost:{port}/", timeout=5).read().decode())
        import ssl
        print(httpx.get(f"https://localhost:{port}/", verify=ssl.create_default_context()).text)
        async def main():
            async with httpx.AsyncClient(verify=ssl.create_default_context()) as client:
                print((await client.get(f"https://localhost:{port}/")).text)
        asyncio.run(main())
    """
    policy = granted(port, environment=(("SSL_CERT_FILE", str(certificate)),))
    policy = Policy("talker", net=policy.net, read=(*policy.read, str(certificate)), environment=policy.environment)

    outcome = room.run(program(code, port), policy=policy)
    server.shutdown()
    server.server_close()

    assert (outcome.text, outcome.status) == ("hello\nhello\nhello", 0)


def test_code_with_its_own_sockets_goes_through_the_proxy(room: Room, port: int) -> None:
    """Only in tier ns, where the sockets are in a network of their own, which has nothing but the proxy."""
    if room.tier != "ns":
        return
    code = """
        import os, _socket as s
        from urllib.parse import urlsplit
        proxy = urlsplit(os.environ["HTTPS_PROXY"])
        def connect(target):
            sock = s.socket(s.AF_INET, s.SOCK_STREAM)
            sock.connect((proxy.hostname, proxy.port))
            sock.send(f"CONNECT {target} HTTP/1.1\\r\\nHost: {target}\\r\\n\\r\\n".encode())
            return sock, sock.recv(1000).split(b"\\r\\n")[0].decode()
        sock, answer = connect(f"localhost:{port}")
        print(answer)
        sock.send(b"GET / HTTP/1.0\\r\\n\\r\\n")
        got = b""
        while piece := sock.recv(100):
            got += piece
        print(got[-5:].decode())
        print(connect(f"example.com:443")[1])
        try:
            s.socket(s.AF_INET, s.SOCK_STREAM).connect(("127.0.0.1", port))
        except OSError as error:
            print(type(error).__name__)
    """

    outcome = room.run(program(code, port), policy=granted(port, own_sockets=True))

    assert outcome.text.splitlines() == [
        "HTTP/1.1 200 Connected",
        "hello",
        "HTTP/1.1 403 Forbidden",
        "ConnectionRefusedError",
    ]
    assert outcome.denials == [("talker", "example.com", 443)]


def test_own_sockets_are_refused_where_only_the_weaker_tier_works(room: Room, port: int) -> None:
    from innkeeper.errors import ConfinementError

    if room.tier == "ns":
        return
    with pytest.raises(ConfinementError, match="makes its own network sockets"):
        room.run("", policy=granted(port, own_sockets=True))
