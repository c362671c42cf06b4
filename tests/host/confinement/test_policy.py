"""Policies: which hosts and addresses a grant covers, and which proxy of the person's leads there."""

from __future__ import annotations

import pytest
from innkeeper.confinement.addresses import may_reach
from innkeeper.confinement.person_proxy import PersonProxy, proxy_for
from innkeeper.confinement.policy import HostPort, Policy, canonical_host


@pytest.mark.parametrize(
    ("text", "host", "shown"),
    [
        ("api.example.com", HostPort("api.example.com", None), "api.example.com"),
        ("API.Example.com.:443", HostPort("api.example.com", 443), "api.example.com:443"),
        ("localhost:11434", HostPort("localhost", 11434), "localhost:11434"),
        ("192.168.1.1:80", HostPort("192.168.1.1", 80), "192.168.1.1:80"),
        ("[2001:db8::1]:80", HostPort("2001:db8::1", 80), "[2001:db8::1]:80"),
        ("2001:db8::1", HostPort("2001:db8::1", None), "2001:db8::1"),
        ("bücher.example", HostPort("xn--bcher-kva.example", None), "xn--bcher-kva.example"),
        ("private:git.corp.example:443", HostPort("git.corp.example", 443, True), "private:git.corp.example:443"),
    ],
)
def test_a_host_is_written_one_way(text: str, host: HostPort, shown: str) -> None:
    assert HostPort.parse(text) == host
    assert str(host) == shown
    assert HostPort.parse(shown) == host


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":80",
        "host:0",
        "host:65536",
        "host:x",
        "https://host",
        "host/path",
        "a b",
        "host\n",
        "*.example.com",
        "[::1",
        "a" * 300,
    ],
)
def test_what_is_no_host_is_refused(text: str) -> None:
    if text == "host\n":
        assert HostPort.parse(text) == HostPort("host", None)  # what a shell leaves at the end
        return
    with pytest.raises(ValueError, match=r".+"):
        HostPort.parse(text)


def test_a_grant_covers_its_host_and_port_only() -> None:
    grant = HostPort.parse("api.example.com:443")

    assert grant.covers("api.example.com", 443)
    assert not grant.covers("api.example.com", 80)
    assert not grant.covers("evil.api.example.com", 443)
    assert not grant.covers("example.com", 443)
    assert HostPort.parse("api.example.com").covers("api.example.com", 80)
    assert HostPort.parse("localhost:1").covers("127.0.0.1", 1)
    assert not HostPort.parse("localhost:1").covers("127.0.0.2", 1)


@pytest.mark.parametrize(
    ("grant", "address", "reachable"),
    [
        ("api.example.com", "93.184.216.34", True),
        ("api.example.com", "2606:2800:220:1::1", True),
        ("api.example.com", "127.0.0.1", False),
        ("api.example.com", "10.1.2.3", False),
        ("api.example.com", "192.168.0.1", False),
        ("api.example.com", "169.254.169.254", False),
        ("api.example.com", "100.64.0.1", False),
        ("api.example.com", "::1", False),
        ("api.example.com", "fe80::1%eth0", False),
        ("api.example.com", "fd00::1", False),
        ("api.example.com", "::ffff:10.0.0.1", False),
        ("api.example.com", "::ffff:127.0.0.1", False),
        ("api.example.com", "64:ff9b::8.8.8.8", True),
        ("api.example.com", "64:ff9b::10.0.0.1", False),
        ("api.example.com", "64:ff9b:1::192.168.0.1", False),
        ("api.example.com", "2002:0808:0808::1", True),
        ("api.example.com", "2002:0a00:0001::1", False),
        ("api.example.com", "::127.0.0.1", False),
        ("api.example.com", "0.0.0.0", False),
        ("api.example.com", "224.0.0.1", False),
        ("api.example.com", "192.0.0.192", False),
        ("api.example.com", "168.63.129.16", False),
        ("api.example.com", "::ffff:168.63.129.16", False),
        ("api.example.com", "fec0::1", False),
        ("private:git.example.com", "10.1.2.3", True),
        ("nas.local", "192.168.0.7", True),
        ("nas", "192.168.0.7", True),
        ("nas.local", "127.0.0.1", False),
        ("nas", "169.254.169.254", False),
        ("localhost", "127.0.0.1", True),
        ("localhost", "::1", True),
        ("localhost", "10.0.0.1", False),
        ("nas.local", "64:ff9b::127.0.0.1", False),
        ("192.168.0.7", "192.168.0.7", True),
        ("127.0.0.1", "127.0.0.1", True),
    ],
)
def test_a_public_name_does_not_reach_private_addresses(grant: str, address: str, reachable: bool) -> None:
    assert may_reach(HostPort.parse(grant), address) is reachable


def test_a_policy_has_absolute_paths_and_not_both_kinds_of_socket() -> None:
    for policy in (Policy("x", read=("relative",)), Policy("x", write=("/nul\0",))):
        with pytest.raises(ValueError, match="absolute"):
            policy.check()
    with pytest.raises(ValueError, match="unix socket"):
        Policy("x", unix_server=True, net=(HostPort("a", 1),)).check()


@pytest.mark.parametrize(
    ("host", "port", "environ", "proxy"),
    [
        ("api.example.com", 443, {}, None),
        ("api.example.com", 443, {"HTTPS_PROXY": "http://proxy:3128"}, PersonProxy("proxy", 3128, "")),
        (
            "api.example.com",
            443,
            {"https_proxy": "proxy:3128", "HTTPS_PROXY": "http://no:1"},
            PersonProxy("proxy", 3128, ""),
        ),
        ("api.example.com", 80, {"HTTP_PROXY": "http://u%40:p@proxy:1"}, PersonProxy("proxy", 1, "u@:p")),
        ("api.example.com", 443, {"ALL_PROXY": "http://proxy"}, PersonProxy("proxy", 80, "")),
        ("api.example.com", 443, {"ALL_PROXY": "http://proxy", "NO_PROXY": "a, .example.com"}, None),
        (
            "api.example.com",
            443,
            {"ALL_PROXY": "http://proxy", "NO_PROXY": "example.com:80"},
            PersonProxy("proxy", 80, ""),
        ),
        ("api.example.com", 443, {"ALL_PROXY": "http://proxy", "NO_PROXY": "*"}, None),
        ("notexample.com", 443, {"ALL_PROXY": "http://proxy", "NO_PROXY": "example.com"}, PersonProxy("proxy", 80, "")),
        ("10.1.2.3", 443, {"ALL_PROXY": "http://proxy", "NO_PROXY": "a,10.0.0.0/8"}, None),
        ("10.1.2.3", 443, {"ALL_PROXY": "http://proxy", "NO_PROXY": "10.9.0.0/16,x/8"}, PersonProxy("proxy", 80, "")),
        ("fd00::5", 443, {"ALL_PROXY": "http://proxy", "NO_PROXY": "fd00::/8"}, None),
        ("localhost", 1, {"ALL_PROXY": "http://proxy"}, None),
        ("127.0.0.1", 1, {"ALL_PROXY": "http://proxy"}, None),
    ],
)
def test_the_person_s_proxy_is_the_one_curl_would_take(
    host: str, port: int, environ: dict[str, str], proxy: PersonProxy | None
) -> None:
    assert proxy_for(host, port, environ) == proxy


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("socks5://proxy:1", "socks5"),
        ("http://me:secret@proxy:port", "no proper address"),
        ("http://me:secret@[proxy", "no proper address"),
        ("http://me:secret@a\uff03b", "no proper address"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_not_passed_by(url: str, says: str) -> None:
    """What is said of it the plugin reads, so its password is not."""
    with pytest.raises(OSError, match=says) as raised:
        proxy_for("api.example.com", 443, {"ALL_PROXY": url})

    assert "secret" not in str(raised.value)


def test_names_are_compared_in_one_form() -> None:
    assert canonical_host(" API.Example.COM. ") == "api.example.com"
    with pytest.raises(ValueError, match="no host name"):
        canonical_host("a\0b")
