"""The clients that plugins use, unmodified, with servers on the loopback: what was granted works, and nothing else."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import ssl
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from innkeeper.confinement.policy import HostPort, Policy

from .rooms import Room
from .vendor_packages import install_vendor_packages

CHAT = {
    "id": "1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hello"}}],
}
MESSAGE = {
    "id": "1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [{"type": "text", "text": "hello"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 1},
}
ANSWERS = {"/v1/chat/completions": CHAT, "/v1/messages": MESSAGE}


class Vendor(http.server.BaseHTTPRequestHandler):
    """Answers as OpenAI and Anthropic do, and "hello" to a GET; redirects to wherever the path after /to/ says."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.startswith("/to/"):
            self.send_response(307)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self._answer(b"hello", "text/plain")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(json.dumps(ANSWERS[self.path]).encode(), "application/json")

    def _answer(self, content: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class SixServer(http.server.ThreadingHTTPServer):
    address_family = 10  # AF_INET6


@contextmanager
def serving(kind: type[http.server.ThreadingHTTPServer], host: str, certificate: Path | None) -> Iterator[int]:
    server = kind((host, 0), Vendor)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def packages(everyones_folder: Path) -> str:
    return str(install_vendor_packages(everyones_folder / "vendor-packages"))


@pytest.fixture(scope="module")
def certificate(everyones_folder: Path) -> Path:
    """Return a certificate for localhost and its key, valid for a hundred years and trusted by nobody."""
    return Path(shutil.copy(Path(__file__).parent / "localhost.pem", everyones_folder))


@pytest.fixture(scope="module")
def port(certificate: Path) -> Iterator[int]:
    with serving(http.server.ThreadingHTTPServer, "127.0.0.1", certificate) as port:
        yield port


def talker(packages: str, certificate: Path, *net: str, **more: object) -> Policy:
    variables = tuple((name, str(certificate)) for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"))
    hosts = tuple(HostPort.parse(text) for text in net)
    return Policy("talker", net=hosts, read=(packages, str(certificate)), environment=variables, **more)  # type: ignore[arg-type]


def program(packages: str, url: str, code: str) -> str:
    return f"import sys\nsys.path.insert(0, {packages!r})\nurl = {url!r}\n" + textwrap.dedent(code)


CLIENTS = {
    "requests": """
        import requests
        with requests.Session() as session:
            print(session.get(url, timeout=10).text)
    """,
    "urllib3": """
        import os, urllib3
        print(urllib3.PoolManager(ca_certs=os.environ["SSL_CERT_FILE"]).request("GET", url, timeout=10).data.decode())
    """,
    "aiohttp": """
        import aiohttp, asyncio
        async def main():
            async with aiohttp.ClientSession() as session, session.get(url) as answer:
                print(await answer.text())
        asyncio.run(main())
    """,
    "httpx over HTTP": """
        import httpx, ssl
        print(httpx.get(url, verify=ssl.create_default_context(), timeout=10).text)
    """,
    "openai": """
        import openai
        client = openai.OpenAI(api_key="k", base_url=url + "v1", max_retries=0)
        answer = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}])
        print(answer.choices[0].message.content)
    """,
    "openai, asynchronous": """
        import asyncio, openai
        async def main():
            client = openai.AsyncOpenAI(api_key="k", base_url=url + "v1", max_retries=0)
            answer = await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}])
            print(answer.choices[0].message.content)
        asyncio.run(main())
    """,
    "anthropic": """
        import anthropic
        client = anthropic.Anthropic(api_key="k", base_url=url, max_retries=0)
        answer = client.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": "hi"}])
        print(answer.content[0].text)
    """,
}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_granted_host_answers(tier_room: Room, packages: str, certificate: Path, port: int, client: str) -> None:
    code = program(packages, f"https://localhost:{port}/", CLIENTS[client])

    outcome = tier_room.run(code, policy=talker(packages, certificate, f"localhost:{port}"))

    assert (outcome.text, outcome.status, outcome.denials) == ("hello", 0, [])


FOLLOWERS = {
    "requests": "import requests\nrequests.get(url, timeout=10)",
    "urllib3": CLIENTS["urllib3"],
    "aiohttp": CLIENTS["aiohttp"],
    "httpx": "import httpx, ssl\nhttpx.get(url, follow_redirects=True, verify=ssl.create_default_context())",
}


@pytest.mark.parametrize("client", FOLLOWERS)
def test_a_redirect_elsewhere_leads_nowhere(
    tier_room: Room, packages: str, certificate: Path, port: int, client: str
) -> None:
    url = f"https://localhost:{port}/to/https://elsewhere.example.net/"
    code = textwrap.indent(textwrap.dedent(FOLLOWERS[client]), "    ").lstrip("\n")
    guarded = f"try:\n{code}\nexcept Exception as error:\n    print(type(error).__name__)"

    outcome = tier_room.run(program(packages, url, guarded), policy=talker(packages, certificate, f"localhost:{port}"))

    assert "hello" not in outcome.text
    assert {denial[1:] for denial in outcome.denials} == {("elsewhere.example.net", 443)}


@pytest.mark.parametrize("client", ["openai", "anthropic"])
def test_a_vendor_s_client_says_which_connection_was_refused(
    tier_room: Room, packages: str, certificate: Path, client: str
) -> None:
    code = textwrap.indent(textwrap.dedent(CLIENTS[client]), "    ")
    guarded = (
        f"try:\n{code}\nexcept Exception as error:\n    causes = [error]\n"
        "    while causes[-1].__cause__ or causes[-1].__context__:\n"
        "        causes.append(causes[-1].__cause__ or causes[-1].__context__)\n"
        "    print(causes[-1])"
    )
    url = "https://api.vendor.example.net/"

    outcome = tier_room.run(program(packages, url, guarded), policy=talker(packages, certificate, "localhost:1"))

    assert "talker may not connect to api.vendor.example.net:443: it was not granted" in outcome.text
    assert ("talker", "api.vendor.example.net", 443) in outcome.denials


def test_ipv6_is_reached_as_granted_and_by_address_alone(tier_room: Room, packages: str, certificate: Path) -> None:
    with serving(SixServer, "::1", None) as port:
        code = """
            import asyncio, httpx, urllib.request
            print(urllib.request.urlopen(url, timeout=10).read().decode())
            async def main():
                async with httpx.AsyncClient() as client:
                    print((await client.get(url)).text)
            asyncio.run(main())
            try:
                urllib.request.urlopen(url.replace("::1", "::2"), timeout=10)
            except OSError as error:
                print(error.reason.strerror)
        """

        outcome = tier_room.run(
            program(packages, f"http://[::1]:{port}/", code), policy=talker(packages, certificate, f"[::1]:{port}")
        )

    said = f"talker may not connect to [::2]:{port}: it was not granted (llm plugins allow talker --net [::2]:{port})"
    assert outcome.text.splitlines() == ["hello", "hello", said]


def test_localhost_is_whichever_of_its_addresses_answers(tier_room: Room, packages: str, certificate: Path) -> None:
    """A server may listen on ::1 alone; the name is both."""
    with serving(SixServer, "::1", None) as port:
        code = program(packages, f"http://localhost:{port}/", CLIENTS["requests"])

        outcome = tier_room.run(code, policy=talker(packages, certificate, f"localhost:{port}"))

    assert outcome.text == "hello"


needs_curl = pytest.mark.skipif(not shutil.which("curl") or not shutil.which("git"), reason="no curl, or no git, here")

PROGRAMS = {
    "curl": """
        import subprocess
        print(subprocess.run(["curl", "-sS", url], capture_output=True, text=True).stdout)
    """,
    "curl, in plain HTTP": """
        import subprocess
        print(subprocess.run(["curl", "-sS", plain], capture_output=True, text=True).stdout)
    """,
    "httpx, beside it": """
        import httpx, ssl
        context = ssl.create_default_context()
        print({httpx.get(one, verify=context, timeout=10).text for one in (url, plain)}.pop())
    """,
}


@needs_curl
@pytest.mark.parametrize("kind", PROGRAMS)
def test_programs_with_sockets_of_their_own_go_through_the_proxy(
    tier_room: Room, packages: str, certificate: Path, port: int, kind: str
) -> None:
    if tier_room.tier != "ns":
        return  # such a grant is refused there: test_own_sockets_are_refused_where_only_the_weaker_tier_works
    with serving(http.server.ThreadingHTTPServer, "127.0.0.1", None) as plain:
        net = (f"localhost:{port}", f"localhost:{plain}")
        policy = talker(packages, certificate, *net, own_sockets=True, run=(str(shutil.which("curl")),))
        policy = policy._replace(environment=(*policy.environment, ("CURL_CA_BUNDLE", str(certificate))))
        code = f"plain = 'http://localhost:{plain}/'\n" + textwrap.dedent(PROGRAMS[kind])

        outcome = tier_room.run(program(packages, f"https://localhost:{port}/", code), policy=policy)

    assert (outcome.text, outcome.denials) == ("hello", [])


@needs_curl
def test_a_program_reaches_no_host_that_was_not_granted(
    tier_room: Room, packages: str, certificate: Path, port: int
) -> None:
    if tier_room.tier != "ns":
        return
    code = """
        import subprocess
        def curl(*arguments):
            done = subprocess.run(["curl", "-sS", *arguments], capture_output=True, text=True)
            print(done.returncode != 0, done.stdout)
        curl("https://elsewhere.example.net/")
        curl("http://elsewhere.example.net/")
        curl("--noproxy", "*", url)
        curl("-L", url + "to/https://elsewhere.example.net/")
        curl("--resolve", "elsewhere.example.net:443:127.0.0.1", "https://elsewhere.example.net/")
    """
    policy = talker(packages, certificate, f"localhost:{port}", own_sockets=True, run=(str(shutil.which("curl")),))
    policy = policy._replace(environment=(*policy.environment, ("CURL_CA_BUNDLE", str(certificate))))

    outcome = tier_room.run(program(packages, f"https://localhost:{port}/", code), policy=policy)

    failed, plain, *others = outcome.text.splitlines()
    assert [line.strip() for line in (failed, *others)] == ["True"] * 4
    assert plain.startswith("False talker may not connect to elsewhere.example.net:80: it was not granted")
    assert {denial[1:] for denial in outcome.denials} == {
        ("elsewhere.example.net", 443),
        ("elsewhere.example.net", 80),
    }


@needs_curl
def test_git_clones_from_a_granted_host(tier_room: Room, packages: str, certificate: Path, tmp_path: Path) -> None:
    """Over plain HTTP as ``git http-backend`` was before it: a folder of files, which curl inside git asks for."""
    if tier_room.tier != "ns":
        return
    repository = tmp_path / "served" / "one.git"
    identity = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.net"}
    identity |= {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.net", "HOME": str(tmp_path)}

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], check=True, capture_output=True, env={**os.environ, **identity})

    git("init", "--quiet", str(tmp_path / "work"))
    git("-C", str(tmp_path / "work"), "commit", "--quiet", "--allow-empty", "-m", "first")
    git("clone", "--quiet", "--bare", str(tmp_path / "work"), str(repository))
    git("-C", str(repository), "update-server-info")

    class Files(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(tmp_path / "served"))  # type: ignore[arg-type]

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    port = server.server_address[1]
    code = """
        import os, subprocess
        done = subprocess.run(["git", "clone", "--quiet", url, "cloned"], capture_output=True, text=True)
        print(done.stderr, end="")
        print(subprocess.run(["git", "-C", "cloned", "log", "--format=%s"], capture_output=True, text=True).stdout)
    """
    exec_path = subprocess.run(["git", "--exec-path"], check=True, capture_output=True, text=True).stdout.strip()
    programs = (str(shutil.which("git")), f"{exec_path}/git-remote-http", f"{exec_path}/git")
    policy = talker(packages, certificate, f"localhost:{port}", own_sockets=True, run=programs, terminal=False)

    outcome = tier_room.run(program(packages, f"http://localhost:{port}/one.git", code), policy=policy)
    server.shutdown()
    server.server_close()

    assert outcome.text.splitlines()[-1:] == ["first"], outcome.text


def test_grpc_goes_through_the_proxy(tier_room: Room, packages: str, certificate: Path) -> None:
    """Its client is C++, with sockets and a resolver of its own. Server and client of the same package."""
    if tier_room.tier != "ns":
        return
    server = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(GRPC_SERVER), packages], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        policy = talker(packages, certificate, f"localhost:{port}", own_sockets=True)

        outcome = tier_room.run(program(packages, f"localhost:{port}", GRPC_CLIENT), policy=policy)
    finally:
        server.kill()
        server.wait()
        assert server.stdout is not None
        server.stdout.close()

    assert outcome.text.splitlines()[-2:] == ["hello", "UNAVAILABLE"], outcome.text
    assert ("talker", "elsewhere.example.net", 443) in outcome.denials


GRPC_SERVER = """
    import sys
    sys.path.insert(0, sys.argv[1])
    from concurrent import futures
    import grpc
    class Handler(grpc.GenericRpcHandler):
        def service(self, details):
            return grpc.unary_unary_rpc_method_handler(lambda request, context: b"hello")
    server = grpc.server(futures.ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((Handler(),))
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    server.wait_for_termination()
"""

GRPC_CLIENT = """
    import grpc
    def ask(target):
        with grpc.insecure_channel(target) as channel:
            return channel.unary_unary("/a.B/C")(b"", timeout=15).decode()
    print(ask(url))
    try:
        ask("elsewhere.example.net:443")
    except grpc.RpcError as error:
        print(error.code().name)
"""
