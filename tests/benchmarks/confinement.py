"""What confinement costs: each thing confined in both tiers, and unconfined, in turns in one run.

``python tests/benchmarks/confinement.py`` from the repository. Starts and calls are timed by the host, what goes on
inside a plugin inside. The best of all rounds is compared: whatever else the machine does can only add to it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from environments import REPOSITORY, workbench
from innkeeper.confinement.granting import allow
from innkeeper.confinement.grants import Grants
from innkeeper.confinement.tier import Tier, choose_tier
from innkeeper.paths import Home
from innkeeper.process.session import Session
from innkeeper.remote.host import Host
from innkeeper_protocol import methods
from innkeeper_protocol.payloads.models import Prompt, PromptParams
from innkeeper_protocol.payloads.tools import CallToolParams
from measure import Report

STARTS = 25
HEAVY_STARTS = 12
ROUNDS = 15
CALLS = 300
FILES = 10_000
REQUESTS = 100

BARE = """
import llm

@llm.hookimpl
def register_models(register):
    register(Bare())

class Bare(llm.Model):
    model_id = "bare"
    can_stream = True

    def execute(self, prompt, stream, response, conversation):
        yield "x"
"""

VENDOR = BARE.replace("import llm", "import anthropic, llm").replace("Bare", "Vendor").replace("bare", "vendor")

WORK = f"""
import os, ssl, time, urllib.request
import llm

@llm.hookimpl
def register_tools(register):
    for work in (nothing, open_files, ask, connect, multiply, allocate):
        register(work)

def nothing(url: str) -> str:
    return "0"

def timed(work):
    began = time.perf_counter()
    work()
    return str(time.perf_counter() - began)

def files():
    folder = os.path.join(os.environ["HOME"], "files")
    if not os.path.isdir(folder):
        os.mkdir(folder)
        for number in range(100):
            with open(os.path.join(folder, str(number)), "w") as file:
                file.write("x")
    return [os.path.join(folder, str(number % 100)) for number in range({FILES})]

def open_files(url: str) -> str:
    paths = files()
    def work():
        for path in paths:
            open(path, "rb").close()
    return timed(work)

def ask(url: str) -> str:
    import httpx
    with httpx.Client(verify=ssl.create_default_context()) as client:
        client.get(url)
        return timed(lambda: [client.get(url).read() for _ in range({REQUESTS})])

def connect(url: str) -> str:
    context = ssl.create_default_context()
    urllib.request.urlopen(url, context=context).read()
    return timed(lambda: [urllib.request.urlopen(url, context=context).read() for _ in range({REQUESTS})])

def multiply(url: str) -> str:
    import numpy
    matrix = numpy.random.default_rng(1).random((700, 700))
    return timed(lambda: [matrix @ matrix for _ in range(20)])

def allocate(url: str) -> str:
    def work():
        for _ in range(20):
            blocks = [bytearray(1 << 20) for _ in range(40)]
            objects = [{{"n": n, "text": str(n)}} for n in range(50_000)]
            del blocks, objects
    return timed(work)
"""

SERVER = """
import http.server, ssl, sys

class Greeter(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.wfile.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nhello")

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Greeter)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1])
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
"""

CERTIFICATE = str(REPOSITORY / "tests" / "host" / "confinement" / "localhost.pem")

LIMITS = {"open_files": 1.5}
"""Of the things that are timed inside; for all others it is EVERYTHING_ELSE."""
EVERYTHING_ELSE = 1.1
WHAT = {
    "open_files": f"{FILES:,} file opens",
    "ask": f"{REQUESTS} HTTPS requests to the loopback, one client",
    "connect": f"{REQUESTS} HTTPS requests to the loopback, a connection each",
    "multiply": "numpy: 20 products of 700 x 700",
    "allocate": "allocating: 800 MB, a million dicts",
}


class InTier(Host):
    """A host whose plugins are all confined in *tier*, whatever this machine could do."""

    def __init__(self, home: Home, tier: Tier, environ: dict[str, str]) -> None:
        super().__init__(home, environ=environ)
        self._tier = tier

    def tier(self, granted: Grants | None = None) -> Tier:
        return self._tier


def first_byte(host: Host, name: str) -> float:
    """Return how long it takes from nothing to the first piece of an answer of the plugin's model."""
    began = time.perf_counter()
    session = host.session(host.plugin(name))
    params = PromptParams(model_id=name, prompt=Prompt(text="hi"), stream=True)
    with session.stream(methods.MODELS_PROMPT, params) as answer:
        next(iter(answer))
        taken = time.perf_counter() - began
        answer.result()
    session.close()
    return taken


def called(session: Session, tool: str, url: str) -> float:
    """Return what the tool says that its work took."""
    return float(session.call(methods.CALL_TOOL, CallToolParams(name=tool, arguments={"url": url})).output)


def small_call(session: Session) -> float:
    params = CallToolParams(name="nothing", arguments={"url": ""})
    began = time.perf_counter()
    for _ in range(CALLS):
        session.call(methods.CALL_TOOL, params)
    return (time.perf_counter() - began) / CALLS


def in_turns(works: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Do each of *works* once to warm up, then *rounds* times in turns; return what each took."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for work in works.values():
        work()
    for number in range(rounds):
        for name in list(works) if number % 2 else reversed(works):  # what one leaves running slows the next
            taken[name].append(works[name]())
    return taken


def compare(report: Report, what: str, works: dict[str, Callable[[], float]], rounds: int, limit: float) -> None:
    """Add a row for each tier: how many times longer than "off" it takes. The first, the best, is held to *limit*."""
    found = {tier: min(taken) for tier, taken in in_turns(works, rounds).items()}
    free = found.pop("off")
    for number, (tier, taken) in enumerate(found.items()):
        ratio, figures = taken / free, f"{shown(taken)} / {shown(free)}"
        if number == 0:
            report.at_most(f"{what}, {tier}", ratio, limit, figures)
        else:
            report.note(f"{what}, {tier}", ratio, figures)


def shown(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds >= 0.001 else f"{seconds * 1e6:.0f} us"


def measure(home: Home, url: str, environ: dict[str, str]) -> Report:
    best = choose_tier(home)
    tiers = [best, *([Tier("inproc")] if best == "ns" else []), Tier("off")]
    report = Report("confined / unconfined")
    with ExitStack() as stack:
        hosts = {str(tier): stack.enter_context(InTier(home, tier, environ)) for tier in tiers}

        def starting(name: str) -> dict[str, Callable[[], float]]:
            return {tier: lambda host=host: first_byte(host, name) for tier, host in hosts.items()}  # type: ignore[misc]

        compare(report, "start to first byte, a bare plugin", starting("bare"), STARTS, 1.7)
        compare(report, "start to first byte, importing a vendor's SDK", starting("vendor"), HEAVY_STARTS, 1.1)
        sessions = {tier: host.session(host.plugin("work")) for tier, host in hosts.items()}
        compare(
            report,
            "a small call",
            {tier: lambda session=session: small_call(session) for tier, session in sessions.items()},  # type: ignore[misc]
            ROUNDS,
            EVERYTHING_ELSE,
        )
        for tool, what in WHAT.items():
            works = {
                tier: lambda session=session, tool=tool: called(session, tool, url)  # type: ignore[misc]
                for tier, session in sessions.items()
            }
            compare(report, what, works, ROUNDS, LIMITS.get(tool, EVERYTHING_ELSE))
    return report


def main() -> int:
    llm = str(Path(sys.executable).parent / "llm")
    with workbench() as bench:
        wheels = [bench.wheel(name, code) for name, code in (("bare", BARE), ("vendor", VENDOR), ("work", WORK))]
        environment = bench.environment("confinement")
        bench.install(llm, "confinement", wheels[:1])
        bench.install(llm, "confinement", wheels[1:2], "--with", "anthropic")
        bench.install(llm, "confinement", wheels[2:], "--with", "numpy", "--with", "httpx")
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER, CERTIFICATE], stdout=subprocess.PIPE, encoding="utf-8", env=environment
        )
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline())
            home = Home(environment["LLM_USER_PATH"])
            with Host(home) as host:
                plugin = host.plugin("work")
                allow(home, plugin.name, plugin.source, Grants(net=(f"localhost:{port}",)))
                host.refresh(plugin)
            return measure(home, f"https://localhost:{port}/", {**os.environ, "SSL_CERT_FILE": CERTIFICATE}).finish()
        finally:
            server.kill()
            server.wait()


if __name__ == "__main__":
    sys.exit(main())
