"""Locks the process down, makes it look like the plugin's environment, and runs what the host asked for.

The host says what to do in a memory file whose descriptor it names: one marshalled dict, since importing json takes
as long as starting Python. Nothing of the plugin has run before `lockdown.lock_down` returns: the interpreter is the
base one, started with ``-I -S``, so no .pth file either. Standard library only, and as little of it as can be; Python
3.10 to 3.14.
"""

import marshal
import posix
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


LOCKDOWN_FAILED = 125
"""Exit status when the process could not be locked down; the reason is on stderr. Nothing of the plugin has run."""


def enter(descriptor: int) -> None:
    """Do what the literal behind *descriptor* says; does not return before the plugin is done."""
    spec = _read(descriptor)
    try:
        _confine(spec)
    except Exception as error:  # noqa: BLE001 # whatever it is, nothing of the plugin may run
        posix.write(2, f"innkeeper: could not lock this process down: {error}\n".encode("utf-8", "replace"))
        posix._exit(LOCKDOWN_FAILED)
    for name in ("entry", "lockdown", "kernel", "guard"):
        sys.modules.pop(name, None)  # the plugin may have modules of these names
    _move_in(spec)
    _run(spec)


def _read(descriptor: int) -> "dict[str, Any]":
    parts = []
    while part := posix.read(descriptor, 1 << 20):
        parts.append(part)
    posix.close(descriptor)
    spec: dict[str, Any] = marshal.loads(b"".join(parts))
    return spec


def _confine(spec: "dict[str, Any]") -> None:
    if TYPE_CHECKING:
        import signal as _signal

        from innkeeper.confinement.bootstrap import guard, lockdown
    else:
        import _signal

        sys.path.insert(0, spec["bootstrap"])
        import lockdown

        if spec["guard"]:
            import guard
        del sys.path[0]
    if spec["host_pid"]:
        lockdown.die_with(spec["host_pid"])
    if spec["terminal"] and _signal.getsignal(_signal.SIGINT) != _signal.SIG_IGN:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)  # Ctrl-C before a command runs ends this without a traceback
    _signal.pthread_sigmask(_signal.SIG_SETMASK, ())  # the host started it with signals blocked, see `Confined`
    if spec["guard"]:
        guard.leave_guard()
    if spec["lockdown"]:
        if spec["proxy"]:
            _offer_proxy(spec["broker"])
        lockdown.lock_down(spec["lockdown"])


def _offer_proxy(broker: int) -> None:
    """Make the listening socket that code with sockets of its own may reach, and hand it to the host to serve."""
    import _socket

    listener = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    channel = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET, 0, posix.dup(broker))
    rights = listener.fileno().to_bytes(4, sys.byteorder)
    channel.sendmsg([b"proxy"], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)])
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    channel.close()
    listener.close()
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy"):
        posix.environ[name.encode()] = url.encode()
        posix.putenv(name.encode(), url.encode())


def _move_in(spec: "dict[str, Any]") -> None:
    posix.chdir(spec["cwd"])
    if spec["venv"]:
        sys.prefix = sys.exec_prefix = spec["venv"]
        sys.executable = spec["venv"] + "/bin/python"
    if spec["shim"]:
        sys.meta_path.insert(0, _SocketFinder(spec))
    import site

    site.setquit()
    site.sethelper()
    for folder in spec["site_packages"]:
        site.addsitedir(folder)


class _SocketFinder:
    """Puts the broker's shim over the standard library's ``socket`` when, and only when, something imports that."""

    def __init__(self, spec: "dict[str, Any]") -> None:
        self.spec = spec

    def find_spec(self, name: str, path: object = None, target: object = None) -> "Any":
        if name != "socket":
            return None
        sys.meta_path.remove(self)
        frozen: Any = sys.modules["_frozen_importlib_external"]
        found = frozen.PathFinder.find_spec(name, path, target)
        original, spec = found.loader.exec_module, self.spec

        def exec_module(module: "Any") -> None:
            original(module)
            names = _load(spec, "placeholders").Names(module)
            client = _load(spec, "broker_client").Client(module, spec["broker"], spec["plugin"])
            _load(spec, "sockets").install(module, names, client)

        found.loader.exec_module = exec_module
        return found


def _load(spec: "dict[str, Any]", name: str) -> "Any":
    """Load a module of the bootstrap without giving it a name that a module of the plugin could have."""
    frozen: Any = sys.modules["_frozen_importlib_external"]
    loader = frozen.SourceFileLoader(name, f"{spec['bootstrap']}/{name}.py")
    module = type(sys)(name)
    exec(loader.get_code(name), module.__dict__)
    return module


def _run(spec: "dict[str, Any]") -> None:
    """Run a script of the host, or a module as ``python -m`` would; runpy imports more than the rest of this file."""
    main: Any = sys.modules["__main__"]
    frozen: Any = sys.modules["_frozen_importlib_external"]
    if spec["script"]:
        loader = frozen.SourceFileLoader("__main__", spec["script"])
        file, code, found = spec["script"], loader.get_code("__main__"), None
    else:
        package = __import__(spec["module"])
        found = frozen.PathFinder.find_spec(spec["module"] + ".__main__", package.__path__)
        if found is None:
            raise ModuleNotFoundError(f"no module named {spec['module']}.__main__")
        loader, file, code = found.loader, found.origin, found.loader.get_code(found.name)
    sys.argv[:] = [file, *spec["argv"]]
    module = type(sys)("__main__")
    module.__dict__.update(
        __file__=file,
        __loader__=loader,
        __spec__=found,
        __package__=spec["module"] or None,
        __builtins__=main.__builtins__,
    )
    sys.modules["__main__"] = module
    exec(code, module.__dict__)
