"""What is allowed works, for the same plugin in the same rooms: walls that stop everything would stop every attack."""

from __future__ import annotations

import pytest

from .mercenary import Mercenary, dedented
from .treasures import Treasures

BY_ANYONE = {
    "reading its own code": "import mercenary; assert 'Mercenary' in open(mercenary.__file__).read()",
    "reading through links of its own": """
        open('own', 'w').write('x')
        os.symlink('own', 'link'); os.link('own', 'hard')
        assert open('link').read() == open('hard').read() == 'x'
        """,
    "writing, moving and removing its data": """
        os.mkdir('folder')
        open('folder/own', 'w').write('xyz')
        open('folder/own', 'r+').truncate(1)
        os.chmod('folder/own', 0o600)
        os.utime('folder/own', (1, 1))
        os.rename('folder/own', 'moved')
        assert open('moved').read() == 'x'
        os.unlink('moved'); os.rmdir('folder')
        """,
    "writing to its tmp": """
        import tempfile
        with tempfile.TemporaryFile() as file:
            file.write(b'x')
        """,
    "a database of its own": """
        import sqlite3
        with sqlite3.connect('own.db') as database:
            database.execute('create table t (x)')
        """,
    "seeing itself": "assert int(open('/proc/self/stat').read().split()[0]) == os.getpid()",
    "signalling itself": "os.kill(os.getpid(), 0)",
    "threads": """
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(16) as pool:
            assert sum(pool.map(abs, range(100))) == 4950
        """,
    "a pair of sockets": """
        one, other = socket.socketpair()
        one.send(b'x')
        assert other.recv(1) == b'x'
        """,
    "much memory": "assert bytearray(100 << 20)",
    "a large file": "open('large', 'wb').write(bytes(20 << 20))",
    "many descriptors": """
        for held in [os.open('.', os.O_RDONLY) for _ in range(200)]:
            os.close(held)
        """,
    "a line in its log": "os.write(1, b'a line')",
    "asking another plugin's model": """
        answer = ask('models/prompt', model_id='honest', prompt={'text': 'hi'})
        assert answer.messages[0].parts[0].text == 'you said hi'
        """,
    "knowing which models there are": """
        assert 'honest' in [model.model_id for model in ask('host/list_models').models]
        """,
}
"""Each raises if it does not work. None needs a grant."""

BY_WHO_WAS_ALLOWED = {
    "a folder": ("show(open(y.home + '/letters/private.txt').read())", ["learned the secret"]),
    "a host": ("socket.create_connection(('localhost', y.granted), 10)", ["reached granted"]),
    "a key": ("import llm; show(llm.get_key(alias='openai'))", ["learned the secret"]),
}


@pytest.mark.parametrize("name", BY_ANYONE)
def test_what_needs_no_grant_works(mercenary: Mercenary, treasures: Treasures, name: str) -> None:
    report = mercenary.carry_out(dedented(BY_ANYONE[name]) + "\nshow('done')")

    assert report.said == "done"
    assert treasures.damage(report.said) == []


@pytest.mark.parametrize("name", BY_WHO_WAS_ALLOWED)
def test_what_was_allowed_works(agent: Mercenary, treasures: Treasures, name: str) -> None:
    code, achieved = BY_WHO_WAS_ALLOWED[name]

    report = agent.carry_out(code)

    assert treasures.damage(report.said) == achieved, report


@pytest.mark.parametrize("name", BY_WHO_WAS_ALLOWED)
def test_the_same_does_not_where_it_was_not(mercenary: Mercenary, treasures: Treasures, name: str) -> None:
    code, _ = BY_WHO_WAS_ALLOWED[name]

    report = mercenary.carry_out(code)

    assert treasures.damage(report.said) == [], report
