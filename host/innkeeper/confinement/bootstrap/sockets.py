"""The standard library's ``socket`` for a process that can make none: it asks the host's broker for connected ones.

Installed over the module `socket` when that is first imported, so whatever builds on it (ssl, http, httpx, requests, asyncio) works
unchanged. It is a convenience, no barrier: the barrier is the system call filter, and the broker, which connects to
nothing that was not granted. TCP to a name and a port only; the rest fails as the filter makes it fail.

- ``getaddrinfo`` answers with a placeholder address that stands for the name; nothing is resolved in here. Placeholders are from
  198.18.0.0/15 and 100::/64, which are no one's.
- A new socket is one end of a pair whose other end is kept; ``connect`` puts the broker's socket in its place, under the same
  descriptor. Without blocking, the pair becomes writable when the broker has answered, and asking for SO_ERROR, as every
  event loop does then, puts the socket in its place.
"""

import itertools
import os
import threading
import weakref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_REQUEST_LIMIT = 1024
_ANSWER_LIMIT = 1024
_EINPROGRESS, _EALREADY, _EISCONN, _EACCES, _ENETDOWN = 115, 114, 106, 13, 100
_SO_DOMAIN = 39
_FIRST_PLACEHOLDER = (198 << 24) + (18 << 16) + 1
_PLACEHOLDERS = 1 << 16


def install(module: "Any", broker: "int | None", plugin: str) -> None:
    """Change *module*, the just loaded ``socket``, to get its connections from the descriptor *broker*, if there is one."""
    names = _Names(module)
    client = _Client(module, broker, plugin)
    module.socket = _socket_class(module, client, names)
    module.getaddrinfo = names.getaddrinfo
    module.gethostbyname = names.gethostbyname
    module.gethostbyname_ex = lambda name: (name, [], [names.gethostbyname(name)])
    module.getfqdn = lambda name="": name or module.gethostname()


class _Names:
    """Placeholder addresses and the names they stand for."""

    def __init__(self, module: "Any") -> None:
        self.module = module
        self.by_name: dict[str, int] = {}
        self.by_number: dict[int, str] = {}
        self.lock = threading.Lock()

    def getaddrinfo(
        self, host: "Any", port: "Any", family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
    ) -> "list[Any]":
        module = self.module
        name = self._text(host)
        number = 0 if port is None else self._port(port)
        if type not in (0, module.SOCK_STREAM) or proto not in (0, module.IPPROTO_TCP):
            raise module.gaierror(module.EAI_SOCKTYPE, "a confined plugin has TCP only")
        wanted = (module.AF_INET, module.AF_INET6) if family == 0 else (family,)
        for one in wanted:
            if self._is_address(one, name):
                return [self._found(one, name, number)]
        if not name or flags & module.AI_NUMERICHOST or self._is_address(module.AF_INET, name) or ":" in name:
            raise module.gaierror(module.EAI_NONAME, "Name or service not known")
        return [self._found(wanted[0], self.placeholder(name, wanted[0]), number)]

    def gethostbyname(self, name: "Any") -> str:
        text = self._text(name)
        return text if self._is_address(self.module.AF_INET, text) else self.placeholder(text, self.module.AF_INET)

    def placeholder(self, name: str, family: int) -> str:
        with self.lock:
            number = self.by_name.get(name)
            if number is None:
                number = len(self.by_name)
                if number >= _PLACEHOLDERS:
                    raise self.module.gaierror(self.module.EAI_MEMORY, "too many different names were looked up")
                self.by_name[name] = number
                self.by_number[number] = name
        if family == self.module.AF_INET6:
            return f"100::{number + 1:x}"
        packed: str = self.module.inet_ntoa((_FIRST_PLACEHOLDER + number).to_bytes(4, "big"))
        return packed

    def name_of(self, host: "Any") -> str:
        """Return the name that the placeholder *host* stands for, or *host* itself."""
        text = self._text(host)
        if text.startswith("198.18.") or text.startswith("198.19."):
            number = int.from_bytes(self.module.inet_aton(text), "big") - _FIRST_PLACEHOLDER
            return self.by_number.get(number, text)
        if text.startswith("100::"):
            try:
                return self.by_number.get(int(text[5:], 16) - 1, text)
            except ValueError:
                return text
        return text

    def _text(self, host: "Any") -> str:
        if host is None:
            return "localhost"
        return bytes(host).decode("ascii") if isinstance(host, (bytes, bytearray)) else str(host)

    def _port(self, port: "Any") -> int:
        text = port.decode("ascii") if isinstance(port, bytes) else port
        if isinstance(text, str) and not text.isdigit():
            known = {"http": 80, "https": 443}
            if text not in known:
                raise self.module.gaierror(self.module.EAI_SERVICE, "Servname not supported for ai_socktype")
            return known[text]
        return int(text)

    def _is_address(self, family: int, name: str) -> bool:
        try:
            self.module.inet_pton(family, name.partition("%")[0])
        except OSError:
            return False
        return True

    def _found(self, family: int, address: str, port: int) -> "Any":
        module = self.module
        where = (address, port, 0, 0) if family == module.AF_INET6 else (address, port)
        return (module.AddressFamily(family), module.SOCK_STREAM, module.IPPROTO_TCP, "", where)


class _Client:
    """This side of the broker's socket: any number of requests at once, one thread that takes the answers."""

    def __init__(self, module: "Any", broker: "int | None", plugin: str) -> None:
        self.module = module
        self.plugin = plugin
        self.pid = os.getpid()
        self.lock = threading.Lock()
        self.numbers = itertools.count(1)
        self.waiting: dict[int, _Answer] = {}
        self.reading = False
        self.channel: Any = None
        if broker is not None:
            self.channel = module.socket(fileno=broker)  # the real one: `install` changes the module later

    def ask(self, host: str, port: int) -> "_Answer":
        """Ask for a connection; return the answer to wait for."""
        answer = _Answer()
        if self.channel is None or self.pid != os.getpid():
            answer.settle(_EACCES, f"{self.plugin} may not connect to {host}:{port}: it has no network here", None)
            return answer
        request = f"{next(self.numbers)} {port} {host}"
        if len(request) > _REQUEST_LIMIT:
            answer.settle(_EACCES, "that name is too long for a host", None)
            return answer
        with self.lock:
            self.waiting[int(request.partition(" ")[0])] = answer
            if not self.reading:
                self.reading = True
                threading.Thread(target=self._read, name="innkeeper-broker", daemon=True).start()
        try:
            self.channel.send(request.encode("utf-8", "replace"))
        except OSError:
            answer.settle(_ENETDOWN, "the host no longer answers", None)
        return answer

    def _read(self) -> None:
        while True:
            try:
                data, descriptors, _, _ = self.module.recv_fds(self.channel, _ANSWER_LIMIT, 1)
            except OSError:
                data, descriptors = b"", []
            if not data:
                break
            number, error, text = data.decode("utf-8", "replace").split(" ", 2)
            with self.lock:
                answer = self.waiting.pop(int(number), None)
            if answer is None or not answer.settle(int(error), text, descriptors[0] if descriptors else None):
                for descriptor in descriptors:
                    os.close(descriptor)
        with self.lock:
            left, self.waiting, self.channel = list(self.waiting.values()), {}, None
        for answer in left:
            answer.settle(_ENETDOWN, "the host no longer answers", None)


class _Answer:
    """What the broker says to one request: an error number and text, or a connected descriptor."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.arrived = threading.Event()
        self.error = 0
        self.text = ""
        self.descriptor: int | None = None
        self.given_up = False
        self.wake: Any = None

    def settle(self, error: int, text: str, descriptor: "int | None") -> bool:
        """Take the answer; False when nobody waits for it any more."""
        with self.lock:
            if self.given_up or self.arrived.is_set():
                return False
            self.error, self.text, self.descriptor = error, text, descriptor
            self.arrived.set()
            wake = self.wake
        if wake is not None:
            wake.close()
        return True

    def wake_by_closing(self, end: "Any") -> None:
        with self.lock:
            self.wake = end
            arrived = self.arrived.is_set()
        if arrived:
            end.close()

    def give_up(self) -> None:
        with self.lock:
            self.given_up = True
            descriptor, self.descriptor = self.descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def _socket_class(module: "Any", client: _Client, names: _Names) -> "Any":
    real = module.socket
    options: dict[int, list[Any]] = {}
    ends: dict[int, Any] = {}
    pending: dict[int, _Answer] = {}

    def forget(descriptor: int) -> None:
        options.pop(descriptor, None)
        end = ends.pop(descriptor, None)
        if end is not None:
            end.close()
        answer = pending.pop(descriptor, None)
        if answer is not None:
            answer.give_up()

    class socket(real):  # type: ignore[misc]  # it takes the name and the place of the real one
        __slots__ = ()

        def __init__(self, family: int = -1, type: int = -1, proto: int = -1, fileno: "int | None" = None) -> None:
            family_or_default = module.AF_INET if family == -1 else family
            kind = module.SOCK_STREAM if type == -1 else type & 0xFF
            if (
                fileno is not None
                or family_or_default not in (module.AF_INET, module.AF_INET6)
                or kind != module.SOCK_STREAM
            ):
                real.__init__(self, family, type, proto, fileno)
                return
            mine, other = module._socket.socketpair(module.AF_UNIX, module.SOCK_STREAM)
            descriptor = mine.detach()
            forget(descriptor)
            options[descriptor] = []
            ends[descriptor] = other
            real.__init__(self, family_or_default, module.SOCK_STREAM, max(proto, 0), descriptor)
            if module.getdefaulttimeout() is not None or (type & module.SOCK_NONBLOCK and type != -1):
                self.settimeout(0.0 if type != -1 and type & module.SOCK_NONBLOCK else module.getdefaulttimeout())

        def connect(self, address: "Any") -> None:
            if not is_internet(self):
                real.connect(self, address)
                return
            descriptor = self.fileno()
            if descriptor in pending:
                raise OSError(_EALREADY, os.strerror(_EALREADY))
            if not is_placeholder(self):
                raise OSError(_EISCONN, os.strerror(_EISCONN))
            answer = client.ask(names.name_of(address[0]), int(address[1]))
            timeout = self.gettimeout()
            if timeout == 0.0:
                pending[descriptor] = answer
                fill(self)
                answer.wake_by_closing(ends.pop(descriptor))
                raise BlockingIOError(_EINPROGRESS, os.strerror(_EINPROGRESS))
            if not answer.arrived.wait(timeout):
                answer.give_up()
                raise TimeoutError("timed out")
            if answer.error:
                raise OSError(answer.error, answer.text)
            take(self, answer)

        def connect_ex(self, address: "Any") -> int:
            try:
                self.connect(address)
            except OSError as error:
                if error.errno is None:
                    raise
                return error.errno
            return 0

        def setsockopt(self, *arguments: "Any") -> None:
            waiting = options.get(self.fileno())
            if waiting is None:
                real.setsockopt(self, *arguments)
            else:
                waiting.append(arguments)

        def getsockopt(self, level: int, option: int, *rest: int) -> "Any":
            descriptor = self.fileno()
            if (level, option) == (module.SOL_SOCKET, module.SO_ERROR) and descriptor in pending:
                answer = pending[descriptor]
                if answer.arrived.is_set():
                    del pending[descriptor]
                    if answer.error:
                        return answer.error
                    take(self, answer)
            elif level != module.SOL_SOCKET and descriptor in options:
                return next((set_[2] for set_ in reversed(options[descriptor]) if set_[:2] == (level, option)), 0)
            return real.getsockopt(self, level, option, *rest)

        def getpeername(self) -> "Any":
            if is_placeholder(self):
                raise OSError(107, os.strerror(107))
            return real.getpeername(self)

        def getsockname(self) -> "Any":
            if is_placeholder(self):
                return ("::", 0, 0, 0) if self.family == module.AF_INET6 else ("0.0.0.0", 0)
            return real.getsockname(self)

        def bind(self, address: "Any") -> None:
            if is_placeholder(self):
                raise PermissionError(_EACCES, f"{client.plugin} is confined: it may connect, not listen")
            real.bind(self, address)

        def _real_close(self, *rest: "Any") -> None:
            forget(self.fileno())
            real._real_close(self, *rest)

    def is_internet(sock: "Any") -> bool:
        return sock.family in (module.AF_INET, module.AF_INET6) and sock.type == module.SOCK_STREAM

    def is_placeholder(sock: "Any") -> bool:
        if not is_internet(sock):
            return False
        return bool(real.getsockopt(sock, module.SOL_SOCKET, _SO_DOMAIN) == module.AF_UNIX)

    def fill(sock: "Any") -> None:
        """Make the pair unwritable, so that nobody takes it for connected before its time."""
        try:
            while True:
                module._socket.socket.send(sock, bytes(1 << 16))
        except BlockingIOError:
            return

    def take(sock: "Any", answer: _Answer) -> None:
        """Put the connected descriptor of *answer* in the place of the pair, with the options that were set before."""
        descriptor = sock.fileno()
        received, answer.descriptor = answer.descriptor, None
        if received is None:
            raise OSError(_ENETDOWN, "the host sent no connection")
        wanted = options.pop(descriptor, [])
        os.set_blocking(received, sock.gettimeout() is None)
        os.dup2(received, descriptor, inheritable=False)
        os.close(received)
        forget(descriptor)
        for arguments in wanted:
            real.setsockopt(sock, *arguments)

    socket.__module__ = "socket"
    socket.__qualname__ = "socket"
    weakref.finalize(socket, options.clear)
    return socket
