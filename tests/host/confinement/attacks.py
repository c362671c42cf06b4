"""The attacks: each a few lines of a hostile plugin, which work where nothing confines it. ``y`` is `Yard.known`.

Numbers of system calls are those of x86_64; the tests of other machines are the filter's own (``test_filter``).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Attack:
    """*code* is run after `yard.PRELUDE`. *works* says for whom it works without walls: "both", "root"; "here" for what
    depends on the machine, so that nothing is claimed of it; "never" for what no test should let loose.
    """

    code: str
    works: str = "both"


FILES = {
    "read the secret": Attack("show(open(y.secret).read())"),
    "read the keys": Attack("show(open(y.home + '/keys.json').read())"),
    "read another plugin's data": Attack("show(open(y.home + '/other-plugin/data/notes').read())"),
    "read it through a symlink": Attack("os.symlink(y.secret, 'link'); show(open('link').read())"),
    "read it through a hard link": Attack("os.link(y.secret, 'link'); show(open('link').read())"),
    "read it through the root of /proc": Attack("show(open('/proc/self/root' + y.secret).read())"),
    "read it from the parent of the working directory": Attack("show(open('../home/secret').read())"),
    "read it by a folder's descriptor": Attack(
        "fd = os.open('..', os.O_PATH); show(os.read(os.open('home/secret', os.O_RDONLY, dir_fd=fd), 99))"
    ),
    "list a folder": Attack("show(os.listdir(y.home + '/folder'))"),
    "map it": Attack("fd = os.open(y.secret, 0); show(mmap.mmap(fd, 0, prot=mmap.PROT_READ)[:])"),
    "read it with openat2": Attack(
        "how = struct.pack('QQQ', 0, 0, 0); show(os.read(call(437, -100, y.secret.encode(), how, 24), 99))"
    ),
    "rename it into the data directory": Attack("os.rename(y.secret, 'mine'); show(open('mine').read())"),
    "overwrite it": Attack("open(y.secret, 'w').write('x')"),
    "append to it": Attack("open(y.home + '/.bashrc', 'a').write('evil')"),
    "truncate it": Attack("os.truncate(y.secret, 0)"),
    "remove it": Attack("os.unlink(y.secret)"),
    "make a file beside it": Attack("open(y.home + '/new', 'w').write('x')"),
    "make a folder beside it": Attack("os.mkdir(y.home + '/new')"),
    "make a symlink beside it": Attack("os.symlink('/', y.home + '/new')"),
    "make a pipe beside it": Attack("os.mkfifo(y.home + '/new')"),
    "link a file of its own there": Attack("open('f', 'w').write('x'); os.link('f', y.home + '/new')"),
    "move a file of its own there": Attack("open('f', 'w').write('x'); os.rename('f', y.home + '/new')"),
    "change its mode": Attack("os.chmod(y.secret, 0o666)"),
    "change its mode by descriptor": Attack("os.chmod('/proc/self/fd/%d' % os.open(y.secret, os.O_PATH), 0o666)"),
    "change its owner": Attack("os.chown(y.secret, 12345, 12345)", works="root"),
    "change its times": Attack("os.utime(y.secret, (1, 1))"),
    "give it an attribute": Attack("os.setxattr(y.secret, 'user.evil', b'x')"),
    "watch it": Attack("call(254, libc.inotify_init1(0), y.home.encode(), 0xfff)"),
    "write into its environment": Attack("open(y.venv + '/lib/site-packages/a_package.py', 'a').write('evil')"),
    "add to its environment": Attack("open(y.venv + '/lib/site-packages/evil.pth', 'w').write('import evil')"),
    "change a mode in its environment": Attack("os.chmod(y.venv + '/lib/site-packages/a_package.py', 0o777)"),
    "change the mode of a device": Attack(
        "c = os.stat('/dev/urandom').st_ctime_ns; os.chmod('/dev/urandom', 0o666); "
        "c == os.stat('/dev/urandom').st_ctime_ns or won()",
        works="root",
    ),
    "change the mode of what it was given": Attack(
        "os.fchmod(1, 0o666); os.fstat(1).st_mode & 0o6 and won()", works="root"
    ),
    "change it by its path": Attack(
        "os.chmod('/proc/self/fd/1', 0o666); os.fstat(1).st_mode & 0o6 and won()", works="root"
    ),
    "open its data to others": Attack("os.chmod(y.data, 0o777); os.stat(y.data).st_mode & 0o7 and won()"),
    "write to the bootstrap": Attack(
        "os.open(y.bootstrap + '/sockets.py', os.O_WRONLY | os.O_APPEND); won()", works="root"
    ),
    "make a set-uid file": Attack("os.close(os.open('evil', os.O_CREAT | os.O_WRONLY, 0o4755))"),
    "make a file set-uid": Attack("open('evil', 'w').close(); os.chmod('evil', 0o4755)"),
    "make a device": Attack("os.mknod('zero', stat.S_IFCHR | 0o600, os.makedev(1, 5)); won()", works="root"),
    "open by handle": Attack("call(304, -100, struct.pack('Ii', 8, 1) + bytes(8), 0)", works="here"),
    "fanotify": Attack("call(300, 0, 0)", works="root"),
    "watch by lease": Attack("import fcntl; fcntl.fcntl(os.open('..', 0), 1026, 0xf); won()"),
    "chroot": Attack("os.chroot('.'); os.open('/won', os.O_CREAT | os.O_WRONLY)", works="root"),
    "read the shadow file": Attack("show(open('/etc/shadow').read()); won()", works="root"),
    "read the users": Attack("open('/etc/passwd').read(); won()"),
}

PROCESSES = {
    "read the victim's environment": Attack("show(open(f'/proc/{y.victim}/environ', 'rb').read())"),
    "read the victim's command line": Attack("show(open(f'/proc/{y.victim}/cmdline', 'rb').read())"),
    "read the victim's memory": Attack(
        """
        with open(f"/proc/{y.victim}/mem", "rb") as memory:
            memory.seek(y.address + 40)
            memory.seek(struct.unpack("P", memory.read(8))[0])
            show(memory.read(32))
        """
    ),
    "read it with process_vm_readv": Attack(
        """
        def peek(address, length):
            buffer = ctypes.create_string_buffer(length)
            mine, theirs = struct.pack("PN", ctypes.addressof(buffer), length), struct.pack("PN", address, length)
            call(310, y.victim, mine, 1, theirs, 1, 0)
            return buffer.raw
        show(peek(struct.unpack("P", peek(y.address + 40, 8))[0], 32))
        """
    ),
    "trace the victim": Attack("call(101, 16, y.victim, 0, 0)"),
    "kill the victim": Attack("os.kill(y.victim, 9)"),
    "kill everyone": Attack("os.kill(-1, 9)", works="never"),
    "kill the host's group": Attack("os.kill(0, 9)", works="never"),
    "kill the victim's thread": Attack("call(234, y.victim, y.victim, 9)"),
    "kill it with a descriptor": Attack("signal.pidfd_send_signal(os.pidfd_open(y.victim), 9)"),
    "queue it a signal": Attack("call(129, y.victim, 9, struct.pack('iiiiii', 9, 0, -1, 0, 0, 0) + bytes(104))"),
    "have a descriptor signal the victim": Attack(
        """
        import fcntl, socket
        one, other = socket.socketpair()
        fcntl.fcntl(one, 8, y.victim)
        fcntl.fcntl(one, 10, signal.SIGKILL)
        fcntl.fcntl(one, fcntl.F_SETFL, os.O_ASYNC)
        other.send(b"x")
        """
    ),
    "limit the victim": Attack("call(302, y.victim, 7, struct.pack('QQ', 1, 1), None)"),
    "slow the victim": Attack("os.setpriority(os.PRIO_PROCESS, y.victim, 19)"),
    "pin the victim": Attack("os.sched_setaffinity(y.victim, {0}); won()"),
    "take a descriptor of the victim": Attack("call(438, os.pidfd_open(y.victim), 1, 0)"),
    "compare with the victim": Attack("call(312, os.getpid(), y.victim, 0, 1, 1)", works="here"),
    "fork": Attack("os.fork(); won()"),
    "vfork": Attack("call(58) or os._exit(0)"),
    "clone": Attack("call(56, 17, 0, 0, 0, 0) or os._exit(0)"),
    "clone3": Attack("call(435, struct.pack('8Q', 0, 0, 0, 0, 17, 0, 0, 0), 64) or os._exit(0)"),
    "run a program": Attack("import subprocess; subprocess.run(['/bin/true'], check=True); won()"),
    "become a program": Attack("os.execv('/bin/touch', ['touch', y.data + '/won'])"),
    "become a program by descriptor": Attack(
        "os.execve(os.open('/usr/bin/touch', os.O_RDONLY), ['touch', y.data + '/won'], {})"
    ),
    "run what it wrote": Attack(
        """
        open('evil', 'w').write('#!/bin/sh\\ntouch won\\n')
        os.chmod('evil', 0o755)
        os.execv('./evil', ['evil'])
        """
    ),
    "outlive the host": Attack("assert libc.prctl(1, 0, 0, 0, 0) == 0; won()"),
    "open itself to tracing": Attack("assert libc.prctl(0x59616d61, -1, 0, 0, 0) == 0; won()", works="here"),
    "filter its own calls": Attack("call(317, 2, 0, struct.pack('I', 0))", works="here"),
    "become someone else": Attack("os.chmod('.', 0o777); os.setresuid(12345, 12345, 12345); won()", works="root"),
    "take capabilities back": Attack(
        "call(126, struct.pack('II', 0x20080522, 0), struct.pack('6I', 1, 1, 1, 0, 0, 0))", works="root"
    ),
    "raise its limits": Attack("import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (4096, 4096)); won()", works="here"),
}

NETWORK = {
    "TCP to the host": Attack("import socket; socket.create_connection(('127.0.0.1', y.tcp), 5)"),
    "TCP without the shim": Attack(
        "import _socket as s; s.socket(s.AF_INET, s.SOCK_STREAM).connect(('127.0.0.1', y.tcp))"
    ),
    "UDP": Attack("import _socket as s; s.socket(s.AF_INET, s.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', y.udp))"),
    "fast open": Attack("import _socket as s; s.socket(s.AF_INET).sendto(b'x', 0x20000000, ('127.0.0.1', y.tcp))"),
    "a unix socket": Attack("import _socket as s; s.socket(s.AF_UNIX).connect(y.stream)"),
    "a datagram from a pair": Attack(
        "import _socket as s; s.socketpair(s.AF_UNIX, s.SOCK_DGRAM)[0].sendto(b'x', y.datagram)"
    ),
    "an abstract socket": Attack("import _socket as s; s.socket(s.AF_UNIX).connect(y.abstract)"),
    "reconnect a pair": Attack(
        "import _socket as s; s.socketpair(s.AF_UNIX, s.SOCK_SEQPACKET)[0].connect(y.stream)", works="here"
    ),
    "netlink": Attack("import _socket as s; s.socket(16, s.SOCK_RAW, 0).bind((0, 0)); won()"),
    "raw": Attack("import _socket as s; s.socket(s.AF_INET, s.SOCK_RAW, 1); won()", works="root"),
    "packets": Attack("import _socket as s; s.socket(17, s.SOCK_RAW, 0); won()", works="root"),
    "vsock": Attack("import _socket as s; s.socket(40, s.SOCK_STREAM, 0); won()", works="here"),
    "see who is connected": Attack(
        "if f':{y.tcp:04X} ' in open('/proc/self/net/tcp').read() + open('/proc/thread-self/net/tcp').read(): won()"
    ),
    "see names of sockets": Attack(
        "names = open('/proc/self/net/unix').read(); won() if y.stream in names or y.abstract[1:] in names else None"
    ),
    "listen": Attack("import _socket as s; l = s.socket(s.AF_INET); l.bind(('', 0)); l.listen(); won()"),
    "listen without binding": Attack("import _socket as s; s.socket(s.AF_INET).listen(); won()"),
    "io_uring": Attack("call(425, 8, ctypes.create_string_buffer(120))", works="here"),
    "a filter on a socket": Attack(
        """
        import _socket as s
        program = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0xffff))
        option = struct.pack("HxxxxxxP", 1, ctypes.addressof(program))
        s.socketpair(s.AF_UNIX, s.SOCK_STREAM)[0].setsockopt(1, 26, option)
        won()
        """
    ),
}

KERNEL = {
    "a namespace": Attack("call(272, 0x10000000)", works="here"),
    "a namespace by clone": Attack("call(56, 0x10000000 | 17, 0, 0, 0, 0) or os._exit(0)", works="here"),
    "enter a namespace": Attack("call(308, os.open('/proc/self/ns/uts', 0), 0)", works="root"),
    "mount": Attack("call(165, b'none', y.data.encode(), b'tmpfs', 0, None)", works="never"),
    "open a tree": Attack("call(428, -100, b'.', 0)", works="here"),
    "bpf": Attack("call(321, 0, struct.pack('IIIII', 2, 4, 4, 1, 0) + bytes(100), 120)", works="root"),
    "perf": Attack("call(298, struct.pack('II', 1, 128) + bytes(120), 0, -1, -1, 0)", works="here"),
    "userfaultfd": Attack("call(323, 1)", works="here"),
    "a key": Attack("call(248, b'user', b'evil', b'x', 1, -3)", works="here"),
    "personality": Attack("call(135, 0x0040000)"),
    "an I/O port": Attack("call(173, 0x80, 1, 1)", works="never"),
    "the kernel's log": Attack("call(103, 3, ctypes.create_string_buffer(64), 64)", works="root"),
    "the clock": Attack("call(305, 0, ctypes.create_string_buffer(208))", works="here"),
    "the machine's name": Attack("call(170, b'evil', 4)", works="never"),
    "shared memory of System V": Attack("call(29, 0x1234567, 4096, 0o1600)", works="never"),
    "a message queue": Attack("call(240, b'evil', 0o102, 0o600, None)", works="never"),
    "memory in a file": Attack("call(319, b'x', 0)"),
    "shared anonymous memory": Attack("mmap.mmap(-1, 4096); won()"),
    "shared memory from a device": Attack("mmap.mmap(os.open('/dev/zero', 2), 4096); won()"),
    "secret memory": Attack("call(447, 0)", works="here"),
    "old system calls": Attack(
        """
        code = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=7)
        code.write(bytes([0xb8, 20, 0, 0, 0, 0xcd, 0x80, 0xc3]))
        address = ctypes.addressof(ctypes.c_char.from_buffer(code))
        pid = ctypes.CFUNCTYPE(ctypes.c_int)(address)()
        if pid == os.getpid():
            won()
        """,
        works="here",
    ),
    "x32 system calls": Attack("call(0x40000000 | 39)", works="here"),
    "the oldest numbers of x32": Attack("call(520, b'/bin/true', 0, 0)", works="here"),
    "calls from the future": Attack("call(467, -100, b'.', 0, None, 0)", works="here"),
}

FLOODS = {
    "memory": Attack("bytearray(600 << 20); won()"),
    "memory, mapped": Attack("[mmap.mmap(-1, 64 << 20, flags=mmap.MAP_PRIVATE) for _ in range(10)]; won()"),
    "descriptors": Attack("[os.open('.', 0) for _ in range(900)]; won()", works="here"),
    "a big file": Attack("f = open('big', 'wb'); f.write(bytes(70 << 20)); f.flush(); won()"),
    "a big file, sparse": Attack("open('big', 'wb').truncate(1 << 40); won()"),
    "a big file, allocated": Attack("os.posix_fallocate(os.open('big', os.O_CREAT | os.O_WRONLY), 0, 70 << 20); won()"),
    "locked memory": Attack(
        """
        memory = mmap.mmap(-1, 32 << 20, flags=mmap.MAP_PRIVATE)
        call(149, ctypes.addressof(ctypes.c_char.from_buffer(memory)), 32 << 20)
        """,
        works="here",
    ),
    "threads": Attack(
        """
        import threading
        threading.stack_size(65536)
        for _ in range(20000):
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        won()
        """,
        works="never",
    ),
}

ALL = {
    f"{group}: {name}": attack
    for group, attacks in (
        ("files", FILES),
        ("processes", PROCESSES),
        ("network", NETWORK),
        ("kernel", KERNEL),
        ("floods", FLOODS),
    )
    for name, attack in attacks.items()
}
