"""What a plugin may try from inside its process, each in a few lines. ``y`` is what it was told, see `treasures`.

``show`` is for what was learned, ``won`` for what leaves no trace. The attacks on the kernel, on other processes and on
the network are those that confinement is tested with by itself; here they run in a plugin that was really installed.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from .mercenary import dedented

BY_ITSELF = Path(__file__).parents[2] / "host" / "confinement" / "attacks.py"


class Attack(NamedTuple):
    """*works* says for whom *code* does damage where nothing confines: "both" users, "root"; "here" is what depends on
    the machine, so that nothing is claimed of it, "never" what no test should let loose.
    """

    code: str
    works: str = "both"


READING: dict[str, str | Attack] = {
    "the keys": "show(open(y.llm + '/keys.json').read())",
    "an ssh key": "show(open(y.home + '/.ssh/id_ed25519').read())",
    "passwords for servers": "show(open(y.home + '/.netrc').read())",
    "a private letter": "show(open(y.home + '/letters/private.txt').read())",
    "names of files": "show(os.listdir(y.home + '/letters'))",
    "another plugin's data": "show(open(y.llm + '/plugins/victim/data/notes').read())",
    "another plugin's environment": """
        import glob
        show(open(glob.glob(y.llm + '/plugins/victim/*/*/.venv/note')[0]).read())
        """,
    "the person's log": """
        content = open(y.llm + '/logs.db', 'rb').read()
        show(content[content.index(b'you said'):][:99])
        """,
    "the person's templates": "show(open(y.llm + '/templates/mine.yaml').read())",
    "the person's environment": "show(open(f'/proc/{y.host}/environ', 'rb').read())",
    "the environment of its ancestors": """
        pid = os.getpid()
        while pid > 1:
            show(open(f'/proc/{pid}/environ', errors='replace').read())
            pid = int(open(f'/proc/{pid}/stat').read().rpartition(')')[2].split()[1])
        """,
    "its own environment": Attack("show(dict(os.environ)); show(open('/proc/self/environ').read())", "never"),
    "the host's memory": "open(f'/proc/{y.host}/mem', 'rb'); won()",
    "the host's maps": "open(f'/proc/{y.host}/maps').read(); won()",
    "the host's descriptors": "show(os.listdir(f'/proc/{y.host}/fd')); won()",
    "the host's folder": "show(open(f'/proc/{y.host}/cwd/.netrc').read())",
    "through a link of its own": "os.symlink(y.home + '/.netrc', 'a-link'); show(open('a-link').read())",
    "through a link to a folder": "os.symlink(y.home, 'a-folder'); show(open('a-folder/.netrc').read())",
    "through a hard link": "os.link(y.home + '/.netrc', 'a-hard-link'); show(open('a-hard-link').read())",
    "by moving it here": "os.rename(y.home + '/.netrc', 'moved'); show(open('moved').read())",
    "by the root of its process": "show(open('/proc/self/root' + y.home + '/.netrc').read())",
    "by the root of its thread": "show(open('/proc/thread-self/root' + y.home + '/.netrc').read())",
    "by the root of the first process": Attack("show(open('/proc/1/root' + y.home + '/.netrc').read())", "here"),
    "by way of its parent folder": "show(open('../../../../../.netrc').read())",
    "by a folder's descriptor": """
        folder = os.open(y.home, os.O_PATH)
        show(os.read(os.open('.netrc', os.O_RDONLY, dir_fd=folder), 99))
        """,
    "by opening a descriptor anew": """
        held = os.open(y.home + '/.netrc', os.O_PATH)
        show(open(f'/proc/self/fd/{held}').read())
        """,
    "its own other descriptors": Attack(
        """
        for number in os.listdir('/proc/self/fd'):
            there = f'/proc/self/fd/{number}'
            for steal in (
                lambda: os.listdir(there + '/..'),
                lambda: os.listdir(int(number)),
                lambda: open(there + '/../.netrc').read(),
                lambda: os.read(os.open(there, os.O_RDONLY | os.O_NONBLOCK), 1 << 20),
                lambda: os.pread(int(number), 1 << 20, 0),
            ):
                try:
                    show(steal())
                except OSError:
                    pass
        """,
        "here",
    ),
    "by mapping it": "show(mmap.mmap(os.open(y.home + '/.netrc', 0), 0, prot=mmap.PROT_READ)[:])",
    "by sendfile": """
        out = os.open('copy', os.O_RDWR | os.O_CREAT)
        os.sendfile(out, os.open(y.home + '/.netrc', os.O_RDONLY), 0, 99)
        show(os.pread(out, 99, 0))
        """,
    "by another database's name": """
        import sqlite3
        database = sqlite3.connect(':memory:')
        database.execute('attach ? as persons', [y.llm + '/logs.db'])
        show(database.execute('select group_concat(response) from persons.responses').fetchone())
        """,
    "in C": """
        file = libc.open((y.home + '/.netrc').encode(), 0)
        buffer = ctypes.create_string_buffer(99)
        libc.read(file, buffer, 99)
        show(buffer.value)
        """,
    "by openat2": """
        file = libc.syscall(437, -100, (y.home + '/.netrc').encode(), struct.pack('QQQ', 0, 0, 0), 24)
        show(os.read(file, 99))
        """,
    "in a race of links": """
        import threading
        open('own', 'w').write('own')
        os.symlink('own', 'good'); os.symlink(y.home + '/.netrc', 'bad')
        def swap():
            for _ in range(300):
                os.replace('good', 'now'); os.symlink('own', 'good')
                os.replace('bad', 'now'); os.symlink(y.home + '/.netrc', 'bad')
        swapping = threading.Thread(target=swap)
        swapping.start()
        while swapping.is_alive():
            try:
                content = open('now').read()
            except OSError:
                continue
            if content != 'own':
                show(content)
                break
        swapping.join()
        """,
    "what the machine runs": "if len([n for n in os.listdir('/proc') if n.isdigit()]) > 3: won()",
    "the users": "open('/etc/passwd').read(); won()",
    "passwords of the machine": Attack("open('/etc/shadow').read(); won()", "root"),
    "what others have in the folder for all": "if y.beacon in os.listdir('/tmp'): won()",
    "when something is changed": "call(254, libc.inotify_init1(0), y.home.encode(), 0xfff)",
}

WRITING: dict[str, str | Attack] = {
    "to a shell's start file": "open(y.home + '/.bashrc', 'a').write('evil')",
    "another start file": "open(y.home + '/.bash_login', 'w').write('evil')",
    "what starts with the desktop": "os.makedirs(y.home + '/.config/autostart')",
    "a setting of uv's": "open(y.home + '/.config/uv/uv.toml', 'w').write('index-url = \"http://evil\"')",
    "the keys": "open(y.llm + '/keys.json', 'w').write('{}')",
    "the index": "open(y.llm + '/index.json', 'a').write(' ')",
    "its own grants": "open(y.llm + '/plugins/mercenary/grants.json', 'w').write('{\"trust\": true}')",
    "another's grants": "open(y.llm + '/plugins/victim/grants.json', 'w').write('{}')",
    "aliases": "open(y.llm + '/aliases.json', 'w').write('{}')",
    "the default model": "open(y.llm + '/default_model.txt', 'w').write('mercenary')",
    "a template": "open(y.llm + '/templates/mine.yaml', 'a').write('evil')",
    "the log": "open(y.llm + '/logs.db', 'ab').write(b'evil')",
    "which tier there is": "open(y.llm + '/cache/confinement.json', 'w').write('{}')",
    "a lock": "open(y.llm + '/locks/index.lock', 'w')",
    "another plugin's data": "open(y.llm + '/plugins/victim/data/notes', 'a').write('evil')",
    "another plugin": """
        import glob
        open(glob.glob(y.llm + '/plugins/victim/*/*/.venv/lib/*/*/victim.py')[0], 'a').write('evil')
        """,
    "its own code": "open(y.site + '/mercenary.py', 'a').write('evil')",
    "more of its own code": "open(y.site + '/evil.pth', 'w').write('import os')",
    "its own bytecode": "open(y.site + '/msgspec/__pycache__/evil.pyc', 'w')",
    "the SDK": "open(y.site + '/innkeeper_sdk/__main__.py', 'a').write('evil')",
    "its interpreter's link": "os.unlink(y.generation + '/.venv/bin/python')",
    "its manifest": "open(y.generation + '/manifest.json', 'a').write(' ')",
    "its record": "open(y.generation + '/record.json', 'a').write(' ')",
    "a new generation": "os.mkdir(y.generation + 'x')",
    "uv's cache": """
        import glob
        open(glob.glob(y.cache + '/**/*.py', recursive=True)[0], 'a').write('evil')
        """,
    "more into uv's cache": "open(y.cache + '/evil', 'w')",
    "the bootstrap": Attack("open(y.bootstrap + '/sockets.py', 'a'); won()", "root"),
    "the interpreter": Attack("open(y.python + '.pth', 'w'); os.unlink(y.python + '.pth'); won()", "root"),
    "a link in the place of its data": "os.rename(y.data, y.data + '.old'); os.symlink(y.home, y.data)",
    "a link in the place of its log": "os.symlink(y.home + '/.bashrc', 'l'); os.rename('l', '../../plugin.log')",
    "a pipe in the home folder": "os.mkfifo(y.home + '/pipe')",
    "a link in the home folder": "os.symlink('/', y.home + '/link')",
    "a file of its own in the home folder": "open('f', 'w').write('x'); os.link('f', y.home + '/f')",
    "by moving a file of its own there": "open('f', 'w').write('x'); os.rename('f', y.home + '/f')",
    "by exchanging two files": """
        open('f', 'w').write('x')
        call(316, -100, b'f', -100, (y.home + '/.netrc').encode(), 2)
        """,
    "less: a file cut by its name": "os.truncate(y.home + '/.netrc', 0)",
    "less: a file that is gone": "os.unlink(y.home + '/.netrc')",
    "a mode": "os.chmod(y.home + '/.ssh/id_ed25519', 0o666)",
    "a mode by descriptor": "os.chmod('/proc/self/fd/%d' % os.open(y.home + '/.netrc', os.O_PATH), 0o666)",
    "a mode of what uv shares": "os.fchmod(os.open(y.site + '/msgspec/__init__.py', os.O_RDONLY), 0o666)",
    "an owner": Attack("os.chown(y.home + '/.netrc', 12345, 12345)", "root"),
    "a time": "os.utime(y.home + '/.netrc', (1, 1))",
    "an attribute": Attack("os.setxattr(y.home + '/.netrc', 'user.evil', b'x')", "here"),
    "shared memory": "open('/dev/shm/' + y.mark, 'w')",
    "to a folder for all": "open('/tmp/' + y.mark, 'w')",
    "a program that others run as this person": "os.close(os.open('suid', os.O_CREAT | os.O_WRONLY, 0o4755))",
    "the same by a mode": "open('suid', 'w').close(); os.chmod('suid', 0o4755)",
    "a device": Attack("os.mknod('zero', stat.S_IFCHR | 0o600, os.makedev(1, 5)); won()", "root"),
    "a new root": Attack("os.chroot('.'); os.open('/won', os.O_CREAT | os.O_WRONLY)", "root"),
}

LOGGING: dict[str, str | Attack] = {
    "without end": "for _ in range(70): os.write(1, bytes(1 << 20))",
    "at its far end": "os.ftruncate(1, 1 << 40)",
}

RESOLVING: dict[str, str | Attack] = {
    "a name": "if socket.gethostbyname('localhost') == '127.0.0.1': won()",
    "a name without the shim": "import _socket; _socket.getaddrinfo('localhost', 80); won()",
    "a name in C": "if libc.getaddrinfo(b'localhost', None, None, ctypes.byref(ctypes.c_void_p())) == 0: won()",
    "what it tells a name server": """
        import _socket
        question = bytes.fromhex('002a01000001000000000000' '06736563726574' '076578616d706c65' '00' '00010001')
        _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM).sendto(question, ('127.0.0.1', y.udp))
        """,
}


def _of_confinement() -> ModuleType:
    """Return the corpus of the confinement by itself; the tests are no package that both could be in."""
    found = importlib.util.spec_from_file_location("attacks_on_confinement", BY_ITSELF)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module
    found.loader.exec_module(module)
    return module


def _all() -> dict[str, Attack]:
    ours: dict[str, dict[str, str | Attack]] = {
        "reading": READING,
        "writing": WRITING,
        "logging": LOGGING,
        "resolving": RESOLVING,
    }
    found = {}
    for group, attacks in ours.items():
        for name, one in attacks.items():
            attack = one if isinstance(one, Attack) else Attack(one)
            found[f"{group} {name}"] = attack._replace(code=dedented(attack.code))
    theirs = _of_confinement()
    for group in ("processes", "network", "kernel", "floods"):
        for name, one in getattr(theirs, group.upper()).items():
            if name == "threads":
                continue  # see test_what_stays_open: root has as many as fit into its memory
            found[f"{group}: {name}"] = Attack(dedented(one.code), one.works)
    return found


ALL = _all()
