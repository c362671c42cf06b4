"""What a plugin may do, in every tier: each of these must work, or the walls are too narrow to live in."""

from __future__ import annotations

import pytest

from .rooms import Room

CONTROLS = {
    "its environment is what it sees itself in": """
        import sys, a_package
        assert sys.prefix.endswith("venv") and sys.executable.endswith("venv/bin/python"), sys.prefix
        assert a_package.answer == 42
    """,
    "it reads its environment": """
        import os, a_package
        assert "answer" in open(a_package.__file__).read()
        assert os.listdir(os.path.dirname(a_package.__file__))
    """,
    "it writes, renames and removes in its data directory": """
        import os, pathlib, shutil
        os.mkdir("folder")
        with open("folder/file", "w") as file:
            file.write("x" * 1000)
            file.truncate(10)
        os.rename("folder/file", "other")
        os.link("other", "linked")
        os.symlink("other", "symlinked")
        shutil.copy2("other", "copied")
        assert open("copied").read() == "x" * 10
        shutil.rmtree("folder")
        pathlib.Path("touched").touch()
        pathlib.Path("touched").touch()
        assert sorted(os.listdir(".")) == ["copied", "linked", "other", "symlinked", "touched"], os.listdir(".")
    """,
    "it has a tmp": """
        import tempfile, os
        with tempfile.TemporaryDirectory() as folder:
            open(os.path.join(folder, "file"), "w").write("x")
        assert tempfile.gettempdir() == os.environ["TMPDIR"]
    """,
    "it uses a database": """
        import sqlite3
        with sqlite3.connect("database") as database:
            database.execute("pragma journal_mode=wal")
            database.execute("create table t (x)")
            database.execute("insert into t values (1)")
            assert database.execute("select * from t").fetchall() == [(1,)]
    """,
    "it has threads": """
        import threading
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(lambda n: n * n, range(100))) == 328350
    """,
    "it has an event loop": """
        import asyncio
        async def main():
            loop = asyncio.get_running_loop()
            assert await loop.run_in_executor(None, lambda: 1) == 1
            await asyncio.sleep(0)
            return 2
        assert asyncio.run(main()) == 2
    """,
    "it has random numbers, clocks and time zones": """
        import os, random, secrets, time, uuid, zoneinfo
        os.urandom(8), secrets.token_hex(), uuid.uuid4(), time.localtime(), random.random()
        assert open("/dev/urandom", "rb").read(4)
        open("/dev/null", "w").write("x")
    """,
    "it loads the libraries of Python": """
        import ctypes, ssl, lzma, bz2, hashlib, decimal, mimetypes, unicodedata, zlib, json, subprocess, multiprocessing
        ssl.create_default_context()
        mimetypes.init()
        assert ctypes.CDLL(None).getpid()
    """,
    "it may use private memory in plenty": """
        assert len(bytearray(200_000_000)) == 200_000_000
        import mmap
        mmap.mmap(-1, 1 << 20, flags=mmap.MAP_PRIVATE)
        with open("mapped", "wb") as file:
            file.truncate(1 << 20)
        with open("mapped", "r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
            mapped[:4] = b"test"
        assert open("mapped", "rb").read(4) == b"test"
    """,
    "it sees itself in /proc": """
        import os
        assert "attempt" in open("/proc/self/cmdline").read() or os.path.exists("/proc/self/maps")
        for name in ("maps", "status", "stat", "statm", "cgroup", "mountinfo", "limits", "environ"):
            open(f"/proc/self/{name}").read()
        assert os.listdir("/proc/self/fd")
        assert int(open("/proc/meminfo").read().split()[1]) > 0
        assert os.cpu_count()
    """,
    "it may lower its own limits and signal itself": """
        import os, resource, signal
        seen = []
        signal.signal(signal.SIGUSR1, lambda *_: seen.append(1))
        os.kill(os.getpid(), signal.SIGUSR1)
        signal.raise_signal(signal.SIGUSR1)
        assert seen == [1, 1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
    """,
    "socket pairs work": """
        import socket
        one, other = socket.socketpair()
        one.sendall(b"x")
        assert other.recv(1) == b"x"
    """,
    "it has a clean environment": """
        import os
        names = {"LANG", "HOME", "USER", "LOGNAME", "PATH", "TMPDIR", "LLM_USER_PATH", "INNKEEPER_PLUGIN"}
        assert set(os.environ) - {"LC_CTYPE", "PWD", "LD_LIBRARY_PATH"} == names, dict(os.environ)
        assert os.getcwd() == os.environ["HOME"] == os.environ["LLM_USER_PATH"]
    """,
}


@pytest.mark.parametrize("name", CONTROLS)
def test_allowed(room: Room, name: str) -> None:
    code = "\n".join(line.removeprefix(" " * 8) for line in CONTROLS[name].splitlines())

    outcome = room.run(code)

    assert (outcome.text, outcome.status) == ("", 0)
