"""The examples of protocol/README.md, run as they stand there."""

from __future__ import annotations

import contextlib
import io
import re
import socket
import threading
from typing import Any

from innkeeper_protocol.methods import METHODS

from .pairs import BOUND_S
from .spec_page import PROTOCOL, RULE, rules

README = (PROTOCOL / "README.md").read_text(encoding="utf-8")


def test_both_ends_of_the_example_talk_to_each_other() -> None:
    plugin, host = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    ours, theirs = socket.socketpair()
    serving = threading.Thread(target=exec, args=(plugin, {"channel": theirs}), daemon=True)
    serving.start()
    names: dict[str, Any] = {"channel": ours}
    imports = "\n".join(line for line in plugin.splitlines() if line.startswith("from "))
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(f"{imports}\n{host}", names)
    names["host"].close()
    serving.join(BOUND_S)
    assert printed.getvalue() == "hi\n"
    assert not serving.is_alive()


def test_dialogue_of_the_example_names_real_methods() -> None:
    named = set(re.findall(r'method: "([^"]+)"', README))
    assert named <= set(METHODS)
    assert len(named) == 4


def test_rules_and_their_number_are_those_of_the_page() -> None:
    assert set(RULE.findall(README)) <= set(rules())
    (number,) = re.findall(r"is the protocol: (\d+) short rules", README)
    assert int(number) == len(rules())
