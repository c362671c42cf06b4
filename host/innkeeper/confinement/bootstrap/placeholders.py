"""Addresses that stand for names. Nothing is resolved inside: the name goes to the host's broker with the connection.

`getaddrinfo` answers with an address of 198.18.0.0/15 or 100::/64, which are no one's, and `Names.name_of` gives the
name back when something connects to it. Libraries that pick addresses apart find them in order.
"""

import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FIRST = (198 << 24) + (18 << 16) + 1
_LIMIT = 1 << 16
_KNOWN_LIMIT = 256
_SERVICES = {"http": 80, "https": 443}


class Names:
    """The names that were asked for, each with its number. *module* is the standard library's ``socket``."""

    def __init__(self, module: "Any") -> None:
        self.module = module
        self.by_name: dict[str, int] = {}
        self.by_number: dict[int, str] = {}
        self.known: dict[Any, list[Any]] = {}
        """Answers to questions that were asked before, as for each connection to one host."""
        self.lock = threading.Lock()

    def getaddrinfo(self, *arguments: "Any", **options: "Any") -> "list[Any]":
        """Answer as ``socket.getaddrinfo(host, port, family, type, proto, flags)``, with at most one address."""
        question = (arguments, *options.items())
        try:
            known = self.known.get(question)
        except TypeError:  # a bytearray
            return self._answer(arguments, options)
        if known is None:
            known = self._answer(arguments, options)
            if len(self.known) < _KNOWN_LIMIT:
                self.known[question] = known
        return list(known)

    def _answer(self, arguments: "tuple[Any, ...]", options: "dict[str, Any]") -> "list[Any]":
        defaults = {"family": 0, "type": 0, "proto": 0, "flags": 0}
        asked = {**defaults, **dict(zip(("host", "port", *defaults), arguments)), **options}  # noqa: B905 # Python 3.10
        return self._find(_text(asked["host"]), self._port(asked["port"]), asked)

    def _find(self, name: str, port: int, asked: "dict[str, Any]") -> "list[Any]":
        module = self.module
        if asked["type"] not in (0, module.SOCK_STREAM) or asked["proto"] not in (0, module.IPPROTO_TCP):
            raise module.gaierror(module.EAI_SOCKTYPE, "a confined plugin has TCP only")
        families = (module.AF_INET, module.AF_INET6)
        wanted = families if asked["family"] == 0 else (asked["family"],)
        for family in families:
            if self._is_address(family, name):
                if family in wanted:
                    return [self._entry(family, name, port)]
                raise module.gaierror(module.EAI_ADDRFAMILY, "Address family for hostname not supported")
        if asked["flags"] & module.AI_NUMERICHOST or wanted[0] not in families:
            raise module.gaierror(module.EAI_NONAME, "Name or service not known")
        return [self._entry(wanted[0], self.placeholder(name, wanted[0]), port)]

    def gethostbyname(self, name: "Any") -> str:
        text = _text(name)
        return text if self._is_address(self.module.AF_INET, text) else self.placeholder(text, self.module.AF_INET)

    def gethostbyname_ex(self, name: "Any") -> "tuple[str, list[str], list[str]]":
        return _text(name), [], [self.gethostbyname(name)]

    def placeholder(self, name: str, family: int) -> str:
        with self.lock:
            number = self.by_name.setdefault(name, len(self.by_name))
            if number >= _LIMIT:
                del self.by_name[name]
                raise self.module.gaierror(self.module.EAI_MEMORY, "too many different names were looked up")
            self.by_number[number] = name
        if family == self.module.AF_INET6:
            return f"100::{number + 1:x}"
        return ".".join([str(byte) for byte in (_FIRST + number).to_bytes(4, "big")])

    def name_of(self, host: "Any") -> str:
        """Return the name that the placeholder *host* stands for, or *host* itself."""
        text = _text(host)
        try:
            if text.startswith(("198.18.", "198.19.")):
                number = int.from_bytes(self.module.inet_aton(text), "big") - _FIRST
            elif text.startswith("100::"):
                number = int(text[5:], 16) - 1
            else:
                return text
        except (OSError, ValueError):
            return text
        return self.by_number.get(number, text)

    def _port(self, port: "Any") -> int:
        text = port.decode("ascii") if isinstance(port, bytes) else port
        if not isinstance(text, str):
            return int(text or 0)
        if text.isdigit():
            return int(text)
        if text not in _SERVICES:
            raise self.module.gaierror(self.module.EAI_SERVICE, "Servname not supported for ai_socktype")
        return _SERVICES[text]

    def _is_address(self, family: int, name: str) -> bool:
        try:
            self.module.inet_pton(family, name.partition("%")[0])
        except (OSError, ValueError):
            return False
        return True

    def _entry(self, family: int, address: str, port: int) -> "Any":
        module = self.module
        where = (address, port, 0, 0) if family == module.AF_INET6 else (address, port)
        return (module.AddressFamily(family), module.SOCK_STREAM, module.IPPROTO_TCP, "", where)


def _text(host: "Any") -> str:
    if host is None or host == "":
        return "localhost"
    return bytes(host).decode("ascii") if isinstance(host, (bytes, bytearray)) else str(host)
