"""A plugin that speaks the wire by hand: the host ends it with one plain error, or goes on as if nothing had been."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .mercenary import Mercenary, dedented
from .people import USERS
from .treasures import Treasures
from .village import Village

VIOLATIONS = {
    "another protocol": "core.link.send(b'HTTP/1.1 200 OK\\r\\n\\r\\n' * 8)",
    "a frame of four gigabytes": "send(b'x', length=0xffffffff)",
    "a frame over the limit": "send(bytes(17 << 20))",
    "an empty frame": "send(b'')",
    "noise": "send(os.urandom(100_000))",
    "arrays in arrays": "send(b'\\x91' * 1_000_000)",
    "maps in maps": "send(b'\\x81\\xa1x' * 1_000_000)",
    "a string that claims to be long": "send(b'\\xdb\\xff\\xff\\xff\\xff')",
    "a map that claims to be large": "send(b'\\xdf\\xff\\xff\\xff\\xff')",
    "an extension type": "send(b'\\x81\\xa7jsonrpc\\xc7\\x04\\x2aevil')",
    "a key twice": "send(b'\\x83\\xa7jsonrpc\\xa32.0\\xa2id\\x01\\xa2id\\x02')",
    "an answer nobody waits for": "message(id=999, result={})",
    "an answer of the wrong type": "message(id=2, result={'messages': 5})",
    "an answer nested too deep": """
        deep = b'\\x90'
        for _ in range(5000):
            deep = b'\\x91' + deep
        send(b'\\x83\\xa7jsonrpc\\xa32.0\\xa2id\\x02\\xa6result\\x81\\xadresponse_json' + deep)
        """,
    "items for no stream": "message(method='stream/item', params={'id': 77, 'items': ['x']})",
    "items that are none": "message(method='stream/item', params={'id': 2, 'items': [42]})",
    "items beyond its credit": """
        while True:
            message(method='stream/item', params={'id': 2, 'items': ['x' * 100_000]})
        """,
    "credit for what was never asked": "message(method='stream/credit', params={'id': 1, 'credit': 1 << 40})",
    "a cancel of what was never asked": "message(method='cancel', params={'id': 1})",
    "a request as a notification": "message(method='host/get_key', params={'name': 'openai'})",
    "parts of a blob that do not fit": """
        message(method='blob/part', params={'blob': 1, 'size': 10, 'data': b'12345'})
        message(method='blob/part', params={'blob': 1, 'size': 10, 'data': b'1234567'})
        """,
    "a flood of requests": "while True: message(id=next(numbers), method='host/list_models', params={})",
}
"""Each breaks a rule: the plugin is ended for it, or the call fails."""

BORNE = {
    "a second greeting": """
        try:
            ask('initialize', revisions=[1], host={'name': 'x', 'version': '1'})
        except Exception:
            pass
        """,
    "what a newer peer may say": "message(method='host/unheard-of', params={})",
    "a denial that was none": """
        for kind, what in (('read', '/'), ('run', 'sh'), ('key', 'x' * 10_000), ('net', '*'), ('trust', 'me')):
            message(method='host/denial', params={'kind': kind, 'what': what, 'operation': 'x'})
        """,
    "blobs that would not fit": """
        for number in range(300):
            core.send_split(codec.encode_part_prefix(number, 200 << 20, 1 << 20), memoryview(bytes(1 << 20)))
        """,
    "blobs of nothing": """
        for number in range(1000, 21_000):
            message(method='blob/part', params={'blob': number, 'size': 9, 'data': b''})
        """,
    "a blob of a terabyte": "message(method='blob/part', params={'blob': 1, 'size': 1 << 40, 'data': b'x'})",
    "lines for the person without end": """
        for number in range(20_000):
            message(method='host/console', params={'text': f'\\x1b[2J line {number}'})
        """,
}
"""Each is no breach, or harmless: the plugin goes on, and so does the host, no larger than it was."""

GROWTH_BYTES = 400 << 20
"""What the host may hold for a plugin, 256 MiB of blobs, and some."""


@pytest.fixture(params=USERS)
def speaker(request: pytest.FixtureRequest, village: Village) -> Mercenary:
    user = request.param
    return village.mercenary(user, village.weaker_for_user(user))


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_breach_ends_the_plugin_with_one_plain_error(speaker: Mercenary, village: Village, name: str) -> None:
    code = f"import itertools\nnumbers = itertools.count(1000)\n{dedented(VIOLATIONS[name])}\ntime.sleep(20)"

    report = speaker.carry_out(code)

    assert report.died, report
    errors = [line for line in report.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1, report
    assert "'mercenary'" in errors[0]
    assert "Traceback" not in report.stderr
    assert village.treasures(speaker.room.person.user).damage(report.stderr) == []


@pytest.mark.parametrize("name", BORNE)
def test_what_is_no_breach_changes_nothing(speaker: Mercenary, village: Village, name: str) -> None:
    before = memory_of(speaker.begin())

    report = speaker.carry_out(dedented(BORNE[name]) + "\nshow(len(ask('host/list_models').models))")

    treasures: Treasures = village.treasures(speaker.room.person.user)
    assert not report.died, report
    assert int(report.said) > 0
    assert memory_of(speaker.begin()) - before < GROWTH_BYTES
    assert treasures.damage(report.said) == []


def test_lines_for_the_person_come_to_an_end(speaker: Mercenary) -> None:
    speaker.dismiss()
    speaker.carry_out(dedented(BORNE["lines for the person without end"]) + "\nask('host/list_models')")

    report = speaker.carry_out("send(b'')")

    assert report.stderr.count("line ") == 10_000
    assert "\x1b" not in report.stderr


def test_descriptors_that_it_sends_are_not_kept(speaker: Mercenary) -> None:
    pid = speaker.begin()
    before = len(os.listdir(f"/proc/{pid}/fd"))

    report = speaker.carry_out(
        "channel = socket.socket(fileno=os.dup(core.link._socket.fileno()))\n"
        "own = [os.open('.', os.O_RDONLY) for _ in range(50)]\n"
        "for _ in range(20): socket.send_fds(channel, [b'\\0'], own)\n"
    )

    assert report.died, "a zero is no frame; but the descriptors came with it"
    assert not Path(f"/proc/{pid}").exists()
    assert len(os.listdir(f"/proc/{speaker.begin()}/fd")) <= before


def memory_of(pid: int) -> int:
    """Return how much memory a process has held at most."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024
