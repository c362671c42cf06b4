"""Which addresses a granted name may stand for.

A public name that resolves to a private address would let whoever owns the name (or answers for it) send the plugin
to the person's router, printer or cloud metadata. So only a grant that says so reaches those.
"""

from __future__ import annotations

import ipaddress

from .policy import HostPort


def may_reach(grant: HostPort, address: str) -> bool:
    """Say whether *grant* covers *address*, to which its host resolved (or which it is)."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    if is_loopback_name(grant.host):
        return parsed.is_loopback
    if address_of(grant.host) is not None or grant.private:
        return True
    if parsed.is_loopback or parsed.is_unspecified or parsed.is_multicast or parsed.is_link_local:
        return False
    return parsed.is_global or grant.may_be_private


def is_loopback_name(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost")


def address_of(host: str) -> str | None:
    """Return *host* when it is an address and no name."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None
