"""What names may stand for, with a hosts file of the tests' own in the machine's place; and that a name which was not
granted is not even looked up.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .rooms import TIMEOUT_S, bubblewrap_here

SCRIPT = """
import json, socket, sys
from innkeeper.confinement.broker import Broker
from innkeeper.confinement.policy import HostPort, Policy

looked_up = []
sys.addaudithook(lambda event, found: looked_up.append(found[0]) if event == "socket.getaddrinfo" else None)
server = socket.create_server(("127.0.0.1", 0))
port = server.getsockname()[1]

def ask(grants, host):
    looked_up.clear()
    denied = []
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    net = tuple(HostPort.parse(text) for text in grants)
    broker = Broker(one.detach(), Policy("p", net=net), environ={}, on_denied=lambda *facts: denied.append(facts[1]))
    try:
        broker.open(host, port).close()
        return "connected", denied, list(looked_up)
    except OSError as error:
        return type(error).__name__, denied, list(looked_up)
    finally:
        other.close()

print(json.dumps([ask(grants, host) for grants, host in json.loads(sys.argv[1])]))
"""

CASES = [
    # grants, host asked for; what comes of it, what is reported, what was looked up
    (["public.example.net"], "public.example.net", ["PermissionError", ["private:public.example.net"], 1]),
    (["private:public.example.net"], "public.example.net", ["connected", [], 1]),
    (["public.example.net"], "other.example.net", ["PermissionError", ["other.example.net"], 0]),
    (["public.example.net"], "c2VjcmV0.public.example.net", ["PermissionError", ["c2vjcmv0.public.example.net"], 0]),
    ([], "public.example.net", ["PermissionError", ["public.example.net"], 0]),
    (["localhost"], "localhost", ["connected", [], 0]),
    (["localhost"], "api.localhost", ["PermissionError", ["api.localhost"], 0]),
    (["api.localhost"], "api.localhost", ["connected", [], 0]),
    (["mapped.example.net"], "mapped.example.net", ["PermissionError", ["private:mapped.example.net"], 1]),
    (["nas.local"], "nas.local", ["PermissionError", ["private:nas.local"], 1]),
]


@pytest.mark.skipif(bubblewrap_here() is None, reason="a hosts file of its own takes user namespaces, or root")
def test_a_name_reaches_no_private_address_that_it_was_not_granted_for(tmp_path: Path) -> None:
    """One that its owner lets stand for the loopback is refused; a link-local network name that does, too."""
    hosts = tmp_path / "hosts"
    names = ["public.example.net", "other.example.net", "nas.local"]
    hosts.write_text("".join(f"127.0.0.1 {name}\n" for name in names) + "::ffff:127.0.0.1 mapped.example.net\n")
    argv = [str(bubblewrap_here()), "--dev-bind", "/", "/", "--ro-bind", str(hosts), "/etc/hosts", "--"]
    question = json.dumps([[grants, host] for grants, host, _ in CASES])

    done = subprocess.run(
        [*argv, sys.executable, "-c", SCRIPT, question],
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT_S,
        check=True,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )

    found = [[outcome, denied, len(looked_up)] for outcome, denied, looked_up in json.loads(done.stdout)]
    assert found == [expected for _, _, expected in CASES]
