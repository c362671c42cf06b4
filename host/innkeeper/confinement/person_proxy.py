"""The person's own proxy: connections to granted hosts go through it, since nothing else may get out of their network.

HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, lower case first, as curl reads them. The proxy is asked to CONNECT
for every port: what is inside the connection is the plugin's.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from .addresses import address_of, is_loopback_name

_ANSWER_LIMIT_BYTES = 16 * 1024


class PersonProxy(NamedTuple):
    """Where the proxy listens, and the user and password it wants, if any."""

    host: str
    port: int
    credentials: str


def proxy_for(host: str, port: int, environ: Mapping[str, str]) -> PersonProxy | None:
    """Return the proxy that the person set for *host*, or None. Raises OSError for one that cannot be used here."""
    if _goes_direct(host, port, environ):
        return None
    names = ("http_proxy", "all_proxy") if port == 80 else ("https_proxy", "all_proxy", "http_proxy")
    url = next((value for name in names for value in (environ.get(name) or environ.get(name.upper()),) if value), None)
    if url is None:
        return None
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port = parts.port or 80
    except ValueError as error:
        raise OSError("the proxy that is set cannot be used: it has no proper address") from error
    if parts.scheme != "http" or not parts.hostname:
        raise OSError(f"the proxy {parts.scheme}://{parts.hostname} cannot be used: only http:// ones can")
    credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else ""
    return PersonProxy(parts.hostname, port, credentials)


def _goes_direct(host: str, port: int, environ: Mapping[str, str]) -> bool:
    address = address_of(host)
    if is_loopback_name(host) or (address is not None and address.startswith(("127.", "::1"))):
        return True
    for entry in (environ.get("no_proxy") or environ.get("NO_PROXY") or "").split(","):
        name = entry.strip().lower().lstrip("*").lstrip(".")
        name, _, wanted = name.partition(":") if name.count(":") == 1 else (name, "", "")
        if entry.strip() == "*":
            return True
        if name and (host == name or host.endswith("." + name)) and wanted in ("", str(port)):
            return True
        if address is not None and "/" in entry and _lies_in(address, entry.strip()):
            return True
    return False


def _lies_in(address: str, network: str) -> bool:
    import ipaddress

    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def ask_to_connect(connection: socket.socket, proxy: PersonProxy, host: str, port: int) -> None:
    """Have *proxy*, at the other end of *connection*, join it to *host*. Raises OSError when it will not."""
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if proxy.credentials:
        from base64 import b64encode

        lines.append("Proxy-Authorization: Basic " + b64encode(proxy.credentials.encode("utf-8")).decode("ascii"))
    connection.sendall("\r\n".join([*lines, "", ""]).encode("utf-8"))
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)  # not one more than the answer: what follows belongs to the plugin
        if not byte or len(answer) > _ANSWER_LIMIT_BYTES:
            raise OSError("the proxy broke off")
        answer += byte
    status = answer.split(b"\r\n", 1)[0].decode("latin-1")
    if not status.partition(" ")[2].startswith("2"):
        raise OSError(f"the proxy refused: {status}")
