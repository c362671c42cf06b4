"""Which addresses a granted name may stand for.

A public name that resolves to a private address would let whoever owns the name (or answers for it) send the plugin
to the person's router, printer or cloud metadata. So only a grant that says so reaches those.
"""

from __future__ import annotations

import functools
import ipaddress

from .policy import HostPort

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
"""A gateway of the network turns these into the IPv4 address in their last 32 bits (RFC 6052, 8215)."""
_IPV4_COMPATIBLE = ipaddress.IPv6Network("::/96")
_NOT_PUBLIC = tuple(
    map(ipaddress.ip_network, ("192.0.0.0/24", "168.63.129.16/32", "fec0::/10", "3fff::/20", "5f00::/16"))
)
"""What not every Python knows to be private: protocols' own addresses (RFC 6890; one cloud has its metadata there),
another cloud's server for its machines, and sites (RFC 3879), documentation (RFC 9637), segment routing (RFC 9602).
"""


@functools.lru_cache(maxsize=256)
def may_reach(grant: HostPort, address: str) -> bool:
    """Say whether *grant* covers *address*, to which its host resolved (or which it is). Asked for each connection."""
    meant = _meant(ipaddress.ip_address(address.partition("%")[0]))
    if is_loopback_name(grant.host):
        return all(one.is_loopback for one in meant)
    if address_of(grant.host) is not None or grant.private:
        return True
    if any(one.is_loopback or one.is_unspecified or one.is_multicast or one.is_link_local for one in meant):
        return False
    return grant.may_be_private or all(_is_public(one) for one in meant)


def _is_public(address: Address) -> bool:
    return address.is_global and not any(address in network for network in _NOT_PUBLIC)


def _meant(address: Address) -> list[Address]:
    """Return *address*, or the ones that connecting to it may lead to: many of IPv6 carry one of IPv4."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if any(address in network for network in _NAT64):
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    carried = [address.sixtofour, *(address.teredo or ())]
    if address in _IPV4_COMPATIBLE and int(address) > 1:
        carried.append(ipaddress.IPv4Address(int(address)))
    return [address, *(one for one in carried if one is not None)]


def is_loopback_name(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost")


def is_loopback(host: str) -> bool:
    """Say whether *host*, a name or an address, is this machine."""
    address = address_of(host)
    return is_loopback_name(host) or (address is not None and ipaddress.ip_address(address).is_loopback)


@functools.lru_cache(maxsize=256)
def address_of(host: str) -> str | None:
    """Return *host* when it is an address and no name. Asked several times for each connection."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None
